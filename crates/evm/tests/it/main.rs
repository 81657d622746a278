//! Tests of the embedded chain through its public interface.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may panic, and say so if skipped"
)]

mod anvil;
mod beneath;
mod chain;
mod code;
mod disturbance;
mod faults;
mod http;
mod opcodes;
mod persist;
mod pool;
mod recording;
mod rpc;
mod wallet;
