//! Integration tests of the core.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod differential;
mod evm;
mod model;
mod rules;
mod world;
