//! What a migration comes in as: a state, a script, a declaration, and names for what they hold.

pub mod broadcast;
pub(crate) mod code;
mod declaration;
mod names;
mod number;
mod scene;
mod spot;

use std::path::PathBuf;

use alloy_primitives::{Address, Bytes, U256};

pub use broadcast::{Broadcast, BroadcastError};
pub use declaration::{
    Declaration, DeclarationError, DeclaredCustodian, MAX_DECLARATION_BYTES, MAX_WAIT_SECS,
    Resolved,
};
pub use names::{NameError, Names};
pub use scene::{DEFAULT_CHAIN_ID, MAX_STATE_BYTES, SceneError};
pub use spot::{Explain, Spot};

/// A chain at one moment: what is needed to execute the first transaction of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height of the newest block.
    pub number: u64,
    /// Unix seconds of the newest block.
    pub timestamp_secs: u64,
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// Accounts in order of address.
    pub accounts: Vec<SceneAccount>,
}

/// An account of a [`Scene`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneAccount {
    /// Where it is.
    pub address: Address,
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Runtime code; empty where there is none.
    pub code: Bytes,
    /// Nonzero words, in order of slot.
    pub storage: Vec<(U256, U256)>,
}

/// A place in a file of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
}

/// A transaction of a script, as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The sender.
    pub from: Address,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Calldata or init code.
    pub data: Bytes,
    /// Wei.
    pub value: U256,
    /// Gas limit where the script names one.
    pub gas: Option<u64>,
    /// The address that the script expects a creation at.
    pub creates: Option<Address>,
    /// Where the script says so.
    pub place: Place,
}
