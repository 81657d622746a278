//! Methods that only a development node has, under anvil's names.

use super::error::RpcError;
use super::params::Params;
use super::render::quantity;
use crate::config::Mining;
use crate::mining::Dropped;
use crate::port::EmbeddedChain;
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

/// Most blocks that one call makes.
const MAX_BLOCKS: u64 = 100_000;

pub(crate) fn pool_status(chain: &EmbeddedChain) -> Result<Value, RpcError> {
    let node = chain.node();
    let pending: u64 = node
        .pool()
        .senders()
        .map(|sender| {
            node.pending_nonce(sender)
                .saturating_sub(node.nonce(sender))
        })
        .sum();
    let queued = node.pool().len() as u64 - pending;
    Ok(json!({ "pending": quantity(pending)?, "queued": quantity(queued)? }))
}

pub(crate) fn mine(
    chain: &EmbeddedChain,
    method: &str,
    mut params: Params,
) -> Result<Value, RpcError> {
    let blocks = if method == "anvil_mine" {
        params.number(0)?.unwrap_or(1)
    } else {
        1
    };
    if blocks > MAX_BLOCKS {
        return Err(RpcError::params(format!("more than {MAX_BLOCKS} blocks")));
    }
    let mut node = chain.node_mut();
    for _ in 0..blocks {
        node.mine();
    }
    Ok(if method == "anvil_mine" {
        Value::Null
    } else {
        json!("0x0")
    })
}

pub(crate) fn increase_time(chain: &EmbeddedChain, mut params: Params) -> Result<Value, RpcError> {
    let secs = params
        .number(0)?
        .ok_or_else(|| RpcError::params("missing seconds"))?;
    chain.advance(secs);
    Ok(secs.into())
}

pub(crate) fn set_next_timestamp(
    chain: &EmbeddedChain,
    mut params: Params,
) -> Result<Value, RpcError> {
    let secs = params
        .number(0)?
        .ok_or_else(|| RpcError::params("missing timestamp"))?;
    chain
        .set_time(secs)
        .map_err(|error| RpcError::params(error.to_string()))?;
    Ok(Value::Null)
}

pub(crate) fn set_automine(chain: &EmbeddedChain, mut params: Params) -> Result<Value, RpcError> {
    let auto: bool = params.required(0)?;
    chain
        .node_mut()
        .set_mining(if auto { Mining::Auto } else { Mining::Manual });
    Ok(Value::Null)
}

pub(crate) fn set_balance(chain: &EmbeddedChain, mut params: Params) -> Result<Value, RpcError> {
    let (address, balance): (Address, U256) = (params.required(0)?, params.required(1)?);
    chain.set_balance(address, balance);
    Ok(Value::Null)
}

pub(crate) fn set_storage(chain: &EmbeddedChain, mut params: Params) -> Result<Value, RpcError> {
    let (address, slot): (Address, U256) = (params.required(0)?, params.required(1)?);
    let word: B256 = params.required(2)?;
    chain.node_mut().set_word(address, slot, word.into());
    Ok(true.into())
}

pub(crate) fn drop_transaction(
    chain: &EmbeddedChain,
    mut params: Params,
) -> Result<Value, RpcError> {
    let hash: B256 = params.required(0)?;
    let dropped = chain.node_mut().drop_transaction(hash);
    Ok(if dropped { json!(hash) } else { Value::Null })
}

/// Replaces the newest blocks by as many new ones; their transactions are forgotten, as in anvil.
pub(crate) fn reorg(chain: &EmbeddedChain, mut params: Params) -> Result<Value, RpcError> {
    let depth = params
        .number(0)?
        .ok_or_else(|| RpcError::params("missing depth"))?;
    let with: Vec<Value> = params.optional(1)?.unwrap_or_default();
    if !with.is_empty() {
        return Err(RpcError::params(
            "transactions for the new blocks are not supported",
        ));
    }
    let mut node = chain.node_mut();
    node.reorg(depth, Dropped::Forget)
        .map_err(|error| RpcError::server(error.to_string()))?;
    for _ in 0..depth {
        node.mine();
    }
    Ok(Value::Null)
}
