//! Why a node does not take a transaction.

use alloy_primitives::{Address, U256};

/// Why the pool does not take a transaction. The texts are those of go-ethereum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The bytes are not a transaction.
    #[error("rlp: {0}")]
    Malformed(String),
    /// The bytes are too many.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes offered.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Blob and set-code transactions are not taken.
    #[error("transaction type not supported: {0}")]
    TypeNotSupported(u8),
    /// The signature recovers to nobody.
    #[error("invalid sender")]
    InvalidSender,
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// The signed chain id.
        have: u64,
        /// The id of this chain.
        want: u64,
    },
    /// More gas than EIP-7825 allows.
    #[error("transaction gas limit too high (cap: {cap}, tx: {have})")]
    GasLimitTooHigh {
        /// The cap.
        cap: u64,
        /// Gas asked for.
        have: u64,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// The tip is above the fee.
    #[error(
        "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee_cap}"
    )]
    TipAboveFee {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        fee_cap: u128,
    },
    /// The nonce is the largest number.
    #[error("nonce has max value")]
    NonceMax,
    /// Init code above the limit of EIP-3860.
    #[error("max initcode size exceeded: code size {size}, limit 49152")]
    InitcodeSize {
        /// Bytes of init code.
        size: usize,
    },
    /// Less gas than the transaction costs before it runs.
    #[error("intrinsic gas too low: gas {have}, minimum needed {minimum}")]
    IntrinsicGas {
        /// Gas asked for.
        have: u64,
        /// Gas needed.
        minimum: u64,
    },
    /// Less gas than the calldata floor of EIP-7623.
    #[error("insufficient gas for floor data gas cost: gas {have}, minimum needed {minimum}")]
    FloorGas {
        /// Gas asked for.
        have: u64,
        /// Gas needed.
        minimum: u64,
    },
    /// The nonce is used.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The account's next nonce.
        next: u64,
        /// The transaction's nonce.
        nonce: u64,
    },
    /// The sender cannot pay for this and what it already has in the pool.
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}"
    )]
    InsufficientFunds {
        /// Wei.
        balance: U256,
        /// Wei that the sender's other pooled transactions may cost.
        queued: U256,
        /// Wei that this transaction may cost.
        cost: U256,
    },
    /// The sender has code that is not a delegation (EIP-3607).
    #[error("sender not an eoa: address {0}")]
    SenderHasCode(Address),
    /// The very same bytes are in the pool.
    #[error("already known")]
    AlreadyKnown,
    /// Another transaction with this nonce is in the pool and pays nearly as much, or more.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// The tip is below the pool's minimum.
    #[error("transaction underpriced: gas tip cap {tip}, minimum needed {minimum}")]
    Underpriced {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        minimum: u128,
    },
    /// The sender has no more room.
    #[error("account limit exceeded: pooled {pooled} txs by {sender}")]
    AccountLimit {
        /// The sender.
        sender: Address,
        /// How many of its transactions wait.
        pooled: usize,
    },
    /// The pool is full.
    #[error("txpool is full")]
    Full,
}
