//! The chain port over an embedded chain.

use crate::block::Block;
use crate::call::{CallOutcome, CallRequest, Estimate};
use crate::config::Config;
use crate::logs::LogQuery;
use crate::machine::Cell;
use crate::mining::{ClockError, Dropped, ReorgError};
use crate::node::{Included, Node, StateAt};
use crate::refusal::PoolError;
use crate::state::Snapshot;
use crate::view::Replaced;
use alloy_primitives::map::AddressMap;
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::bytecode::Bytecode;
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, Identity, Log, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_protocol::event::{BlockId, Rejection};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A chain that lives in this process. Clones share it.
#[derive(Clone, Debug)]
pub struct EmbeddedChain {
    node: Arc<RwLock<Node>>,
}

impl EmbeddedChain {
    /// A chain with block 0 only.
    pub fn new(config: Config) -> Self {
        Self::from(Node::new(config))
    }

    /// The chain for reading. Panics where an earlier change panicked half way.
    pub fn node(&self) -> RwLockReadGuard<'_, Node> {
        self.node.read().expect("no change to the chain panicked")
    }

    /// The chain for changing. Panics where an earlier change panicked half way.
    pub fn node_mut(&self) -> RwLockWriteGuard<'_, Node> {
        self.node.write().expect("no change to the chain panicked")
    }

    /// Makes a block of the best executable transactions, even if there is none.
    pub fn mine(&self) -> Header {
        header(self.node_mut().mine())
    }

    /// Drops the newest `depth` blocks. Final blocks are never dropped.
    pub fn reorg(&self, depth: u64, dropped: Dropped) -> Result<(), ReorgError> {
        self.node_mut().reorg(depth, dropped)
    }

    /// Gives the next block this timestamp.
    pub fn set_time(&self, secs: u64) -> Result<(), ClockError> {
        self.node_mut().set_time(secs)
    }

    /// Moves the clock forward.
    pub fn advance(&self, secs: u64) {
        self.node_mut().advance(secs);
    }

    /// Offers bytes as if this account had signed them; see [`Node::send_as`].
    pub fn send_as(&self, raw: &[u8], sender: Address) -> SendAnswer {
        match self.node_mut().send_as(raw, sender) {
            Ok(_) => SendAnswer::Accepted,
            Err(error) => send_answer(error),
        }
    }

    /// Asks for what these questions name and is not known beneath the chain, all at once.
    pub fn learn(&self, queries: &[Query]) {
        let node = self.node();
        let state = node.state();
        if !state.is_above() {
            return;
        }
        let mut cells: Vec<Cell> = Vec::new();
        for query in queries {
            match query {
                Query::Call { from, to, .. } | Query::Gas { from, to, .. } => {
                    cells.push((*from, None));
                    cells.extend(to.map(|to| (to, None)));
                }
                Query::Code(account) | Query::Nonce(account) | Query::Balance(account) => {
                    cells.push((*account, None));
                }
                Query::Storage(account, slot) => cells.push((*account, Some(*slot))),
            }
        }
        cells.retain(|cell| !state.knows(*cell));
        // What has no answer reads as nothing, and is known to be a failure.
        let _ = state.learn(&cells);
    }

    /// Sets a balance in wei.
    pub fn set_balance(&self, address: Address, wei: U256) {
        self.node_mut().set_balance(address, wei);
    }
}

impl From<Node> for EmbeddedChain {
    fn from(node: Node) -> Self {
        Self {
            node: Arc::new(RwLock::new(node)),
        }
    }
}

fn header(block: &Block) -> Header {
    Header {
        number: block.header.number,
        hash: block.hash,
        parent: block.header.parent_hash,
        timestamp: block.header.timestamp,
        base_fee: u128::from(block.header.base_fee_per_gas.unwrap_or_default()),
        gas_limit: block.header.gas_limit,
    }
}

fn receipt(included: Included<'_>) -> Receipt {
    Receipt {
        transaction: included.transaction.hash,
        block: BlockId {
            number: included.block.header.number,
            hash: included.block.hash,
        },
        succeeded: included.outcome.succeeded,
        gas_used: included.outcome.gas_used,
        effective_gas_price: included.outcome.effective_gas_price,
    }
}

fn find(node: &Node, at: At) -> Option<&Block> {
    match at {
        At::Latest => Some(node.head()),
        At::Finalized => node.block(node.finalized()),
        At::Number(number) => node.block(number),
        At::Hash(hash) => node.block_by_hash(hash),
    }
}

/// One query on the state after `block`. A call that halts (out of gas, bad opcode) is answered as
/// reverted without data.
fn answer(
    node: &Node,
    state: &StateAt<'_>,
    block: &Block,
    query: &Query,
) -> Result<Answer, ChainError> {
    let account = |address: Address| state.account(address).unwrap_or_default();
    Ok(match query {
        Query::Code(address) => {
            Answer::Bytes(state.code(account(*address).code_hash).original_bytes())
        }
        Query::Storage(address, slot) => Answer::Word(state.word(*address, *slot)),
        Query::Nonce(address) => Answer::Word(U256::from(account(*address).nonce)),
        Query::Balance(address) => Answer::Word(account(*address).balance),
        Query::Call {
            from,
            to,
            data,
            code_override,
        } => {
            let overrides: AddressMap<Replaced> = code_override
                .iter()
                .map(|(address, code)| {
                    let code = Bytecode::new_raw_checked(code.clone())
                        .map_err(|error| ChainError::Refused(format!("code override: {error}")))?;
                    Ok((
                        *address,
                        Replaced {
                            code: Some(code),
                            ..Replaced::default()
                        },
                    ))
                })
                .collect::<Result<_, ChainError>>()?;
            let request = CallRequest {
                from: *from,
                to: *to,
                data: data.clone(),
                overrides,
                ..CallRequest::default()
            };
            match node.call(state, &block.header, &request) {
                CallOutcome::Returned(data) => Answer::Bytes(data),
                CallOutcome::Reverted(data) => Answer::Reverted(data),
                CallOutcome::Halted(_) => Answer::Reverted(Bytes::new()),
                CallOutcome::Invalid(reason) => return Err(ChainError::Refused(reason)),
            }
        }
        Query::Gas { from, to, data } => {
            let request = CallRequest {
                from: *from,
                to: *to,
                data: data.clone(),
                ..CallRequest::default()
            };
            match node.estimate(state, &block.header, &request) {
                Estimate::Gas(gas) => Answer::Word(U256::from(gas)),
                Estimate::Reverted(data) => Answer::Reverted(data),
                Estimate::Failed(reason) => return Err(ChainError::Refused(reason)),
            }
        }
    })
}

impl Chain for EmbeddedChain {
    fn identity(&self) -> Result<Identity, ChainError> {
        let node = self.node();
        let first = node.config().first_block;
        let genesis = node.block(first).expect("a chain has a first block").hash;
        Ok(Identity {
            chain_id: node.config().chain_id,
            genesis,
        })
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        Ok(find(&self.node(), at).map(header))
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        self.learn(queries);
        let node = self.node();
        let block = find(&node, at).ok_or(ChainError::Missing(at))?;
        let number = block.header.number;
        let state = node.state_at(number).ok_or_else(|| {
            ChainError::Refused(format!(
                "the state after block {number} is not kept any more"
            ))
        })?;
        queries
            .iter()
            .map(|query| answer(&node, &state, block, query))
            .collect()
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        let node = self.node();
        let query = LogQuery {
            from: filter.from,
            to: filter.to,
            addresses: vec![filter.address],
            topics: vec![vec![filter.topic0]],
        };
        let logs = node.logs(&query).map(|(place, block, log)| Log {
            address: log.address,
            topics: log.data.topics().to_vec(),
            data: log.data.data.clone(),
            block: block.header.number,
            block_hash: block.hash,
            transaction: block.transactions[place.transaction as usize].hash,
        });
        Ok(logs.collect())
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        match self.node_mut().send(raw) {
            Ok(_) => SendAnswer::Accepted,
            Err(error) => send_answer(error),
        }
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        let node = self.node();
        Ok(hashes
            .iter()
            .map(|hash| node.included(*hash).map(receipt))
            .collect())
    }
}

/// What a refusal proves. The two that tell nothing about our own bytes are ambiguous.
fn send_answer(error: PoolError) -> SendAnswer {
    SendAnswer::Rejected(match error {
        PoolError::AlreadyKnown | PoolError::ReplacementUnderpriced => {
            return SendAnswer::Ambiguous(error.to_string());
        }
        PoolError::NonceTooLow { .. } => Rejection::NonceTooLow,
        PoolError::Underpriced { .. } => Rejection::Underpriced,
        PoolError::InsufficientFunds { .. } => Rejection::InsufficientFunds,
        PoolError::AccountLimit { .. } | PoolError::Full => Rejection::PoolFull,
        other => Rejection::Invalid(other.to_string()),
    })
}
