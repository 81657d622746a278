//! The port to whoever holds the keys.

use alloy_primitives::{Address, B256, Bytes, U256};

/// An EIP-1559 transaction without value, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The sender's nonce.
    pub nonce: u64,
    /// The callee.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub input: Bytes,
    /// Gas limit.
    pub gas_limit: u64,
    /// Wei per gas at most.
    pub max_fee: u128,
    /// Wei per gas for the proposer at most.
    pub tip: u128,
}

/// Why there is no signature. Never carries key material.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key is not here.
    #[error("no key for {0}")]
    NoKey(Address),
    /// The key is here and did not sign.
    #[error("signing as {account} failed: {cause}")]
    Failed {
        /// Whose key.
        account: Address,
        /// What the signer said.
        cause: String,
    },
}

/// Signs for some accounts.
pub trait Signer {
    /// The accounts.
    fn accounts(&self) -> Vec<Address>;

    /// EIP-2718 bytes and their hash. Signing the same transaction again must give the same bytes
    /// (RFC 6979), so that a crash before they are recorded costs nothing.
    fn sign(&self, from: Address, transaction: &Unsigned) -> Result<(Bytes, B256), SignError>;
}
