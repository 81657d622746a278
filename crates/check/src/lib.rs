//! The checker: every fault of a migration and every way back from it, on real bytecode.

pub mod input;
