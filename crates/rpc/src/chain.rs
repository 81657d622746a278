//! The port itself.

use crate::{
    ConnectError, Finality, Options, logs, meaning,
    query::{self, BlockParam},
    wire::{Answered, Ask, Trip, Wire},
};
use alloy_primitives::{Address, B256, Bytes, U64, U128, U256, keccak256};
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, Identity, Log, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_protocol::event::BlockId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fmt, thread};

/// The tip where a node does not suggest one: 1 gwei.
const FALLBACK_TIP_WEI: u128 = 1_000_000_000;

/// A chain behind one JSON-RPC endpoint.
///
/// Blocking, and safe to share between threads. Errors show the origin of the URL only
/// (`scheme://host:port`); paths, queries and user names are treated as secrets.
pub struct HttpChain {
    pub(crate) wire: Wire,
    options: Options,
}

impl fmt::Debug for HttpChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpChain")
            .field("origin", &self.wire.origin())
            .field("options", &self.options)
            .finish()
    }
}

/// A block as nodes write it; what else they say of it is not needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHeader {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    /// Absent before EIP-1559 was active, as in the genesis block of mainnet.
    #[serde(default)]
    base_fee_per_gas: Option<U128>,
    gas_limit: U64,
}

impl From<WireHeader> for Header {
    fn from(wire: WireHeader) -> Self {
        Self {
            number: wire.number.to(),
            hash: wire.hash,
            parent: wire.parent_hash,
            timestamp: wire.timestamp.to(),
            base_fee: wire.base_fee_per_gas.map_or(0, |fee| fee.to()),
            gas_limit: wire.gas_limit.to(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    transaction_hash: B256,
    /// Absent in the receipts that some nodes give for pending transactions.
    block_hash: Option<B256>,
    block_number: Option<U64>,
    status: U64,
    gas_used: U64,
    effective_gas_price: U128,
}

impl HttpChain {
    /// A client of the node at `url`. Nothing is sent before the first question.
    ///
    /// # Errors
    /// When `url` is not an HTTP URL, an option allows nothing, or no client can be set up.
    pub fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        Ok(Self {
            wire: Wire::new(url, &options)?,
            options,
        })
    }

    /// `scheme://host:port` of the node: what may be shown of its URL.
    pub fn origin(&self) -> String {
        self.wire.origin()
    }

    /// What the node calls itself (`web3_clientVersion`).
    pub fn client_version(&self) -> Result<String, ChainError> {
        let version: String = self.wire.fetch("web3_clientVersion", json!([]))?;
        Ok(self.wire.scrub(&version))
    }

    /// The priority fee that the node suggests, in wei a gas; 1 gwei where it has no suggestion.
    pub fn tip_wei(&self) -> Result<u128, ChainError> {
        match self
            .wire
            .fetch::<U128>("eth_maxPriorityFeePerGas", json!([]))
        {
            Ok(tip) => Ok(tip.to()),
            Err(ChainError::Refused(_)) => Ok(FALLBACK_TIP_WEI),
            Err(error) => Err(error),
        }
    }

    /// Writes a storage word of a development node (`hardhat_setStorageAt`, which anvil knows too); every
    /// other node refuses.
    pub fn set_storage(&self, account: Address, slot: U256, word: U256) -> Result<(), ChainError> {
        let params = json!([account, slot, B256::from(word)]);
        let done: bool = self.wire.fetch("hardhat_setStorageAt", params)?;
        if done {
            Ok(())
        } else {
            Err(self.wire.refused("hardhat_setStorageAt did nothing"))
        }
    }

    fn block(&self, method: &'static str, which: Value) -> Result<Option<Header>, ChainError> {
        match self.wire.ask(method, json!([which, false]))? {
            Ok(raw) => {
                let header: Option<WireHeader> = self.wire.decode(method, &raw)?;
                Ok(header.map(Header::from))
            }
            // geth answers `null` for a number and an error for a tag.
            Err(error) if meaning::is_missing_block(&error) => Ok(None),
            Err(error) => Err(self.wire.refused(&error.text())),
        }
    }

    fn block_by_number(&self, number: u64) -> Result<Option<Header>, ChainError> {
        let header = self.block("eth_getBlockByNumber", json!(format!("{number:#x}")))?;
        match header {
            Some(header) if header.number != number => Err(self
                .wire
                .refused("eth_getBlockByNumber answers with another block")),
            header => Ok(header),
        }
    }

    fn block_by_hash(&self, hash: B256) -> Result<Option<Header>, ChainError> {
        let Some(header) = self.block("eth_getBlockByHash", json!(hash))? else {
            return Ok(None);
        };
        if header.hash != hash {
            return Err(self
                .wire
                .refused("eth_getBlockByHash answers with another block"));
        }
        // Nodes keep the blocks of abandoned forks and answer with them.
        let canonical = self.block_by_number(header.number)?;
        Ok(canonical.filter(|canonical| canonical.hash == hash))
    }

    fn latest(&self) -> Result<Option<Header>, ChainError> {
        self.block("eth_getBlockByNumber", json!("latest"))
    }

    fn finalized(&self) -> Result<Option<Header>, ChainError> {
        match self.options.finality {
            Finality::Tag => self
                .block("eth_getBlockByNumber", json!("finalized"))
                .map_err(|error| match error {
                    ChainError::Refused(text) => ChainError::Refused(format!(
                        "{text} (asked for the `finalized` block; for a node without it set the \
                         option `finality` to a depth in blocks)"
                    )),
                    other => other,
                }),
            Finality::Depth(0) => self.latest(),
            Finality::Depth(depth) => match self.latest()? {
                Some(latest) => self.block_by_number(latest.number.saturating_sub(depth)),
                None => Ok(None),
            },
        }
    }

    /// The parameter that makes `count` questions be about one and the same block.
    fn pin(&self, at: At, count: usize) -> Result<BlockParam, ChainError> {
        match at {
            At::Hash(hash) => Ok(BlockParam::Hash(hash)),
            At::Latest if count == 1 => Ok(BlockParam::Latest),
            At::Number(number) if count == 1 => Ok(BlockParam::Number(number)),
            at => {
                let header = self.header(at)?.ok_or(ChainError::Missing(at))?;
                Ok(BlockParam::Hash(header.hash))
            }
        }
    }

    fn read_once(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        let block = self.pin(at, queries.len())?;
        let asks: Vec<Ask> = queries
            .iter()
            .map(|query| query::ask_for(query, block, None))
            .collect();
        let mut answered = self.wire.ask_all(&asks)?;
        self.call_with_more_gas(block, queries, &mut answered)?;
        queries
            .iter()
            .zip(answered)
            .map(|(query, answered)| query::answer_to(&self.wire, at, query, answered))
            .collect()
    }
}

impl HttpChain {
    /// Repeats the calls that ran out of the gas that the node grants by itself. A node that does
    /// not take so much gas leaves the first answer standing.
    fn call_with_more_gas(
        &self,
        block: BlockParam,
        queries: &[Query],
        answered: &mut [Answered],
    ) -> Result<(), ChainError> {
        let starved: Vec<usize> = (0..queries.len())
            .filter(|&index| matches!(queries[index], Query::Call { .. }))
            .filter(|&index| answered[index].as_ref().is_err_and(meaning::is_out_of_gas))
            .collect();
        let gas = Some(self.options.call_gas);
        let asks: Vec<Ask> = starved
            .iter()
            .map(|&index| query::ask_for(&queries[index], block, gas))
            .collect();
        for (index, again) in starved.into_iter().zip(self.wire.ask_all(&asks)?) {
            if again.as_ref().is_ok()
                || again
                    .as_ref()
                    .is_err_and(|e| meaning::revert_data(e).is_some())
            {
                answered[index] = again;
            }
        }
        Ok(())
    }
}

impl Chain for HttpChain {
    fn identity(&self) -> Result<Identity, ChainError> {
        let chain_id: U64 = self.wire.fetch("eth_chainId", json!([]))?;
        let genesis = self
            .block_by_number(0)?
            .ok_or(ChainError::Missing(At::Number(0)))?;
        Ok(Identity {
            chain_id: chain_id.to(),
            genesis: genesis.hash,
        })
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        match at {
            At::Latest => self.latest(),
            At::Finalized => self.finalized(),
            At::Number(number) => self.block_by_number(number),
            At::Hash(hash) => self.block_by_hash(hash),
        }
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        // Behind a load balancer the node that answers may not have the block yet that another
        // one has just named; the caller's own hash is not second-guessed.
        let mut pauses = self.wire.pauses();
        loop {
            match self.read_once(at, queries) {
                Err(ChainError::Missing(_)) if matches!(at, At::Latest | At::Finalized) => {
                    let pause = pauses.next().ok_or(ChainError::Missing(at))?;
                    thread::sleep(pause);
                }
                done => return done,
            }
        }
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        logs::fetch(self, filter)
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        let hash = keccak256(raw);
        let bytes = Bytes::copy_from_slice(raw);
        let answered = self
            .wire
            .once(&Ask::new("eth_sendRawTransaction", json!([bytes])));
        match answered {
            Ok(Ok(raw)) => match serde_json::from_str::<B256>(raw.get()) {
                Ok(named) if named == hash => SendAnswer::Accepted,
                Ok(_) => SendAnswer::Ambiguous("the node names another hash".to_owned()),
                Err(_) => SendAnswer::Ambiguous("the node names no hash".to_owned()),
            },
            Ok(Err(error)) => {
                meaning::classify_send_error(error.code, &self.wire.scrub(&error.text()))
            }
            Err(Trip::Broken(text) | Trip::Limited(text, _) | Trip::Refused(text)) => {
                SendAnswer::Ambiguous(self.wire.scrub(&text))
            }
            Err(Trip::BatchRefused { .. }) => {
                SendAnswer::Ambiguous("the answer is not for one question".to_owned())
            }
        }
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        const METHOD: &str = "eth_getTransactionReceipt";
        let asks: Vec<Ask> = hashes
            .iter()
            .map(|hash| Ask::new(METHOD, json!([hash])))
            .collect();
        let mut receipts = Vec::with_capacity(hashes.len());
        for (&hash, answered) in hashes.iter().zip(self.wire.ask_all(&asks)?) {
            let raw = answered.map_err(|error| {
                // "transaction indexing is in progress" says nothing about the transaction.
                let text = error.text();
                if text.contains("index") {
                    self.wire.unreachable(&text)
                } else {
                    self.wire.refused(&text)
                }
            })?;
            let receipt: Option<WireReceipt> = self.wire.decode(METHOD, &raw)?;
            receipts.push(match receipt {
                Some(receipt) if receipt.transaction_hash != hash => {
                    return Err(self.wire.refused("the receipt is of another transaction"));
                }
                Some(receipt) => receipt.mined(),
                None => None,
            });
        }
        Ok(receipts)
    }
}

impl WireReceipt {
    fn mined(self) -> Option<Receipt> {
        let block = BlockId {
            number: self.block_number?.to(),
            hash: self.block_hash?,
        };
        Some(Receipt {
            transaction: self.transaction_hash,
            block,
            succeeded: self.status == U64::ONE,
            gas_used: self.gas_used.to(),
            effective_gas_price: self.effective_gas_price.to(),
        })
    }
}
