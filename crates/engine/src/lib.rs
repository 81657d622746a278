//! The engine of Sealift: the port to a chain, the driver that persists before it acts, planning
//! before it and verification after it.

pub mod abi;
pub mod balances;
pub mod chain;
pub mod contracts;
pub mod driver;
mod error;
pub mod list;
pub mod look;
pub mod planning;
mod preflight;
pub mod signer;
pub mod verify;
pub mod view;
