//! Integration tests of the journal.

#![expect(clippy::unwrap_used, reason = "a test")]

mod binding;
mod codec;
mod conformance;
mod crash;
mod lock;
mod recovery;
mod sample;
mod sqlite;
mod strategies;
