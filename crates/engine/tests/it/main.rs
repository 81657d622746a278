//! The executor against the real contracts on the embedded chain.

mod abort;
mod crash;
mod drift;
mod faults;
mod lanes;
mod refuse;
mod way;
mod world;
