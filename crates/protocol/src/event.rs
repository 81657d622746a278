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
        BlockId {
            number: self.number,
            hash: self.hash,
        }
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

/// The phase of the whole migration; the numbers are those of the decision word.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Phase {
    /// Nothing is fixed.
    #[default]
    None,
    /// The rules are fixed.
    Open,
    /// Legacy is frozen.
    Frozen,
    /// What is staged is complete.
    Sealed,
    /// The successor is live, for ever.
    Committed,
    /// Legacy is live, for ever.
    Aborted,
}

impl Phase {
    /// Whether no path leaves this phase.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Committed | Self::Aborted)
    }
}

impl TryFrom<u8> for Phase {
    type Error = u8;

    fn try_from(word: u8) -> Result<Self, u8> {
        Ok(match word {
            0 => Self::None,
            1 => Self::Open,
            2 => Self::Frozen,
            3 => Self::Sealed,
            4 => Self::Committed,
            5 => Self::Aborted,
            other => return Err(other),
        })
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::None => "NONE",
            Self::Open => "OPEN",
            Self::Frozen => "FROZEN",
            Self::Sealed => "SEALED",
            Self::Committed => "COMMITTED",
            Self::Aborted => "ABORTED",
        })
    }
}

/// One lane of the contracts, as read after one block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LaneView {
    /// The guard has code.
    pub guard_deployed: bool,
    /// The ledger has code.
    pub ledger_deployed: bool,
    /// Which handover steps have their effect.
    pub handover: Vec<bool>,
    /// The guard alone controls legacy.
    pub exclusive: bool,
    /// The guard holds no control: not yet, or it was released or retired. A control that waits for
    /// the recorded owner's acceptance is not held.
    pub settled: bool,
    /// Staging generation, from 1 once frozen.
    pub generation: u32,
    /// The next batch that the contract takes.
    pub cursor: u32,
    /// Whether this generation is declared.
    pub declared: bool,
    /// Supply recorded by the freeze, in base units.
    pub supply: U256,
    /// Whether the head on chain is the head of our final list at this cursor, and the declaration
    /// is ours; `None` before the list is fixed.
    pub ours: Option<bool>,
    /// Which chunks are materialized; empty unless the phase is COMMITTED and the plan wants it.
    pub materialized: Vec<bool>,
}

/// The contracts, as read after one block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The block.
    pub at: BlockId,
    /// Its unix seconds.
    pub timestamp: u64,
    /// The migration contract has code.
    pub deployed: bool,
    /// The decision word's phase.
    pub phase: Phase,
    /// Unix seconds from which anybody may abort; the plan's before the freeze.
    pub deadline_secs: u64,
    /// Height of the freeze; 0 before it.
    pub frozen_block: u64,
    /// The lanes, as many as the plan has.
    pub lanes: Vec<LaneView>,
}

/// What was seen in one look at the chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// The driver's monotonic seconds; only differences count.
    pub now_secs: u64,
    /// The contracts at the newest block.
    pub latest: View,
    /// The contracts at the newest finalized block.
    pub finalized: View,
    /// Finalized blocks by height, as far as they are remembered: those of the walk of finality, linked
    /// by parent hash, and those at the heights of receipts that wait for finality.
    pub final_blocks: std::collections::BTreeMap<u64, B256>,
    /// Where an unbroken walk by parent hash, from the finalized block down, arrived: the high-water mark,
    /// unless finality was rewritten. `None` where there was no mark.
    pub walked_to: Option<BlockId>,
    /// Transaction counts at the newest block, for each sender.
    pub nonces: std::collections::BTreeMap<Address, u64>,
    /// Transaction counts at the finalized block, for each sender.
    pub final_nonces: std::collections::BTreeMap<Address, u64>,
    /// Receipts of the variants of unsettled transactions; a variant without one is absent.
    pub receipts: std::collections::BTreeMap<B256, Receipt>,
    /// Wei per gas of the newest block.
    pub base_fee: u128,
    /// Wei per gas that the chain suggests as a tip.
    pub tip: u128,
}

/// A transaction's place: one nonce, one intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TxId {
    /// The sender.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
}

/// Signed bytes; the variants of a transaction differ only in fees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    /// Transaction hash.
    pub hash: B256,
    /// Wei per gas at most.
    pub max_fee: u128,
    /// Wei per gas for the proposer at most.
    pub tip: u128,
    /// EIP-2718 bytes.
    pub raw: Bytes,
}

/// The final holder list of a lane, after the freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FinalList {
    /// The finalized block that balances were read at.
    pub block: BlockId,
    /// Number of holders.
    pub count: u64,
    /// Sum of balances in base units, equal to the frozen supply.
    pub sum: U256,
    /// Digest of the canonical rows.
    pub digest: B256,
}

/// A point before which everything is verified against a finalized block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Before SEALED.
    Seal,
    /// Before COMMITTED.
    Commit,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The chain was looked at.
    Observed(Box<Observation>),
    /// The gas that an intent needs now, or what its simulation reverted with.
    Prepared(crate::Intent, Result<u64, Bytes>),
    /// Transactions were signed.
    Signed(Vec<(TxId, Variant)>),
    /// A node answered to offered bytes: transaction, variant hash, answer.
    Answered(Vec<(TxId, B256, SendAnswer)>),
    /// A lane's final list is made and durable.
    ListFixed(u32, FinalList),
    /// Everything before a gate is as it must be, at this finalized block.
    Verified(Gate, BlockId),
    /// Somebody asked to bring everything back.
    AbortRequested,
    /// Somebody asked to stop: settle what is in flight, send nothing new.
    Interrupted,
}
