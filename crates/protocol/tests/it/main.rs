//! Integration tests of the core.

mod differential;
mod evm;
mod model;
mod rules;
mod world;
