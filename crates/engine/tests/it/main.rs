//! The executor against the real contracts on the embedded chain.

mod abort;
mod back;
mod batches;
mod crash;
mod drift;
mod faults;
mod finality;
mod lanes;
mod lists;
mod ports;
mod records;
mod refusals;
mod refuse;
mod rules;
mod tokens;
mod way;
mod world;
