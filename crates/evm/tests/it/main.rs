//! Tests of the embedded chain through its public interface.

mod anvil;
mod chain;
mod code;
mod faults;
mod http;
mod persist;
mod pool;
mod rpc;
mod wallet;
