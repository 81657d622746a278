//! Blocks, and what their transactions did.

use crate::state::Undo;
use crate::tx::SignedTx;
use alloy_consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Eip658Value, Header, Receipt, ReceiptEnvelope,
    Typed2718,
};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, Log, U256, keccak256};
use std::sync::Arc;

/// What one mined transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether execution succeeded.
    pub succeeded: bool,
    /// Gas used by the transaction, refunds taken off.
    pub gas_used: u64,
    /// Gas used in the block up to and including this transaction.
    pub cumulative_gas: u64,
    /// Wei per gas that was paid.
    pub effective_gas_price: u128,
    /// The contract that it created.
    pub contract: Option<Address>,
    /// Its logs.
    pub logs: Vec<Log>,
}

impl Outcome {
    /// The consensus receipt.
    pub fn envelope(&self, ty: u8) -> ReceiptEnvelope {
        let receipt = Receipt {
            status: Eip658Value::Eip658(self.succeeded),
            cumulative_gas_used: self.cumulative_gas,
            logs: self.logs.clone(),
        }
        .with_bloom();
        match ty {
            1 => ReceiptEnvelope::Eip2930(receipt),
            2 => ReceiptEnvelope::Eip1559(receipt),
            _ => ReceiptEnvelope::Legacy(receipt),
        }
    }
}

/// A block of the canonical chain.
#[derive(Clone, Debug)]
pub struct Block {
    /// The header. Its state root is not a Merkle-Patricia root: see [`crate::State::commitment`].
    pub header: Header,
    /// Keccak-256 of the RLP header.
    pub hash: B256,
    /// Transactions in order.
    pub transactions: Vec<Arc<SignedTx>>,
    /// What they did, in the same order.
    pub outcomes: Vec<Outcome>,
    /// What takes the block back; `None` where it was pruned, and for block 0.
    pub undo: Option<Undo>,
    /// Logs in all blocks before this one.
    pub first_log: usize,
}

impl Block {
    /// Number of logs in the block.
    pub fn log_count(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.logs.len()).sum()
    }
}

/// What a new header starts from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) parent: B256,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    /// How many reorganisations there were before the block.
    pub(crate) branch: u64,
}

impl Frame {
    /// The header before execution: what `eth_call` at the pending block and BLOCK opcodes see.
    ///
    /// `prevrandao` is derived from the parent, so that a chain is reproducible.
    pub(crate) fn header(self) -> Header {
        let mut seed = [0u8; 40];
        seed[..32].copy_from_slice(self.parent.as_slice());
        seed[32..].copy_from_slice(&self.number.to_be_bytes());
        Header {
            parent_hash: self.parent,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: Address::ZERO,
            state_root: B256::ZERO,
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            logs_bloom: Bloom::ZERO,
            difficulty: U256::ZERO,
            number: self.number,
            gas_limit: self.gas_limit,
            gas_used: 0,
            timestamp: self.timestamp,
            extra_data: extra_data(self.branch),
            mix_hash: keccak256(seed),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(self.base_fee),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Default::default()
        }
    }
}

/// A block mined after a reorganisation never has the hash of a block that was dropped, even where
/// everything else is equal: the number of reorganisations so far is in its extra data.
fn extra_data(branch: u64) -> Bytes {
    if branch == 0 {
        Bytes::new()
    } else {
        Bytes::copy_from_slice(&branch.to_be_bytes())
    }
}

/// Completes a header with what execution left.
pub(crate) fn seal(
    mut header: Header,
    transactions: &[Arc<SignedTx>],
    outcomes: &[Outcome],
    state_root: B256,
) -> (Header, B256) {
    let receipts: Vec<ReceiptEnvelope> = transactions
        .iter()
        .zip(outcomes)
        .map(|(tx, outcome)| outcome.envelope(tx.envelope.ty()))
        .collect();
    let envelopes: Vec<_> = transactions.iter().map(|tx| &tx.envelope).collect();
    header.gas_used = outcomes.last().map_or(0, |outcome| outcome.cumulative_gas);
    header.state_root = state_root;
    header.transactions_root = calculate_transaction_root(&envelopes);
    header.receipts_root = calculate_receipt_root(&receipts);
    header.logs_bloom = receipts
        .iter()
        .fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
    let hash = header.hash_slow();
    (header, hash)
}
