//! The model: what a state of a migration is, and what can happen in it.

mod fault;
mod node;
mod subject;

use alloy_primitives::{Address, address};

pub use fault::{CallBack, Fault, Hook};
pub use node::{Action, Excuse, Mode, Node, Parent, Past, Record};
pub use subject::{Call, Custodian, Resume, Subject};

/// The stranger: nobody owes it anything.
pub const STRANGER: Address = address!("00000000000000000000000000000000bad00001");
/// Whoever takes a step over when its sender is gone; nobody owes it anything either.
pub const ANYONE: Address = address!("00000000000000000000000000000000a0000002");
/// An account that no list has seen; holders move assets to it.
pub const NEWCOMER: Address = address!("00000000000000000000000000000000fee10003");
/// A contract that answers every call with ones.
pub const ANSWERS_ONE: Address = address!("00000000000000000000000000000000bad00011");
/// A contract that answers every call with a large number.
pub const ANSWERS_MUCH: Address = address!("00000000000000000000000000000000bad00012");
/// Code that accepts every call, for accounts that become contracts.
pub const ACCEPTS: Address = address!("00000000000000000000000000000000c0de0021");
/// Code that refuses every call, for accounts that become contracts.
pub const REFUSES: Address = address!("00000000000000000000000000000000c0de0022");
