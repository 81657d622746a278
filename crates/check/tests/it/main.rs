//! Tests of the checker, one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "a skipped test says so by name")]

mod checked;
mod copy;
mod corpus;
mod inferred;
mod input_broadcast;
mod input_claims;
mod input_declaration;
mod input_names;
mod input_nonsense;
mod input_refused;
mod input_scene;
mod interfaces;
mod own;
mod own_inside;
mod own_pairs;
mod pruning;
mod reader;
mod report_forge;
mod report_html;
