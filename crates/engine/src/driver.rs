//! The driver: receive an event, step, append the records, perform the effects; in this order, here.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::{Address, Bytes, U256};
use sealift_journal::{Journal, Storage};
use sealift_manifest::holders::Holders;
use sealift_protocol::event::{BlockId, Phase, TxId, Variant};
use sealift_protocol::{Effect, Event, Halt, Intent, Outcome, Plan, Policy, Record, State, step};

use crate::chain::{Answer, At, Chain, ChainError, Query};
use crate::contracts::{self, Call};
pub use crate::error::RunError;
use crate::list::{self, Prepared};
use crate::look::{Look, Looker};
use crate::signer::{Signer, Unsigned};
use crate::verify;

/// How a run left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is left to do.
    Ended(Outcome),
    /// Stopped as asked; what was in flight is settled.
    Left,
    /// Somebody whose key is not here must send this.
    External {
        /// Who.
        sender: Address,
        /// What.
        intent: Intent,
        /// The callee and calldata.
        call: Call,
    },
}

/// What a run tells while it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Records became durable.
    Recorded(Vec<Record>),
    /// The chain was looked at.
    Seen {
        /// At the newest block.
        phase: Phase,
        /// The newest block.
        at: BlockId,
        /// Batches staged and batches in all, over the lanes with a final list.
        staged: (u64, u64),
    },
    /// The node did not answer; the run goes on trying.
    Unreachable(String),
}

/// What a driver works with.
pub struct Parts<'a, C: Chain + ?Sized, S: Storage> {
    /// The chain.
    pub chain: &'a C,
    /// Who signs.
    pub signer: &'a dyn Signer,
    /// What is written down.
    pub journal: Journal<S>,
    /// The records that the journal already holds.
    pub records: Vec<Record>,
    /// The plan.
    pub plan: Arc<Plan>,
    /// Limits and patience.
    pub policy: Policy,
    /// The lists that the plan was made from, a lane each.
    pub snapshots: Vec<Holders>,
    /// Where final lists are kept.
    pub dir: PathBuf,
}

/// What the outside may do to a run while it goes.
pub struct Control<'a> {
    /// Set to stop: settle what is in flight, send nothing new.
    pub stop: &'a AtomicBool,
    /// Called when there is nothing to do until the chain moves: sleeps, or mines in a test.
    pub idle: &'a mut dyn FnMut(),
    /// The driver's clock: monotonic seconds.
    pub clock: &'a mut dyn FnMut() -> u64,
    /// Told what happens.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Wei per gas that the chain suggests as a tip.
    pub tip: &'a mut dyn FnMut() -> u128,
}

/// Runs one migration.
pub struct Driver<'a, C: Chain + ?Sized, S: Storage> {
    chain: &'a C,
    signer: &'a dyn Signer,
    journal: Journal<S>,
    plan: Arc<Plan>,
    snapshots: Vec<Holders>,
    lists: Vec<Option<Prepared>>,
    dir: PathBuf,
    state: State,
    looker: Looker,
    look: Option<Look>,
}

impl<'a, C: Chain + ?Sized, S: Storage> Driver<'a, C, S> {
    /// Rebuilds the state from the journal's records. Nothing is sent yet.
    pub fn new(parts: Parts<'a, C, S>) -> Result<Self, RunError> {
        let mut policy = parts.policy;
        policy.signers.extend(parts.signer.accounts());
        let state = State::replay(parts.plan.clone(), Arc::new(policy), &parts.records)?;
        Ok(Self {
            chain: parts.chain,
            signer: parts.signer,
            journal: parts.journal,
            lists: parts.plan.lanes.iter().map(|_| None).collect(),
            plan: parts.plan,
            snapshots: parts.snapshots,
            dir: parts.dir,
            state,
            looker: Looker::default(),
            look: None,
        })
    }

    /// The state as it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The final lists as far as they are fixed.
    pub fn lists(&self) -> &[Option<Prepared>] {
        &self.lists
    }

    /// Asks to bring everything back. Durable before it returns.
    pub fn request_abort(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), RunError> {
        self.feed(Event::AbortRequested, progress).map(|_| ())
    }

    /// Runs until the end, until asked to stop, or until somebody else must act.
    pub fn run(&mut self, control: &mut Control<'_>) -> Result<Exit, RunError> {
        // When the node failed first, since it last answered; and whether it ever did in this run.
        let (mut failing_since, mut answered) = (None, false);
        loop {
            if control.stop.load(Ordering::SeqCst) && !self.state.memory.stopping {
                self.feed(Event::Interrupted, control.progress)?;
            }
            let now = (control.clock)();
            let tip = (control.tip)();
            let looked =
                self.looker
                    .look(self.chain, &self.plan, &self.state, &self.lists, (now, tip));
            let outcome = match looked {
                Ok(look) => {
                    answered = true;
                    self.act(look, control)
                }
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(Some(exit)) => return Ok(exit),
                Ok(None) => failing_since = None,
                // Nothing is lost with the effects that were left: the next look asks for them again. A
                // node that has answered before may refuse for a while; one that never did is not a node.
                Err(error) if error.is_retryable() || (answered && error.is_refusal()) => {
                    if self.state.memory.stopping {
                        return Ok(Exit::Left);
                    }
                    let patience = self.state.policy.unreachable_secs;
                    if now.saturating_sub(*failing_since.get_or_insert(now)) >= patience {
                        return Err(error);
                    }
                    let cause = error
                        .of_node()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    (control.progress)(Progress::Unreachable(cause));
                    (control.idle)();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Steps on what was seen, and performs what follows from it, until nothing more does.
    fn act(&mut self, look: Look, control: &mut Control<'_>) -> Result<Option<Exit>, RunError> {
        if self.lacks_lists(&look) {
            self.restore_lists(&look)?;
            return Ok(None); // what was seen was not compared with them
        }
        self.tell(&look, control.progress);
        let written = self.journal.len();
        let event = Event::Observed(Box::new(look.observation.clone()));
        self.look = Some(look);
        let mut effects = self.feed(event, control.progress)?;
        while let Some(effect) = effects.pop_front() {
            match self.perform(effect, &mut effects)? {
                Performed::Event(event) => effects.extend(self.feed(event, control.progress)?),
                Performed::Exit(exit) => return Ok(Some(exit)),
                Performed::Nothing => {}
            }
        }
        // What led to no record would lead to the same again at once.
        if self.journal.len() == written {
            (control.idle)();
        }
        Ok(None)
    }

    /// Event -> step -> append and sync -> effects.
    fn feed(
        &mut self,
        event: Event,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VecDeque<Effect>, RunError> {
        let stepped = step(self.state.clone(), event)?;
        if !stepped.records.is_empty() {
            self.journal.append(&stepped.records)?;
            progress(Progress::Recorded(stepped.records));
        }
        self.state = stepped.state;
        Ok(stepped.effects.into())
    }

    fn tell(&self, look: &Look, progress: &mut dyn FnMut(Progress)) {
        let view = &look.observation.latest;
        let lanes = view.lanes.iter().zip(&self.lists).zip(0..);
        let staged = lanes.fold((0, 0), |(done, all), ((lane, list), index)| match list {
            Some(list) => (
                done + u64::from(lane.cursor),
                all + u64::from(self.plan.batches(index, list.facts.count)),
            ),
            None => (done, all),
        });
        progress(Progress::Seen {
            phase: view.phase,
            at: view.at,
            staged,
        });
    }

    /// Performs one effect; neighbours of the same kind in the queue are taken along.
    fn perform(
        &mut self,
        effect: Effect,
        queue: &mut VecDeque<Effect>,
    ) -> Result<Performed, RunError> {
        Ok(Performed::Event(match effect {
            Effect::Prepare { sender, intent } => {
                Event::Prepared(intent, self.prepare(sender, intent)?)
            }
            Effect::Sign { .. } => {
                let mut signed = vec![self.sign(effect)?];
                while let Some(Effect::Sign { .. }) = queue.front() {
                    let Some(next) = queue.pop_front() else { break };
                    signed.push(self.sign(next)?);
                }
                Event::Signed(signed)
            }
            Effect::Send { tx, hash, raw } => {
                let mut answers = vec![(tx, hash, self.chain.send(&raw))];
                while let Some(Effect::Send { .. }) = queue.front() {
                    let Some(Effect::Send { tx, hash, raw }) = queue.pop_front() else {
                        break;
                    };
                    answers.push((tx, hash, self.chain.send(&raw)));
                }
                Event::Answered(answers)
            }
            Effect::FixList { lane, at } => {
                let list = self.fix_list(lane, at)?;
                Event::ListFixed(lane, list)
            }
            Effect::Verify { gate, at } => {
                let Some(look) = &self.look else {
                    return Err(Halt::Unexpected("verify before a look").into());
                };
                verify::gate(
                    self.chain,
                    &self.plan,
                    &look.finalized,
                    &self.lists,
                    gate,
                    at,
                )
                .map_err(|cause| RunError::Verify { gate, cause })?;
                Event::Verified(gate, at)
            }
            // What this executor can do itself comes first.
            Effect::AwaitExternal { .. } if queue.iter().any(|other| !other.is_external()) => {
                queue.push_back(effect);
                return Ok(Performed::Nothing);
            }
            Effect::AwaitExternal { sender, intent } => {
                let call = self.call(intent)?;
                return Ok(Performed::Exit(Exit::External {
                    sender,
                    intent,
                    call,
                }));
            }
            Effect::Finish(outcome) => return Ok(Performed::Exit(Exit::Ended(outcome))),
            Effect::Leave => return Ok(Performed::Exit(Exit::Left)),
        }))
    }

    /// Simulates an intent at the block that was looked at, which is the newest: another node behind the
    /// same URL may lag, and show a revert that is none.
    fn prepare(&self, from: Address, intent: Intent) -> Result<Result<u64, Bytes>, RunError> {
        let look = self.look.as_ref();
        let look = look.ok_or(Halt::Unexpected("prepare before a look"))?;
        let at = At::Hash(look.observation.latest.at.hash);
        let Call { to, data } = self.call(intent)?;
        let query = Query::Gas {
            from,
            to: Some(to),
            data,
        };
        Ok(match self.chain.read(at, &[query])?.pop() {
            Some(Answer::Word(gas)) => Ok(gas.saturating_to()),
            Some(Answer::Reverted(data)) => Err(data),
            _ => return Err(ChainError::Refused("no gas estimate".into()).into()),
        })
    }

    fn sign(&self, effect: Effect) -> Result<(TxId, Variant), RunError> {
        let Effect::Sign {
            tx,
            intent,
            gas_limit,
            max_fee,
            tip,
        } = effect
        else {
            return Err(Halt::Unexpected("only a sign effect is signed").into());
        };
        // A replacement says what the bytes say that it replaces, whatever is known now.
        let known = self.state.txs.get(&tx).and_then(|tx| tx.variants.last());
        let Call { to, data } = match known {
            Some(variant) => contracts::call_of(&variant.raw).ok_or(Halt::IllegalRecord(
                "the bytes of a variant are no transaction",
            ))?,
            None => self.call(intent)?,
        };
        let unsigned = Unsigned {
            chain_id: self.plan.chain_id,
            nonce: tx.nonce,
            to,
            value: U256::ZERO,
            input: data,
            gas_limit,
            max_fee,
            tip,
        };
        let (raw, hash) = self.signer.sign(tx.sender, &unsigned)?;
        Ok((
            tx,
            Variant {
                hash,
                max_fee,
                tip,
                raw,
            },
        ))
    }

    /// The callee and calldata of an intent: a function of plan and final lists.
    pub fn call(&self, intent: Intent) -> Result<Call, RunError> {
        let plan = &self.plan;
        let of = |lane: u32| &plan.lanes[lane as usize];
        let list = |lane: u32| {
            let list = self.lists[lane as usize].as_ref();
            list.ok_or(Halt::Unexpected("a lane moves before its list is fixed"))
        };
        Ok(match intent {
            Intent::DeployMigration => {
                contracts::deploy(plan.nonce, &contracts::init_codes(plan).migration)
            }
            Intent::DeployGuard { lane } => contracts::deploy(
                plan.nonce,
                &contracts::init_codes(plan).lanes[lane as usize].0,
            ),
            Intent::DeployLedger { lane } => contracts::deploy(
                plan.nonce,
                &contracts::init_codes(plan).lanes[lane as usize].1,
            ),
            Intent::Handover { lane, step } => contracts::handover(of(lane), step)
                .ok_or(Halt::Unexpected("no such handover step"))?,
            Intent::Open => contracts::open(plan),
            Intent::Freeze => contracts::freeze(plan),
            Intent::Declare { lane, generation } => {
                let list = list(lane)?;
                let batches = list.commitments(contracts::id(plan), lane, generation);
                let head = batches
                    .last()
                    .map_or_else(Default::default, |batch| batch.head);
                let (count, sum) = (list.facts.count, list.facts.sum);
                contracts::declare(plan, lane, batches.len() as u32, count, sum, head)
            }
            Intent::Stage { lane, index, .. } => {
                contracts::stage(plan, lane, index, list(lane)?.data(index)?)
            }
            Intent::Restart { lane, .. } => contracts::restart(plan, lane),
            Intent::Seal => contracts::seal(plan),
            Intent::Commit => {
                let look = self.look.as_ref();
                let look = look.ok_or(Halt::Unexpected("commit before a look"))?;
                contracts::commit(plan, verify::expected_head(plan, &look.finalized))
            }
            Intent::Abort => contracts::abort(plan),
            Intent::Release { lane } => contracts::release(of(lane)),
            Intent::Reclaim { lane } => contracts::reclaim(of(lane)),
            Intent::Retire { lane } => contracts::retire(of(lane)),
            Intent::Materialize { lane, index } => {
                let size = of(lane).materialize_size.max(1) as usize;
                let list = list(lane)?;
                let chunk = list
                    .holders
                    .rows()
                    .chunks(size)
                    .nth(index as usize)
                    .unwrap_or(&[]);
                let accounts = chunk.iter().map(|holder| holder.account).collect();
                contracts::materialize(of(lane), accounts)
            }
        })
    }

    fn fix_list(
        &mut self,
        lane: u32,
        at: BlockId,
    ) -> Result<sealift_protocol::event::FinalList, RunError> {
        let index = lane as usize;
        let supply = match &self.look {
            Some(look) => look.finalized.view.lanes[index].supply,
            None => return Err(Halt::Unexpected("a list is fixed before a look").into()),
        };
        let plan = &self.plan.lanes[index];
        let holders = list::catch_up(self.chain, plan, &self.snapshots[index], at, supply)?;
        list::keep(&list::path(&self.dir, lane), &holders)?;
        let prepared = Prepared::new(plan, holders, at)?;
        let facts = prepared.facts;
        self.lists[index] = Some(prepared);
        Ok(facts)
    }

    /// Whether a list is recorded that what is to be done needs, and that is not in memory. The way back
    /// needs none.
    fn lacks_lists(&self, look: &Look) -> bool {
        let is_needed = |lane: usize| match look.observation.latest.phase {
            Phase::Frozen | Phase::Sealed => !self.state.is_going_back(&look.observation),
            Phase::Committed => self.plan.lanes[lane].materialize,
            _ => false,
        };
        (0..self.lists.len()).any(|lane| {
            self.state.lists[lane].is_some() && self.lists[lane].is_none() && is_needed(lane)
        })
    }

    /// Reads kept lists back; one that is missing or is not the recorded one is made again, at the newest
    /// finalized block, because nodes forget the states of older ones and legacy is frozen since.
    fn restore_lists(&mut self, look: &Look) -> Result<(), RunError> {
        let at = look.observation.finalized.at;
        for lane in 0..self.plan.lanes.len() {
            let Some(facts) = self.state.lists[lane] else {
                continue;
            };
            let plan = &self.plan.lanes[lane];
            let path = list::path(&self.dir, lane as u32);
            let holders = match list::kept(&path, facts.digest) {
                Some(holders) => holders,
                None => {
                    let snapshot = &self.snapshots[lane];
                    let made = list::catch_up(self.chain, plan, snapshot, at, facts.sum)?;
                    if made.digest() != facts.digest {
                        return Err(RunError::OtherList { lane: lane as u32 });
                    }
                    list::keep(&path, &made)?;
                    made
                }
            };
            self.lists[lane] = Some(Prepared::new(plan, holders, facts.block)?);
        }
        Ok(())
    }
}

enum Performed {
    Nothing,
    Event(Event),
    Exit(Exit),
}
