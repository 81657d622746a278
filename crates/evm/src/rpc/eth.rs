//! The `eth_` methods.

use super::error::RpcError;
use super::params::{Params, height, state};
use super::render::{self, json, quantity};
use crate::block::Block;
use crate::call::{CallOutcome, CallRequest, Estimate};
use crate::logs::LogQuery;
use crate::node::{Included, Node};
use crate::port::EmbeddedChain;
use crate::state::Snapshot;
use crate::view::Replaced;
use alloy_consensus::Transaction as _;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::map::AddressMap;
use alloy_primitives::{Address, B256, Bytes, TxKind};
use alloy_rpc_types_eth::state::StateOverride;
use alloy_rpc_types_eth::{
    BlockTransactions, FeeHistory, Filter, FilterBlockOption, TransactionRequest,
};
use revm::bytecode::Bytecode;
use serde_json::Value;
use std::collections::BTreeMap;

/// Wei per gas that is suggested as a tip: go-ethereum's floor on an idle chain.
pub(crate) const SUGGESTED_TIP_WEI: u64 = 1_000_000_000;
/// Most slots in one `eth_getStorageValues`, as in go-ethereum.
const MAX_SLOTS: usize = 1_024;
/// Most blocks in one `eth_feeHistory`, as in go-ethereum.
const MAX_FEE_HISTORY: u64 = 1_024;

pub(crate) fn block_by_number(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let tag: BlockNumberOrTag = params.required(0)?;
    let full = params.optional(1)?.unwrap_or(false);
    let node = chain.node();
    if tag == BlockNumberOrTag::Pending {
        let header = node.pending_header();
        let none = BlockTransactions::Hashes(Vec::new());
        return render::header(header.hash_slow(), &header, none);
    }
    let block = height(&node, tag).and_then(|number| node.block(number));
    block.map_or(Ok(Value::Null), |block| render::block(block, full))
}

pub(crate) fn block_by_hash(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let hash: B256 = params.required(0)?;
    let full = params.optional(1)?.unwrap_or(false);
    let node = chain.node();
    node.block_by_hash(hash)
        .map_or(Ok(Value::Null), |block| render::block(block, full))
}

pub(crate) fn transaction(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let hash: B256 = params.required(0)?;
    let node = chain.node();
    if let Some(Included {
        block,
        index,
        transaction,
        outcome,
    }) = node.included(hash)
    {
        let place = (block, index, outcome.effective_gas_price);
        return json(render::transaction(transaction, Some(place)));
    }
    json(
        node.pool()
            .get(hash)
            .map(|tx| render::transaction(tx, None)),
    )
}

pub(crate) fn receipt(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let hash: B256 = params.required(0)?;
    json(chain.node().included(hash).map(render::receipt))
}

pub(crate) fn block_receipts(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let id = params.block(0)?;
    let node = chain.node();
    let block = match id {
        BlockId::Hash(hash) => node.block_by_hash(hash.block_hash),
        BlockId::Number(tag) => height(&node, tag).and_then(|number| node.block(number)),
    };
    json(block.map(|block| {
        let receipts = block
            .transactions
            .iter()
            .zip(&block.outcomes)
            .enumerate()
            .map(|(index, (transaction, outcome))| {
                render::receipt(Included {
                    block,
                    index,
                    transaction,
                    outcome,
                })
            });
        receipts.collect::<Vec<_>>()
    }))
}

pub(crate) fn transaction_count(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let address: Address = params.required(0)?;
    let id = params.block(1)?;
    let node = chain.node();
    if id == BlockId::pending() {
        return quantity(node.pending_nonce(address));
    }
    let (state, _) = state(&node, id)?;
    quantity(state.account(address).unwrap_or_default().nonce)
}

pub(crate) fn balance(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let address: Address = params.required(0)?;
    let node = chain.node();
    let (state, _) = state(&node, params.block(1)?)?;
    json(state.account(address).unwrap_or_default().balance)
}

pub(crate) fn code(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let address: Address = params.required(0)?;
    let node = chain.node();
    let (state, _) = state(&node, params.block(1)?)?;
    json(
        state
            .code(state.account(address).unwrap_or_default().code_hash)
            .original_bytes(),
    )
}

pub(crate) fn storage(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let address: Address = params.required(0)?;
    let slot = params.slot(1)?;
    let node = chain.node();
    let (state, _) = state(&node, params.block(2)?)?;
    json(B256::from(state.word(address, slot)))
}

/// Many words of many accounts after one block: `{address: [slot, ..]}` to `{address: [word, ..]}`.
pub(crate) fn storage_values(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let asked: BTreeMap<Address, Vec<B256>> = params.required(0)?;
    match asked.values().map(Vec::len).sum::<usize>() {
        0 => return Err(RpcError::params("empty request")),
        1..=MAX_SLOTS => {}
        _ => {
            return Err(RpcError::new(
                -38026,
                format!("too many slots (max {MAX_SLOTS})"),
            ));
        }
    }
    let node = chain.node();
    let (state, _) = state(&node, params.block(1)?)?;
    let words = |address: Address, slots: Vec<B256>| -> Vec<B256> {
        slots
            .into_iter()
            .map(|slot| state.word(address, slot.into()).into())
            .collect()
    };
    json(
        asked
            .into_iter()
            .map(|(address, slots)| (address, words(address, slots)))
            .collect::<BTreeMap<_, _>>(),
    )
}

pub(crate) fn call(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let request = call_request(&mut params)?;
    let node = chain.node();
    let (state, header) = state(&node, params.block(1)?)?;
    match node.call(&state, &header, &request) {
        CallOutcome::Returned(data) => json(data),
        CallOutcome::Reverted(data) => Err(RpcError::reverted(&data)),
        CallOutcome::Halted(reason) | CallOutcome::Invalid(reason) => Err(RpcError::server(reason)),
    }
}

pub(crate) fn estimate(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let request = call_request(&mut params)?;
    let node = chain.node();
    let (state, header) = state(&node, params.block(1)?)?;
    match node.estimate(&state, &header, &request) {
        Estimate::Gas(gas) => quantity(gas),
        Estimate::Reverted(data) => Err(RpcError::reverted(&data)),
        Estimate::Failed(reason) => Err(RpcError::server(reason)),
    }
}

fn call_request(params: &mut Params) -> Result<CallRequest, RpcError> {
    let request: TransactionRequest = params.required(0)?;
    let replaced: Option<StateOverride> = params.optional(2)?;
    let mut overrides = AddressMap::default();
    for (address, account) in replaced.unwrap_or_default() {
        let code = account.code.map(|code| {
            Bytecode::new_raw_checked(code).map_err(|error| RpcError::params(error.to_string()))
        });
        let whole_storage = account.state.is_some();
        let words = account.state.or(account.state_diff).unwrap_or_default();
        let replaced = Replaced {
            balance: account.balance,
            nonce: account.nonce,
            code: code.transpose()?,
            words: words
                .into_iter()
                .map(|(slot, word)| (slot.into(), word.into()))
                .collect(),
            whole_storage,
        };
        overrides.insert(address, replaced);
    }
    Ok(CallRequest {
        from: request.from.unwrap_or_default(),
        to: match request.to {
            Some(TxKind::Call(to)) => Some(to),
            Some(TxKind::Create) | None => None,
        },
        data: request.input.into_input().unwrap_or_default(),
        value: request.value.unwrap_or_default(),
        gas: request.gas,
        access_list: request.access_list.unwrap_or_default(),
        overrides,
    })
}

pub(crate) fn gas_price(chain: &EmbeddedChain) -> Reply {
    quantity(
        chain
            .node()
            .next_base_fee()
            .saturating_add(SUGGESTED_TIP_WEI),
    )
}

pub(crate) fn fee_history(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let count = params.number(0)?.unwrap_or(1).min(MAX_FEE_HISTORY);
    let tag: BlockNumberOrTag = params.optional(1)?.unwrap_or_default();
    let percentiles: Option<Vec<f64>> = params.optional(2)?;
    if let Some(wrong) = percentiles
        .as_ref()
        .and_then(|all| all.iter().find(|p| !(0.0..=100.0).contains(*p)))
    {
        return Err(RpcError::server(format!(
            "invalid reward percentile: {wrong}"
        )));
    }
    let node = chain.node();
    let newest = node.head().header.number;
    let last = height(&node, tag)
        .ok_or_else(|| RpcError::server("request beyond head block"))?
        .min(newest);
    let oldest = (last + 1).saturating_sub(count.max(1));
    let blocks: Vec<&Block> = (oldest..=last)
        .filter_map(|number| node.block(number))
        .collect();
    let base_fee = |block: &&Block| u128::from(block.header.base_fee_per_gas.unwrap_or_default());
    let mut base_fees: Vec<u128> = blocks.iter().map(base_fee).collect();
    base_fees.push(match node.block(last + 1) {
        Some(next) => base_fee(&next),
        None => u128::from(node.next_base_fee()),
    });
    let rewards = |all: Vec<f64>| blocks.iter().map(|block| rewards(block, &all)).collect();
    json(FeeHistory {
        base_fee_per_blob_gas: vec![1; base_fees.len()],
        base_fee_per_gas: base_fees,
        gas_used_ratio: blocks
            .iter()
            .map(|block| block.header.gas_used as f64 / block.header.gas_limit as f64)
            .collect(),
        blob_gas_used_ratio: vec![0.0; blocks.len()],
        oldest_block: oldest,
        reward: percentiles.filter(|all| !all.is_empty()).map(rewards),
    })
}

/// Tips at percentiles of the gas of a block.
fn rewards(block: &Block, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut tips: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .zip(&block.outcomes)
        .map(|(tx, outcome)| {
            (
                tx.envelope
                    .effective_tip_per_gas(base_fee)
                    .unwrap_or_default(),
                outcome.gas_used,
            )
        })
        .collect();
    tips.sort_unstable();
    let at = |percentile: &f64| {
        let threshold = (block.header.gas_used as f64 * percentile / 100.0) as u64;
        let mut sum = 0;
        let reached = tips.iter().find(|(_, gas)| {
            sum += gas;
            sum >= threshold
        });
        reached.or(tips.last()).map_or(0, |(tip, _)| *tip)
    };
    percentiles.iter().map(at).collect()
}

pub(crate) fn send(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let raw: Bytes = params.required(0)?;
    json(chain.node_mut().send(&raw)?)
}

pub(crate) fn logs(chain: &EmbeddedChain, mut params: Params) -> Reply {
    let filter: Filter = params.required(0)?;
    let node = chain.node();
    let (from, to) = range(&node, filter.block_option)?;
    let query = LogQuery {
        from,
        to,
        addresses: filter.address.iter().copied().collect(),
        topics: filter
            .topics
            .iter()
            .map(|topic| topic.iter().copied().collect())
            .collect(),
    };
    let found = node
        .logs(&query)
        .map(|(place, block, log)| render::log(place, block, log));
    json(found.collect::<Vec<_>>())
}

fn range(node: &Node, option: FilterBlockOption) -> Result<(u64, u64), RpcError> {
    match option {
        FilterBlockOption::AtBlockHash(hash) => {
            let block = node
                .block_by_hash(hash)
                .ok_or_else(|| RpcError::server("unknown block"))?;
            Ok((block.header.number, block.header.number))
        }
        FilterBlockOption::Range {
            from_block,
            to_block,
        } => {
            let at = |tag: Option<BlockNumberOrTag>| match tag.unwrap_or_default() {
                BlockNumberOrTag::Number(number) => number,
                tag => height(node, tag).unwrap_or_default(),
            };
            let (from, to) = (at(from_block), at(to_block));
            if from > to {
                return Err(RpcError::params("invalid block range params"));
            }
            Ok((from, to))
        }
    }
}

type Reply = Result<Value, RpcError>;
