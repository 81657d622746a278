//! The executor's state: a fold over records, and what was last seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_primitives::{Address, B256};

use crate::effect::{Halt, Outcome};
use crate::event::{BlockId, FinalList, Gate, Observation, Phase, TxId, Variant};
use crate::intent::Intent;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::record::{Binding, Record};

/// Where a transaction is on its way to finality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Has a nonce, and perhaps signed bytes, and is in no block that we know of.
    Pending,
    /// Seen in a block that may still be reorganised away.
    Included {
        /// Which variant.
        hash: B256,
        /// The block.
        block: BlockId,
        /// Whether execution succeeded.
        succeeded: bool,
    },
    /// Its block is final.
    Finalized {
        /// The block.
        block: BlockId,
        /// Whether execution succeeded.
        succeeded: bool,
    },
    /// Its nonce is finally used by a transaction that is not ours.
    Superseded,
}

/// One nonce, one intent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tx {
    /// What it is for.
    pub intent: Intent,
    /// Gas limit of every variant.
    pub gas_limit: u64,
    /// Signed bytes, cheapest first. Empty once the transaction is final.
    pub variants: Vec<Variant>,
    /// The variants that have been offered to a node, by hash.
    pub offered: BTreeSet<B256>,
    /// Where it is.
    pub status: Status,
}

impl Tx {
    /// Whether nothing more can happen to it.
    pub fn is_settled(&self) -> bool {
        matches!(self.status, Status::Finalized { .. } | Status::Superseded)
    }

    /// Whether bytes of it exist whose fate is not known.
    pub fn is_in_flight(&self) -> bool {
        !self.is_settled() && !self.variants.is_empty()
    }

    fn require_variant(&self, hash: &B256) -> Result<(), Halt> {
        if self.variants.iter().any(|known| known.hash == *hash) {
            Ok(())
        } else {
            Err(Halt::IllegalRecord(
                "bytes left this executor before they were durable",
            ))
        }
    }
}

/// What is only remembered while the process lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// The last look at the chain.
    pub seen: Option<Box<Observation>>,
    /// When a transaction is due for a higher fee, and when it was last offered in this life, in the
    /// driver's seconds.
    pub offered_at: BTreeMap<TxId, (u64, u64)>,
    /// Transactions that a node refused in its last answer, for a reason that the node's patience does
    /// not cure. On the way back they are not waited for.
    pub refused: BTreeSet<TxId>,
    /// Looks at a finally used nonce without a receipt of ours.
    pub receiptless: BTreeMap<TxId, u32>,
    /// Simulations in a row that reverted.
    pub reverts: BTreeMap<Intent, u32>,
    /// Attempts that are final and left no effect, while the intent is still wanted. Not durable: a
    /// person who starts the run again has removed the cause.
    pub failures: BTreeMap<Intent, u32>,
    /// The way back was asked for in this life.
    pub abort_asked: bool,
    /// Somebody asked to stop.
    pub stopping: bool,
}

/// The executor's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Limits and patience.
    pub policy: Arc<Policy>,
    /// Whether the journal has begun.
    pub began: bool,
    /// Every transaction that this executor ever bound.
    pub txs: BTreeMap<TxId, Tx>,
    /// High-water mark of finality.
    pub finality: Option<BlockId>,
    /// The final list of each lane.
    pub lists: Vec<Option<FinalList>>,
    /// Gates that were verified, and at which block.
    pub verified: BTreeMap<Gate, BlockId>,
    /// The way back was asked for.
    pub aborting: bool,
    /// Wei paid for final transactions.
    pub paid_wei: u128,
    /// Gas used by final transactions.
    pub gas_used: u64,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not durable.
    pub memory: Memory,
}

impl State {
    /// The state before the first record.
    pub fn new(plan: Arc<Plan>, policy: Arc<Policy>) -> Self {
        let lanes = plan.lanes.len();
        Self {
            plan,
            policy,
            began: false,
            txs: BTreeMap::new(),
            finality: None,
            lists: vec![None; lanes],
            verified: BTreeMap::new(),
            aborting: false,
            paid_wei: 0,
            gas_used: 0,
            outcome: None,
            memory: Memory::default(),
        }
    }

    /// The state after these records, as a resumed executor finds it.
    pub fn replay(plan: Arc<Plan>, policy: Arc<Policy>, records: &[Record]) -> Result<Self, Halt> {
        let mut state = Self::new(plan, policy);
        for record in records {
            state.apply(record)?;
        }
        Ok(state)
    }

    /// What a journal of this plan begins with.
    pub fn binding(&self) -> Binding {
        Binding {
            chain_id: self.plan.chain_id,
            genesis: self.plan.genesis,
            plan: self.plan.digest(),
        }
    }

    /// Transactions that may still change, lowest nonce first.
    pub fn unsettled(&self) -> impl Iterator<Item = (&TxId, &Tx)> {
        self.txs.iter().filter(|(_, tx)| !tx.is_settled())
    }

    /// Whether the migration is on its way back, so that nothing new goes forward.
    pub fn is_going_back(&self, seen: &Observation) -> bool {
        match seen.latest.phase {
            Phase::Committed => false,
            Phase::Aborted => true,
            _ => self.aborting || seen.latest.timestamp >= seen.latest.deadline_secs,
        }
    }

    /// Whether bytes are on their way whose end has to be waited for. A commit that was held back is not:
    /// it can only revert after an abort.
    pub(crate) fn awaits(&self, seen: &Observation) -> bool {
        let is_over = |tx: &Tx| tx.intent == Intent::Commit && seen.latest.phase == Phase::Aborted;
        self.unsettled()
            .any(|(id, tx)| tx.is_in_flight() && !self.memory.refused.contains(id) && !is_over(tx))
    }

    /// The next free nonce of a sender, given the chain's count at the newest block.
    pub fn next_nonce(&self, sender: Address, on_chain: u64) -> u64 {
        let last = TxId {
            sender,
            nonce: u64::MAX,
        };
        let first = TxId { sender, nonce: 0 };
        let bound = self
            .txs
            .range(first..=last)
            .next_back()
            .map_or(0, |(id, _)| id.nonce.saturating_add(1));
        bound.max(on_chain)
    }

    /// The lowest nonce of a sender, from `on_chain` upwards, that is bound to what goes forward and for
    /// which no bytes were ever signed.
    pub(crate) fn unsigned_nonce(&self, sender: Address, on_chain: u64) -> Option<u64> {
        let mut unsettled = self.unsettled();
        let is_open = |id: &TxId| id.sender == sender && id.nonce >= on_chain;
        let unsigned = unsettled.find(|(id, tx)| is_open(id) && self.gives_way(tx));
        unsigned.map(|(id, _)| id.nonce)
    }

    /// Whether the way back may take over this transaction's nonce: no bytes of it exist, and it does
    /// not lead back itself.
    fn gives_way(&self, tx: &Tx) -> bool {
        tx.variants.is_empty() && !tx.is_settled() && !self.plan.leads_back(tx.intent)
    }

    /// Folds one record in. An illegal transition is an error: the journal is not ours, or broken.
    pub fn apply(&mut self, record: &Record) -> Result<(), Halt> {
        if self.began == matches!(record, Record::Began(_)) {
            return Err(Halt::IllegalRecord(
                "a journal begins once, with its binding",
            ));
        }
        match record {
            Record::Began(binding) => {
                if *binding != self.binding() {
                    return Err(Halt::IllegalRecord(
                        "the journal belongs to another plan or chain",
                    ));
                }
                self.began = true;
            }
            Record::Bound {
                tx,
                intent,
                gas_limit,
            } => {
                let fresh = Tx {
                    intent: *intent,
                    gas_limit: *gas_limit,
                    variants: Vec::new(),
                    offered: BTreeSet::new(),
                    status: Status::Pending,
                };
                if self.unsettled().any(|(_, other)| other.intent == *intent) {
                    return Err(Halt::IllegalRecord(
                        "an intent gets a second nonce before the first is settled",
                    ));
                }
                // Only the way back takes over a nonce, and only one whose bytes never existed.
                let takes_over = self.plan.leads_back(*intent);
                let taken = self.txs.insert(*tx, fresh);
                if taken.is_some_and(|taken| !(takes_over && self.gives_way(&taken))) {
                    return Err(Halt::IllegalRecord("a nonce is bound twice"));
                }
                if intent.changes_staging() {
                    self.verified.clear();
                }
            }
            Record::Signed { tx, variant } => {
                let tx = self.unsettled_mut(tx)?;
                if tx.variants.iter().any(|known| known.hash == variant.hash) {
                    return Err(Halt::IllegalRecord("a variant is signed twice"));
                }
                tx.variants.push(variant.clone());
            }
            Record::Offered { tx, hash } => {
                let tx = self.unsettled_mut(tx)?;
                tx.require_variant(hash)?;
                tx.offered.insert(*hash);
            }
            Record::Included {
                tx,
                hash,
                block,
                succeeded,
            } => {
                let tx = self.unsettled_mut(tx)?;
                tx.require_variant(hash)?;
                tx.status = Status::Included {
                    hash: *hash,
                    block: *block,
                    succeeded: *succeeded,
                };
            }
            Record::Excluded { tx } => {
                let tx = self.unsettled_mut(tx)?;
                if !matches!(tx.status, Status::Included { .. }) {
                    return Err(Halt::IllegalRecord(
                        "a transaction left a block it was not in",
                    ));
                }
                tx.status = Status::Pending;
            }
            Record::Finalized {
                tx,
                hash,
                block,
                succeeded,
                gas_used,
                paid_wei,
            } => {
                let tx = self.unsettled_mut(tx)?;
                tx.require_variant(hash)?;
                tx.status = Status::Finalized {
                    block: *block,
                    succeeded: *succeeded,
                };
                tx.variants = Vec::new();
                self.gas_used = self.gas_used.saturating_add(*gas_used);
                self.paid_wei = self.paid_wei.saturating_add(*paid_wei);
            }
            Record::Superseded { tx } => {
                let tx = self.unsettled_mut(tx)?;
                tx.status = Status::Superseded;
                tx.variants = Vec::new();
            }
            Record::Finality(block) => {
                if self.finality.is_some_and(|mark| mark.number > block.number) {
                    return Err(Halt::IllegalRecord("the finality mark went back"));
                }
                self.finality = Some(*block);
            }
            Record::ListFixed { lane, list } => {
                let slot = self.lists.get_mut(*lane as usize);
                let slot = slot.ok_or(Halt::IllegalRecord("no such lane"))?;
                *slot = Some(*list);
                self.verified.clear();
            }
            Record::Verified { gate, block } => {
                self.verified.insert(*gate, *block);
            }
            Record::AbortRequested => self.aborting = true,
            Record::Ended(outcome) => self.outcome = Some(*outcome),
        }
        Ok(())
    }

    fn unsettled_mut(&mut self, id: &TxId) -> Result<&mut Tx, Halt> {
        match self.txs.get_mut(id) {
            None => Err(Halt::IllegalRecord("a transaction is not bound")),
            Some(tx) if tx.is_settled() => Err(Halt::IllegalRecord("a settled transaction moves")),
            Some(tx) => Ok(tx),
        }
    }
}
