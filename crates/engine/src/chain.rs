//! The port to a chain: six methods, so that a faulty twin is cheap.
//!
//! Every method is blocking and takes `&self`; an implementation that talks to a network bounds each
//! call in time. Nothing here retries a send: what an answer means is decided by the core.

use alloy_primitives::{Address, B256, Bytes, U256};
pub use sealift_protocol::event::{Header, Receipt, SendAnswer};

/// The block that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// The newest block that the node knows.
    Latest,
    /// The newest finalized block, as the port was configured to understand finality.
    Finalized,
    /// The canonical block of this height.
    Number(u64),
    /// The block with this hash; a block that is not canonical any more is [`ChainError::Missing`].
    Hash(B256),
}

/// What a chain is, for the whole of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
}

/// One question about the state after a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// An `eth_call`. Without `to`, `data` is init code and the answer is what it returns.
    Call {
        /// The caller; the zero address where it does not matter.
        from: Address,
        /// The callee, or creation.
        to: Option<Address>,
        /// Calldata or init code.
        data: Bytes,
        /// Code that stands at an address for the time of this call (`eth_call` state override).
        code_override: Option<(Address, Bytes)>,
    },
    /// The runtime code at an address; empty where there is none.
    Code(Address),
    /// A storage word.
    Storage(Address, U256),
    /// The number of transactions that an account has sent.
    Nonce(Address),
    /// Native balance in wei.
    Balance(Address),
    /// The gas that a transaction would need (`eth_estimateGas`).
    Gas {
        /// The sender.
        from: Address,
        /// The callee, or creation.
        to: Option<Address>,
        /// Calldata or init code.
        data: Bytes,
    },
}

/// The answer to a [`Query`], in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What a call returned, or the code of an account.
    Bytes(Bytes),
    /// The call (or the estimate) reverted, with this data.
    Reverted(Bytes),
    /// A storage word, a nonce, a balance in wei, or gas.
    Word(U256),
}

/// Which logs to return: all of `address` with `topic0`, in blocks `from..=to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFilter {
    /// The emitting contract.
    pub address: Address,
    /// The event signature hash.
    pub topic0: B256,
    /// First block, inclusive.
    pub from: u64,
    /// Last block, inclusive.
    pub to: u64,
}

/// One log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The emitting contract.
    pub address: Address,
    /// Topics, the event signature hash first.
    pub topics: Vec<B256>,
    /// Unindexed data.
    pub data: Bytes,
    /// Height of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Hash of its transaction.
    pub transaction: B256,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node could not be reached or gave no usable answer in time.
    #[error("the node does not answer: {0}")]
    Unreachable(String),
    /// The node answers, with a refusal or with something that is not the protocol.
    #[error("the node refuses: {0}")]
    Refused(String),
    /// The block is not known (any more).
    #[error("the node does not know block {0:?}")]
    Missing(At),
}

impl ChainError {
    /// Whether asking again later may help.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// A chain, as the executor sees it.
pub trait Chain {
    /// Chain id and genesis hash.
    fn identity(&self) -> Result<Identity, ChainError>;

    /// A header, or `None` where there is no such block.
    fn header(&self, at: At) -> Result<Option<Header>, ChainError>;

    /// The answers to all queries, in order, all after the same block.
    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError>;

    /// Logs in order of block and position. The implementation splits a range that a node refuses.
    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError>;

    /// Offers signed bytes to the node. Never retried inside.
    fn send(&self, raw: &[u8]) -> SendAnswer;

    /// The receipts of these transactions, `None` where there is none (yet, or any more).
    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError>;
}
