//! The real binary, against the embedded chain behind HTTP, and against a real anvil where
//! `SEALIFT_ANVIL` names one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "a skipped test says so by name")]

mod anvil;
mod check;
mod demo;
mod input;
mod interrupt;
mod journal;
mod kinds;
mod rehearse;
mod sandbox;
mod stranger;
