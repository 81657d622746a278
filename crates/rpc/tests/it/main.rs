//! `sealift-rpc` against a scripted node that misbehaves, and against a real anvil.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says by name that it is skipped"
)]

mod anvil;
mod keys;
mod logs;
mod reads;
mod sends;
mod stand_in;
mod texts;
mod transport;
