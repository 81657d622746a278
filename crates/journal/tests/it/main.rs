//! Integration tests of the journal.

mod binding;
mod conformance;
mod sample;
