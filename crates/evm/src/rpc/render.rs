//! Blocks, transactions and receipts as JSON.

use super::error::RpcError;
use crate::block::Block;
use crate::logs::LogPlace;
use crate::node::Included;
use crate::tx::SignedTx;
use alloy_consensus::transaction::Recovered;
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{
    Block as RpcBlock, BlockTransactions, Header as RpcHeader, Log as RpcLog, Transaction,
    TransactionReceipt,
};
use serde::Serialize;
use serde_json::Value;

pub(crate) fn json(value: impl Serialize) -> Result<Value, RpcError> {
    serde_json::to_value(value).map_err(|error| RpcError::new(-32603, error.to_string()))
}

/// A number as `0x`-prefixed hex without leading zeros.
pub(crate) fn quantity(number: impl Into<u128>) -> Result<Value, RpcError> {
    json(U256::from(number.into()))
}

pub(crate) fn block(block: &Block, full: bool) -> Result<Value, RpcError> {
    let transactions = if full {
        let all = (0..block.transactions.len()).map(|index| {
            let price = block.outcomes[index].effective_gas_price;
            transaction(&block.transactions[index], Some((block, index, price)))
        });
        BlockTransactions::Full(all.collect())
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|tx| tx.hash).collect())
    };
    header(block.hash, &block.header, transactions)
}

pub(crate) fn header(
    hash: B256,
    header: &alloy_consensus::Header,
    transactions: BlockTransactions<Transaction>,
) -> Result<Value, RpcError> {
    let size = Some(U256::from(header.size()));
    let header = RpcHeader {
        hash,
        inner: header.clone(),
        total_difficulty: None,
        size,
    };
    let withdrawals = Some(Default::default());
    json(RpcBlock {
        header,
        uncles: Vec::new(),
        transactions,
        withdrawals,
    })
}

/// A transaction; `place` is its block, its index there and the wei per gas that it paid.
pub(crate) fn transaction(tx: &SignedTx, place: Option<(&Block, usize, u128)>) -> Transaction {
    Transaction {
        inner: Recovered::new_unchecked(tx.envelope.clone(), tx.sender),
        block_hash: place.map(|(block, ..)| block.hash),
        block_number: place.map(|(block, ..)| block.header.number),
        transaction_index: place.map(|(_, index, _)| index as u64),
        effective_gas_price: place.map(|(.., price)| price),
        block_timestamp: place.map(|(block, ..)| block.header.timestamp),
    }
}

pub(crate) fn receipt(included: Included<'_>) -> TransactionReceipt {
    let Included {
        block,
        index,
        transaction,
        outcome,
    } = included;
    let before: usize = block.outcomes[..index]
        .iter()
        .map(|outcome| outcome.logs.len())
        .sum();
    let mut position = 0;
    let inner = outcome
        .envelope(transaction.envelope.ty())
        .map_logs(|inner| {
            let log = self::log_entry(inner, block, index, before + position);
            position += 1;
            log
        });
    TransactionReceipt {
        inner,
        transaction_hash: transaction.hash,
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        gas_used: outcome.gas_used,
        effective_gas_price: outcome.effective_gas_price,
        blob_gas_used: None,
        blob_gas_price: None,
        from: transaction.sender,
        to: transaction.envelope.to(),
        contract_address: outcome.contract,
    }
}

pub(crate) fn log(place: LogPlace, block: &Block, log: &alloy_primitives::Log) -> RpcLog {
    let index = place.transaction as usize;
    let before: usize = block.outcomes[..index]
        .iter()
        .map(|outcome| outcome.logs.len())
        .sum();
    log_entry(log.clone(), block, index, before + place.log as usize)
}

fn log_entry(inner: alloy_primitives::Log, block: &Block, tx: usize, position: usize) -> RpcLog {
    RpcLog {
        inner,
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash: Some(block.transactions[tx].hash),
        transaction_index: Some(tx as u64),
        log_index: Some(position as u64),
        removed: false,
    }
}
