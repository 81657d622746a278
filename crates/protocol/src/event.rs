//! What the core is told. Everything that the outside knows arrives here as a value.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

/// A block's place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockId {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

/// What the executor needs of a block header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block before.
    pub parent: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Wei per gas (EIP-1559).
    pub base_fee: u128,
    /// Gas limit of the block.
    pub gas_limit: u64,
}

impl Header {
    /// Height and hash.
    pub fn id(&self) -> BlockId {
        BlockId { number: self.number, hash: self.hash }
    }
}

/// That a transaction was mined, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// Transaction hash.
    pub transaction: B256,
    /// The block that holds it.
    pub block: BlockId,
    /// Whether execution succeeded.
    pub succeeded: bool,
    /// Gas used by this transaction.
    pub gas_used: u64,
    /// Wei per gas that was paid.
    pub effective_gas_price: u128,
}

/// What a node says of bytes that it was offered.
///
/// "Already known" and "replacement underpriced" are [`SendAnswer::Ambiguous`]: neither proves that
/// the transaction in the pool is ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SendAnswer {
    /// The node took the bytes and named their hash.
    Accepted,
    /// The node says for certain that it did not take them, and why.
    Rejected(Rejection),
    /// Time-out, reset, 5xx, unknown text: the bytes may be in the pool, or mined.
    Ambiguous(String),
}

/// Why a node did not take a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// The nonce is used; one of our variants, or somebody else's transaction, was mined.
    NonceTooLow,
    /// The pool wants a higher fee.
    Underpriced,
    /// The sender cannot pay.
    InsufficientFunds,
    /// The pool has no room for this sender or at all; the same bytes may be taken later.
    PoolFull,
    /// The transaction can never be valid on this chain.
    Invalid(String),
}
