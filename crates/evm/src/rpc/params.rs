//! Positional parameters, and blocks as they name them.

use super::error::RpcError;
use crate::node::{Node, StateAt};
use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{U64, U256};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The parameters of one call.
#[derive(Debug)]
pub(crate) struct Params(Vec<Value>);

impl Params {
    pub(crate) fn new(params: Value) -> Result<Self, RpcError> {
        match params {
            Value::Null => Ok(Self(Vec::new())),
            Value::Array(values) => Ok(Self(values)),
            _ => Err(RpcError::params("non-array args")),
        }
    }

    pub(crate) fn required<T: DeserializeOwned>(&mut self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?
            .ok_or_else(|| RpcError::params(format!("missing value for required argument {index}")))
    }

    pub(crate) fn optional<T: DeserializeOwned>(
        &mut self,
        index: usize,
    ) -> Result<Option<T>, RpcError> {
        match self.0.get_mut(index).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| RpcError::params(format!("invalid argument {index}: {error}"))),
        }
    }

    /// A number, as JSON number or as hex quantity.
    pub(crate) fn number(&mut self, index: usize) -> Result<Option<u64>, RpcError> {
        let Some(value) = self.optional::<Value>(index)? else {
            return Ok(None);
        };
        if let Some(number) = value.as_u64() {
            return Ok(Some(number));
        }
        let parsed = serde_json::from_value::<U64>(value).map(|number| number.to());
        parsed
            .map(Some)
            .map_err(|error| RpcError::params(format!("invalid argument {index}: {error}")))
    }

    /// A storage slot: a hex quantity or 32 bytes of hex.
    pub(crate) fn slot(&mut self, index: usize) -> Result<U256, RpcError> {
        let text: String = self.required(index)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        U256::from_str_radix(digits, 16)
            .map_err(|error| RpcError::params(format!("invalid argument {index}: {error}")))
    }

    pub(crate) fn block(&mut self, index: usize) -> Result<BlockId, RpcError> {
        Ok(self.optional(index)?.unwrap_or_else(BlockId::latest))
    }
}

/// The height that a tag or number means, where there is such a block; `pending` is one above the
/// newest.
pub(crate) fn height(node: &Node, tag: BlockNumberOrTag) -> Option<u64> {
    let newest = node.head().header.number;
    match tag {
        BlockNumberOrTag::Latest => Some(newest),
        BlockNumberOrTag::Pending => Some(newest + 1),
        BlockNumberOrTag::Earliest => Some(0),
        BlockNumberOrTag::Safe | BlockNumberOrTag::Finalized => Some(node.finalized()),
        BlockNumberOrTag::Number(number) => (number <= newest).then_some(number),
    }
}

/// The state that a block parameter means, and the header that code sees there.
pub(crate) fn state(node: &Node, id: BlockId) -> Result<(StateAt<'_>, Header), RpcError> {
    let number = match id {
        BlockId::Hash(hash) => node
            .block_by_hash(hash.block_hash)
            .map(|block| block.header.number),
        BlockId::Number(BlockNumberOrTag::Pending) => {
            return Ok((StateAt::Newest(node.state()), node.pending_header()));
        }
        BlockId::Number(tag) => height(node, tag),
    };
    let block = number
        .and_then(|number| node.block(number))
        .ok_or_else(|| RpcError::server("header not found"))?;
    let number = block.header.number;
    let state = node.state_at(number).ok_or_else(|| {
        RpcError::server(format!(
            "historical state of block {number} is not available"
        ))
    })?;
    Ok((state, block.header.clone()))
}
