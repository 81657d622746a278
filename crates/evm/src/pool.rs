//! The mempool: one queue of nonces a sender, with gaps held back.

use crate::refusal::PoolError;
use crate::tx::SignedTx;
use alloy_consensus::Transaction;
use alloy_primitives::map::{AddressMap, B256Map};
use alloy_primitives::{Address, B256, U256};
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// How much both fees must rise for a replacement, in percent.
pub const REPLACEMENT_BUMP_PERCENT: u128 = 10;

/// What the pool takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Most transactions of one sender.
    pub per_sender: usize,
    /// Most transactions in all.
    pub total: usize,
    /// Least wei per gas for the proposer.
    pub min_tip_wei: u128,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            per_sender: 64,
            total: 16_384,
            min_tip_wei: 0,
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    tx: Arc<SignedTx>,
    arrival: u64,
}

/// Transactions that wait for a block.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    limits: PoolLimits,
    senders: AddressMap<BTreeMap<u64, Entry>>,
    by_hash: B256Map<(Address, u64)>,
    arrivals: u64,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes a transaction whose stateless checks passed. `next` and `balance` are the sender's.
    ///
    /// Returns the hash of the transaction that it replaced.
    pub fn insert(
        &mut self,
        tx: Arc<SignedTx>,
        next: u64,
        balance: U256,
    ) -> Result<Option<B256>, PoolError> {
        if self.by_hash.contains_key(&tx.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        let nonce = tx.envelope.nonce();
        if nonce < next {
            return Err(PoolError::NonceTooLow { next, nonce });
        }
        if tx.tip_cap() < self.limits.min_tip_wei {
            let minimum = self.limits.min_tip_wei;
            return Err(PoolError::Underpriced {
                tip: tx.tip_cap(),
                minimum,
            });
        }
        let queue = self.senders.get(&tx.sender);
        let replaced = queue.and_then(|queue| queue.get(&nonce));
        let queued = queue
            .into_iter()
            .flatten()
            .filter(|(other, _)| **other != nonce)
            .fold(U256::ZERO, |sum, (_, entry)| {
                sum.saturating_add(entry.tx.cost())
            });
        let cost = tx.cost();
        if queued.saturating_add(cost) > balance {
            return Err(PoolError::InsufficientFunds {
                balance,
                queued,
                cost,
            });
        }
        if let Some(old) = replaced {
            if !outbids(&tx, &old.tx) {
                return Err(PoolError::ReplacementUnderpriced);
            }
        } else {
            let pooled = queue.map_or(0, BTreeMap::len);
            if pooled >= self.limits.per_sender {
                return Err(PoolError::AccountLimit {
                    sender: tx.sender,
                    pooled,
                });
            }
            if self.by_hash.len() >= self.limits.total {
                return Err(PoolError::Full);
            }
        }
        let replaced = replaced.map(|old| old.tx.hash);
        if let Some(hash) = replaced {
            self.by_hash.remove(&hash);
        }
        self.arrivals += 1;
        self.by_hash.insert(tx.hash, (tx.sender, nonce));
        let queue = self.senders.entry(tx.sender).or_default();
        queue.insert(
            nonce,
            Entry {
                tx,
                arrival: self.arrivals,
            },
        );
        Ok(replaced)
    }

    /// The transaction with this hash.
    pub fn get(&self, hash: B256) -> Option<&Arc<SignedTx>> {
        let (sender, nonce) = self.by_hash.get(&hash)?;
        Some(&self.senders.get(sender)?.get(nonce)?.tx)
    }

    /// How many transactions wait.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// All transactions in order of arrival.
    pub fn transactions(&self) -> Vec<Arc<SignedTx>> {
        let mut entries: Vec<&Entry> = self
            .senders
            .values()
            .flat_map(|queue| queue.values())
            .collect();
        entries.sort_unstable_by_key(|entry| entry.arrival);
        entries.into_iter().map(|entry| entry.tx.clone()).collect()
    }

    /// All senders with transactions in the pool, in no order.
    pub fn senders(&self) -> impl Iterator<Item = Address> + '_ {
        self.senders.keys().copied()
    }

    /// The nonce after the unbroken run of pooled nonces that starts at `next`.
    pub fn pending_nonce(&self, sender: Address, next: u64) -> u64 {
        let Some(queue) = self.senders.get(&sender) else {
            return next;
        };
        queue
            .keys()
            .fold(next, |at, nonce| if *nonce == at { at + 1 } else { at })
    }

    /// Removes one transaction.
    pub fn remove(&mut self, hash: B256) -> Option<Arc<SignedTx>> {
        let (sender, nonce) = self.by_hash.remove(&hash)?;
        let queue = self.senders.get_mut(&sender)?;
        let entry = queue.remove(&nonce);
        if queue.is_empty() {
            self.senders.remove(&sender);
        }
        entry.map(|entry| entry.tx)
    }

    /// Removes all transactions of a sender whose nonce is used.
    pub fn prune(&mut self, sender: Address, next: u64) {
        let Some(queue) = self.senders.get_mut(&sender) else {
            return;
        };
        let kept = queue.split_off(&next);
        for entry in queue.values() {
            self.by_hash.remove(&entry.tx.hash);
        }
        if kept.is_empty() {
            self.senders.remove(&sender);
        } else {
            *queue = kept;
        }
    }

    /// The next transactions for a block, best tip first, then first come, first served.
    pub fn best(&self, base_fee: u64, next_nonce: impl Fn(Address) -> u64) -> Best<'_> {
        let mut best = Best {
            pool: self,
            base_fee,
            heap: BinaryHeap::new(),
        };
        for sender in self.senders.keys() {
            best.push(*sender, next_nonce(*sender));
        }
        best
    }
}

/// Whether a transaction pays enough more than another with the same nonce to replace it.
fn outbids(new: &SignedTx, old: &SignedTx) -> bool {
    let enough = |new: u128, old: u128| {
        let threshold = U256::from(old) * U256::from(100 + REPLACEMENT_BUMP_PERCENT);
        new > old && U256::from(new) * U256::from(100) >= threshold
    };
    enough(
        new.envelope.max_fee_per_gas(),
        old.envelope.max_fee_per_gas(),
    ) && enough(new.tip_cap(), old.tip_cap())
}

/// An order over the executable transactions of a [`Pool`].
#[derive(Debug)]
pub struct Best<'a> {
    pool: &'a Pool,
    base_fee: u64,
    heap: BinaryHeap<(u128, std::cmp::Reverse<u64>, Address, u64)>,
}

impl<'a> Best<'a> {
    /// The best transaction that is left; its sender's next one follows with [`Best::follow`].
    pub fn pop(&mut self) -> Option<&'a Arc<SignedTx>> {
        let (_, _, sender, nonce) = self.heap.pop()?;
        Some(&self.pool.senders.get(&sender)?.get(&nonce)?.tx)
    }

    /// Makes the transaction after `tx` of the same sender executable.
    pub fn follow(&mut self, tx: &SignedTx) {
        self.push(tx.sender, tx.envelope.nonce() + 1);
    }

    fn push(&mut self, sender: Address, nonce: u64) {
        let entry = self
            .pool
            .senders
            .get(&sender)
            .and_then(|queue| queue.get(&nonce));
        if let Some(entry) = entry
            && let Some(tip) = entry.tx.tip(self.base_fee)
        {
            self.heap
                .push((tip, std::cmp::Reverse(entry.arrival), sender, nonce));
        }
    }
}
