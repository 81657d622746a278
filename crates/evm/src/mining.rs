//! Making blocks and taking them back; time and finality.

use crate::block::{Block, Outcome, seal};
use crate::config::Clock;
use crate::execute::{block_env, rules};
use crate::node::Node;
use crate::state::Undo;
use crate::tx::SignedTx;
use alloy_consensus::Transaction;
use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
use alloy_primitives::B256;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What becomes of the transactions of dropped blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// They go back to the mempool, oldest first; those that it does not take any more are lost.
    Readmit,
    /// They are forgotten.
    Forget,
}

/// Why blocks cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReorgError {
    /// The oldest block to drop is final.
    #[error("cannot drop {depth} blocks: block {finalized} is final")]
    Final {
        /// Blocks to drop.
        depth: u64,
        /// Height of the newest final block.
        finalized: u64,
    },
    /// The chain is not that long, or does not remember that far back.
    #[error("cannot drop {depth} blocks: only {kept} can be taken back")]
    TooDeep {
        /// Blocks to drop.
        depth: u64,
        /// Blocks that can be dropped.
        kept: u64,
    },
}

/// Why the clock cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timestamp {asked} is not after that of the newest block, {newest}")]
pub struct ClockError {
    /// Unix seconds.
    pub asked: u64,
    /// Unix seconds.
    pub newest: u64,
}

impl Node {
    /// Makes a block of the best executable transactions, even if there is none.
    pub fn mine(&mut self) -> &Block {
        let header = self.pending_header();
        let base_fee = header.base_fee_per_gas.unwrap_or_default();
        let mut gas_left = header.gas_limit;
        let mut undo = Undo::default();
        let mut transactions: Vec<Arc<SignedTx>> = Vec::new();
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut invalid: Vec<B256> = Vec::new();
        let mut best = self.pool.best(base_fee, |sender| self.nonce(sender));
        while let Some(tx) = best.pop() {
            if tx.envelope.gas_limit() > gas_left {
                continue;
            }
            let mut cfg = rules(self.config.chain_id);
            cfg.disable_eip3607 = self.config.contracts_send;
            let hashes = (self.config.first_block, &*self.hashes);
            let message = (tx.env(), tx.hash);
            let done =
                self.disturbances
                    .execute(&self.state, hashes, cfg, block_env(&header), message);
            let Ok(done) = done else {
                invalid.push(tx.hash);
                continue;
            };
            self.state.commit(done.state, &mut undo);
            let gas_used = done.result.tx_gas_used();
            gas_left -= gas_used;
            let contract = tx.envelope.is_create();
            outcomes.push(Outcome {
                succeeded: done.result.is_success(),
                gas_used,
                cumulative_gas: header.gas_limit - gas_left,
                effective_gas_price: tx.envelope.effective_gas_price(Some(base_fee)),
                contract: contract.then(|| tx.sender.create(tx.envelope.nonce())),
                logs: if done.result.is_success() {
                    done.result.into_logs()
                } else {
                    Vec::new()
                },
            });
            transactions.push(tx.clone());
            best.follow(tx);
        }
        for hash in invalid {
            self.pool.remove(hash);
        }
        for tx in &transactions {
            self.prune_sender(tx);
        }
        let root = self.state.commitment(self.head().header.state_root, &undo);
        let (header, hash) = seal(header, &transactions, &outcomes, root);
        self.next_secs = None;
        self.set_base_fee = None;
        if matches!(self.config.clock, Clock::Steps(_)) {
            self.ahead_secs = 0;
        }
        let undo = Some(undo);
        self.append(Block {
            header,
            hash,
            transactions,
            outcomes,
            undo,
            first_log: 0,
        });
        self.head()
    }

    /// Drops the newest `depth` blocks. Final blocks are never dropped.
    pub fn reorg(&mut self, depth: u64, dropped: Dropped) -> Result<(), ReorgError> {
        if self.head().header.number.saturating_sub(depth) < self.finalized {
            return Err(ReorgError::Final {
                depth,
                finalized: self.finalized,
            });
        }
        self.drop_blocks(depth, dropped)
    }

    /// Drops the newest `depth` blocks even if they are final: a fault that no sane chain has.
    pub fn break_finality(&mut self, depth: u64, dropped: Dropped) -> Result<(), ReorgError> {
        self.drop_blocks(depth, dropped)?;
        self.finalized = self.finalized.min(self.head().header.number);
        Ok(())
    }

    fn drop_blocks(&mut self, depth: u64, dropped: Dropped) -> Result<(), ReorgError> {
        let undone = self
            .blocks
            .iter()
            .rev()
            .take_while(|block| block.undo.is_some());
        let kept = undone.count() as u64;
        if depth > kept {
            return Err(ReorgError::TooDeep { depth, kept });
        }
        let mut blocks: Vec<Block> = (0..depth).map(|_| self.detach()).collect();
        self.branch += u64::from(depth > 0);
        blocks.reverse();
        if dropped == Dropped::Readmit {
            for tx in blocks.into_iter().flat_map(|block| block.transactions) {
                // A transaction that the pool does not take any more is lost, as on a real node.
                let _ = self.admit(tx);
            }
        }
        Ok(())
    }

    /// Wei per gas of the next block (EIP-1559).
    pub fn next_base_fee(&self) -> u64 {
        if let Some(set) = self.set_base_fee {
            return set;
        }
        let head = &self.head().header;
        calc_next_block_base_fee(
            head.gas_used,
            head.gas_limit,
            head.base_fee_per_gas.unwrap_or_default(),
            BaseFeeParams::ethereum(),
        )
    }

    /// Unix seconds of the next block: strictly after the newest one.
    pub fn next_timestamp(&self) -> u64 {
        let parent = self.head().header.timestamp;
        let source = match self.config.clock {
            Clock::Steps(step) => parent.saturating_add(step),
            Clock::Wall => wall_secs(),
        };
        let ticking = source.saturating_add_signed(self.ahead_secs);
        self.next_secs.unwrap_or(ticking).max(parent + 1)
    }

    /// Gives the next block this timestamp; the system clock goes on from there.
    pub fn set_time(&mut self, secs: u64) -> Result<(), ClockError> {
        let newest = self.head().header.timestamp;
        if secs <= newest {
            return Err(ClockError {
                asked: secs,
                newest,
            });
        }
        self.next_secs = Some(secs);
        if self.config.clock == Clock::Wall {
            self.ahead_secs = secs.saturating_sub(wall_secs()) as i64;
            if secs < wall_secs() {
                self.ahead_secs = -((wall_secs() - secs) as i64);
            }
        }
        self.revision += 1;
        Ok(())
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, secs: u64) {
        let secs = i64::try_from(secs).unwrap_or(i64::MAX);
        self.ahead_secs = self.ahead_secs.saturating_add(secs);
        if let Some(next) = &mut self.next_secs {
            *next = next.saturating_add_signed(secs);
        }
        self.revision += 1;
    }
}

fn wall_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
