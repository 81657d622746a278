//! Questions about the state after a block, as JSON-RPC and back.

use crate::{
    meaning::{self, RpcError},
    wire::{Answered, Ask, Wire},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_engine::chain::{Answer, At, ChainError, Query};
use serde_json::{Map, Value, json};

/// The block parameter of a question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BlockParam {
    Latest,
    Number(u64),
    /// EIP-1898, canonical blocks only.
    Hash(B256),
}

impl BlockParam {
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Number(number) => json!(format!("{number:#x}")),
            Self::Hash(hash) => json!({ "blockHash": hash, "requireCanonical": true }),
        }
    }
}

/// The JSON-RPC form of a query; `gas` is for calls.
pub(crate) fn ask_for(query: &Query, block: BlockParam, gas: Option<u64>) -> Ask {
    let block = block.to_json();
    match query {
        Query::Call {
            from,
            to,
            data,
            code_override,
        } => {
            let mut call = transaction(*from, *to, data);
            if let Some(gas) = gas {
                call.insert("gas".to_owned(), json!(format!("{gas:#x}")));
            }
            let mut params = vec![Value::Object(call), block];
            if let Some((address, code)) = code_override {
                params.push(json!({ address.to_string(): { "code": code } }));
            }
            Ask::new("eth_call", Value::Array(params))
        }
        Query::Code(address) => Ask::new("eth_getCode", json!([address, block])),
        Query::Storage(address, slot) => Ask::new(
            "eth_getStorageAt",
            json!([address, B256::from(*slot), block]),
        ),
        Query::Nonce(address) => Ask::new("eth_getTransactionCount", json!([address, block])),
        Query::Balance(address) => Ask::new("eth_getBalance", json!([address, block])),
        Query::Gas { from, to, data } => Ask::new(
            "eth_estimateGas",
            json!([transaction(*from, *to, data), block]),
        ),
    }
}

/// `data`, not `input`: every client reads it, the newer name only the newer ones.
fn transaction(from: Address, to: Option<Address>, data: &Bytes) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("from".to_owned(), json!(from));
    if let Some(to) = to {
        fields.insert("to".to_owned(), json!(to));
    }
    fields.insert("data".to_owned(), json!(data));
    fields
}

/// What a node's answer means for a query.
pub(crate) fn answer_to(
    wire: &Wire,
    at: At,
    query: &Query,
    answered: Answered,
) -> Result<Answer, ChainError> {
    let raw = match answered {
        Ok(raw) => raw,
        Err(error) => return failure(wire, at, query, &error),
    };
    match query {
        Query::Call { .. } => Ok(Answer::Bytes(wire.decode("eth_call", &raw)?)),
        Query::Code(_) => Ok(Answer::Bytes(wire.decode("eth_getCode", &raw)?)),
        Query::Storage(..) => {
            // Nodes differ in the length of the word.
            let word: Bytes = wire.decode("eth_getStorageAt", &raw)?;
            let word = U256::try_from_be_slice(&word)
                .ok_or_else(|| wire.refused("eth_getStorageAt answers more than a word"))?;
            Ok(Answer::Word(word))
        }
        Query::Nonce(_) => Ok(Answer::Word(wire.decode("eth_getTransactionCount", &raw)?)),
        Query::Balance(_) => Ok(Answer::Word(wire.decode("eth_getBalance", &raw)?)),
        Query::Gas { .. } => Ok(Answer::Word(wire.decode("eth_estimateGas", &raw)?)),
    }
}

fn failure(wire: &Wire, at: At, query: &Query, error: &RpcError) -> Result<Answer, ChainError> {
    if matches!(query, Query::Call { .. } | Query::Gas { .. })
        && let Some(data) = meaning::revert_data(error)
    {
        return Ok(Answer::Reverted(data));
    }
    if meaning::is_missing_block(error) {
        return Err(ChainError::Missing(at));
    }
    Err(wire.refused(&error.text()))
}
