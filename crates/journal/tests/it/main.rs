//! Integration tests of the journal.

mod binding;
mod codec;
mod conformance;
mod crash;
mod lock;
mod recovery;
mod sample;
mod sqlite;
mod strategies;
