//! What is written down before anything is done. The state is a fold over these.

use alloy_primitives::B256;

use crate::effect::Outcome;
use crate::event::{BlockId, FinalList, Gate, TxId, Variant};
use crate::intent::Intent;

/// What a journal belongs to; a mismatch refuses to resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
    /// Digest of the plan, which pins every code hash.
    pub plan: B256,
}

/// One durable fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// The first record of every journal.
    Began(Binding),
    /// A nonce is allocated and bound to an intent, in one record.
    Bound {
        /// Sender and nonce.
        tx: TxId,
        /// What it is for.
        intent: Intent,
        /// Gas limit of every variant.
        gas_limit: u64,
    },
    /// Signed bytes exist; no byte of them has been sent yet.
    Signed {
        /// Sender and nonce.
        tx: TxId,
        /// The bytes.
        variant: Variant,
    },
    /// A node was offered a variant (whatever it answered).
    Offered {
        /// Sender and nonce.
        tx: TxId,
        /// Variant hash.
        hash: B256,
    },
    /// A variant was seen in a block.
    Included {
        /// Sender and nonce.
        tx: TxId,
        /// Variant hash.
        hash: B256,
        /// Its block.
        block: BlockId,
        /// Whether execution succeeded.
        succeeded: bool,
    },
    /// A reorg took the transaction out of its block.
    Excluded {
        /// Sender and nonce.
        tx: TxId,
    },
    /// The block of the transaction is final.
    Finalized {
        /// Sender and nonce.
        tx: TxId,
        /// Variant hash.
        hash: B256,
        /// Its block.
        block: BlockId,
        /// Whether execution succeeded.
        succeeded: bool,
        /// Gas used.
        gas_used: u64,
        /// Wei paid.
        paid_wei: u128,
    },
    /// The nonce is finally used by a transaction that is not ours.
    Superseded {
        /// Sender and nonce.
        tx: TxId,
    },
    /// High-water mark of finality.
    Finality(BlockId),
    /// A lane's final holder list.
    ListFixed {
        /// Lane number.
        lane: u32,
        /// Its facts; the rows are in a file of their own.
        list: FinalList,
    },
    /// Everything before a gate was verified at a finalized block.
    Verified {
        /// Which gate.
        gate: Gate,
        /// The block.
        block: BlockId,
    },
    /// The way back was asked for.
    AbortRequested,
    /// Nothing is left to do.
    Ended(Outcome),
}
