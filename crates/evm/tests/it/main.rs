//! Tests of the embedded chain through its public interface.

mod chain;
mod code;
mod wallet;
