//! The engine of Sealift: the port to a chain, the driver that persists before it acts, and recovery.

pub mod chain;
