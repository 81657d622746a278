//! Tests of the checker, one binary.
