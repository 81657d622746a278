//! The checker: every fault of a migration and every way back from it, on real bytecode.

pub mod copy;
pub mod explore;
pub mod fork;
pub mod hostile;
pub mod infer;
pub mod input;
pub mod interfaces;
pub mod judge;
pub mod ledger;
pub mod memo;
pub mod model;
pub mod own;
pub mod prepare;
pub mod report;
pub mod send;
pub mod spending;
pub mod tally;
pub mod verdict;
