//! What a node's error text means. Codes are the second witness: clients reuse -32000, -32603 and
//! -32602 for everything, and the same text comes with different codes.

use alloy_primitives::Bytes;
use sealift_engine::chain::SendAnswer;
use sealift_protocol::event::Rejection;
use serde_json::Value;

/// An error object of a node.
#[derive(Clone, Debug)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
    /// The status of the HTTP answer around it.
    pub(crate) status: u16,
}

impl RpcError {
    /// Everything that the node said in words: some put the reason into `data`.
    pub(crate) fn text(&self) -> String {
        match self.data.as_ref().and_then(words_of) {
            Some(more) if !self.message.contains(more) => format!("{}: {more}", self.message),
            _ => self.message.clone(),
        }
    }
}

fn words_of(data: &Value) -> Option<&str> {
    match data {
        Value::String(text) if !text.starts_with("0x") => Some(text),
        Value::Object(fields) => words_of(fields.get("message")?),
        _ => None,
    }
}

/// The meanings of a refused transaction, before the text is attached.
#[derive(Clone, Copy)]
enum Kind {
    /// Says nothing certain about our bytes: the same hash, or another transaction with this nonce.
    Ambiguous,
    NonceTooLow,
    Underpriced,
    InsufficientFunds,
    PoolFull,
    Invalid,
}

/// Lower-case fragments of texts, in order: the first that occurs decides. Where one text contains
/// another's fragment ("replacement transaction underpriced"), the more careful meaning stands first.
const SEND_TEXTS: &[(&str, Kind)] = &[
    // The node has, or had, these bytes; or it has others with the same nonce.
    ("already known", Kind::Ambiguous),
    ("known transaction", Kind::Ambiguous),
    ("already imported", Kind::Ambiguous),
    ("already_exists", Kind::Ambiguous),
    ("already exist", Kind::Ambiguous),
    ("already in", Kind::Ambiguous),
    ("alreadyknown", Kind::Ambiguous),
    ("same hash", Kind::Ambiguous),
    ("same nonce", Kind::Ambiguous),
    ("replacement", Kind::Ambiguous),
    ("to replace", Kind::Ambiguous),
    ("not replace", Kind::Ambiguous),
    ("replaced", Kind::Ambiguous),
    ("replacing", Kind::Ambiguous),
    // The nonce is used.
    ("nonce too low", Kind::NonceTooLow),
    ("nonce is too low", Kind::NonceTooLow),
    ("nonce has already been used", Kind::NonceTooLow),
    ("nonce below sender account nonce", Kind::NonceTooLow),
    ("old nonce", Kind::NonceTooLow),
    ("oldnonce", Kind::NonceTooLow),
    // The sender cannot pay.
    ("insufficient funds", Kind::InsufficientFunds),
    ("insufficientfunds", Kind::InsufficientFunds),
    ("have enough funds", Kind::InsufficientFunds),
    ("upfront cost exceeds", Kind::InsufficientFunds),
    ("overdraws from account", Kind::InsufficientFunds),
    // Certainly not taken now; the same bytes may be taken later.
    ("pool is full", Kind::PoolFull),
    ("in-flight transaction limit", Kind::PoolFull),
    ("gapped-nonce tx", Kind::PoolFull),
    ("account limit exceeded", Kind::PoolFull),
    ("per-account limit", Kind::PoolFull),
    ("pending transactions limit", Kind::PoolFull),
    ("identified as a spammer", Kind::PoolFull),
    ("pool size constraints", Kind::PoolFull),
    // A gap below: the lower nonces must be there first.
    ("nonce too high", Kind::PoolFull),
    ("nonce is too distant", Kind::PoolFull),
    ("nonce too far in future", Kind::PoolFull),
    ("noncegap", Kind::PoolFull),
    // The fee is too low for now.
    ("underpriced", Kind::Underpriced),
    ("less than block base fee", Kind::Underpriced),
    ("too low for the next block", Kind::Underpriced),
    ("below chain minimum", Kind::Underpriced),
    ("fee too low", Kind::Underpriced),
    ("feetoolow", Kind::Underpriced),
    ("gas price supplied is too low", Kind::Underpriced),
    ("gas price below", Kind::Underpriced),
    // Wrong on this chain for ever, or until its rules change.
    ("intrinsic gas", Kind::Invalid),
    ("intrinsicgas", Kind::Invalid),
    ("exceeds block gas limit", Kind::Invalid),
    ("exceeds block's gas limit", Kind::Invalid),
    ("exceeds the block gas limit", Kind::Invalid),
    ("greater than the block gas limit", Kind::Invalid),
    ("exceeds transaction gas limit", Kind::Invalid),
    ("gas limit reached", Kind::Invalid),
    ("gas limit too high", Kind::Invalid),
    ("gas limit exceeds cap", Kind::Invalid),
    ("exceeded cap of", Kind::Invalid),
    ("greater than the cap", Kind::Invalid),
    ("transaction gas limit cap", Kind::Invalid),
    ("exceeds the configured cap", Kind::Invalid),
    ("fee cap exceeded", Kind::Invalid),
    ("invalid sender", Kind::Invalid),
    ("failed to recover sender", Kind::Invalid),
    ("failedtoresolvesender", Kind::Invalid),
    ("invalid signature", Kind::Invalid),
    ("invalid chain id", Kind::Invalid),
    ("invalid chainid", Kind::Invalid),
    ("wrong chainid", Kind::Invalid),
    ("invalidtxchainid", Kind::Invalid),
    ("signed for another chain", Kind::Invalid),
    ("initcode size", Kind::Invalid),
    ("initcode too large", Kind::Invalid),
    ("max_init_code_size", Kind::Invalid),
    ("oversized data", Kind::Invalid),
    ("input data too large", Kind::Invalid),
    ("rlptoolong", Kind::Invalid),
    ("transaction type not supported", Kind::Invalid),
    ("invalid transaction type", Kind::Invalid),
    ("fee per gas higher than max fee", Kind::Invalid),
    ("fee per gas exceeds max fee", Kind::Invalid),
    ("sender not an eoa", Kind::Invalid),
    ("negative value", Kind::Invalid),
];

/// What a node's error answer to `eth_sendRawTransaction` means. Text first, code second; what is
/// not recognised is [`SendAnswer::Ambiguous`].
pub fn classify_send_error(code: i64, text: &str) -> SendAnswer {
    let lower = text.to_lowercase();
    let known = SEND_TEXTS
        .iter()
        .find(|(fragment, _)| lower.contains(fragment));
    match known {
        Some((_, Kind::NonceTooLow)) => SendAnswer::Rejected(Rejection::NonceTooLow),
        Some((_, Kind::Underpriced)) => SendAnswer::Rejected(Rejection::Underpriced),
        Some((_, Kind::InsufficientFunds)) => SendAnswer::Rejected(Rejection::InsufficientFunds),
        Some((_, Kind::PoolFull)) => SendAnswer::Rejected(Rejection::PoolFull),
        Some((_, Kind::Invalid)) => SendAnswer::Rejected(Rejection::Invalid(text.to_owned())),
        Some((_, Kind::Ambiguous)) | None => SendAnswer::Ambiguous(format!("{text} (code {code})")),
    }
}

fn mentions(text: &str, fragments: &[&str]) -> bool {
    let lower = text.to_lowercase();
    fragments.iter().any(|fragment| lower.contains(fragment))
}

/// Whether the node asks for patience, not for another question.
pub(crate) fn is_rate_limit(error: &RpcError) -> bool {
    const TEXTS: &[&str] = &[
        "rate limit",
        "rate exceeded",
        "too many requests",
        "credits limited",
        "request limit",
        "concurrent requests",
        "compute units per second",
    ];
    error.code == 429 || mentions(&error.message, TEXTS)
}

/// Whether a batch, or its answer, is too large for the node.
pub(crate) fn is_batch_overflow(error: &RpcError) -> bool {
    const TEXTS: &[&str] = &[
        "response too large",
        "batch too large",
        "batch size",
        "batch limit",
        "too many requests in batch",
        "too many batch",
        "batch exceeds",
    ];
    mentions(&error.message, TEXTS)
}

/// Whether a smaller block range may be answered where this one was refused.
pub(crate) fn is_range_refusal(error: &RpcError) -> bool {
    // Beyond the head, or below the pruning line: a smaller range is refused as well.
    const NEVER: &[&str] = &[
        "beyond current head",
        "beyond head",
        "pruned",
        "latestblock",
        "invalid block range",
    ];
    const TEXTS: &[&str] = &[
        "more than",
        "range",
        "limit",
        "exceed",
        "too many",
        "too large",
        "too big",
        "response size",
        "timeout",
        "timed out",
        "deadline",
        "max results",
        "maximum",
    ];
    let text = error.text();
    !mentions(&text, NEVER) && (error.code == -32005 || mentions(&text, TEXTS))
}

/// Whether a refusal is our own bound on the size of an answer.
pub(crate) fn is_oversized(text: &str) -> bool {
    text.contains("max_response_bytes")
}

/// Whether the node says that it does not have the block (any more, or as canonical).
pub(crate) fn is_missing_block(error: &RpcError) -> bool {
    const TEXTS: &[&str] = &[
        "header not found",
        "header for hash not found",
        "block not found",
        "unknown block",
        "blocknotfound",
        "blockoutofrange",
        "block could not be found",
        "block height is",
        "not currently canonical",
        "not canonical",
        "latest block number is",
        "invalid block hash",
        "resource not found",
        "finalized block",
        "beyond current head",
    ];
    mentions(&error.text(), TEXTS)
}

/// Whether a call ran out of gas; perhaps only of the gas that the node grants by itself.
pub(crate) fn is_out_of_gas(error: &RpcError) -> bool {
    mentions(
        &error.text(),
        &["out of gas", "outofgas", "insufficient_gas"],
    )
}

/// The revert data when the error says that the call itself failed; empty where there is none.
///
/// A halt (an invalid opcode, as old compilers emit for `throw` and `assert`) counts as a revert
/// without data. Out of gas does not: the node's own cap may be the cause.
pub(crate) fn revert_data(error: &RpcError) -> Option<Bytes> {
    const TEXTS: &[&str] = &[
        "revert",
        "invalid opcode",
        "invalidfeopcode",
        "opcodenotfound",
        "badinstruction",
        "bad instruction",
        "invalid jump",
        "invalidjump",
        "stack underflow",
        "stackunderflow",
    ];
    /// geth, erigon, anvil, reth, hardhat: reverted.
    const REVERTED: i64 = 3;
    /// OpenEthereum, nethermind: the VM failed; the data begins with "Reverted 0x".
    const VM_FAILED: i64 = -32015;
    let failed = error.code == REVERTED
        || mentions(&error.message, TEXTS)
        || (error.code == VM_FAILED && !is_out_of_gas(error));
    failed.then(|| error.data.as_ref().and_then(hex_in).unwrap_or_default())
}

fn hex_in(data: &Value) -> Option<Bytes> {
    match data {
        Value::String(text) => {
            let at = text.find("0x")?;
            text[at..].trim().parse().ok()
        }
        Value::Object(fields) => match fields.get("data") {
            Some(data) => hex_in(data),
            None => fields.values().find_map(|value| match value {
                Value::Object(_) => hex_in(value),
                _ => None,
            }),
        },
        _ => None,
    }
}
