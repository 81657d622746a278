//! The one entry of the core.

use std::collections::BTreeSet;

use crate::effect::{Effect, Halt, Outcome};
use crate::event::{
    BlockId, Event, FinalList, Gate, Observation, Phase, Rejection, SendAnswer, TxId, Variant,
};
use crate::gas;
use crate::intent::Intent;
use crate::record::Record;
use crate::state::{State, Status, Tx};
use crate::transactions;
use crate::workflow::{self, Next};

/// Looks at the chain in a row that may show a revert in simulation, before the run halts: another
/// party may just have done what we were about to do.
const REVERTS_TO_HALT: u32 = 3;

/// What follows from an event. The records are made durable before any effect is performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The state, with the records already folded in.
    pub state: State,
    /// What to write down, as one group.
    pub records: Vec<Record>,
    /// What to do then, in this order.
    pub effects: Vec<Effect>,
}

/// Takes what happened; returns what to write down and what to do.
///
/// # Errors
/// A [`Halt`] means: nothing more is safe to do without a person. The state before it stands.
pub fn step(state: State, event: Event) -> Result<Stepped, Halt> {
    let mut stepped = Stepped {
        state,
        records: Vec::new(),
        effects: Vec::new(),
    };
    if !stepped.state.began {
        stepped.write(Record::Began(stepped.state.binding()))?;
    }
    match event {
        Event::Observed(seen) => stepped.observed(seen)?,
        Event::Prepared(intent, result) => stepped.prepared(intent, result)?,
        Event::Signed(signed) => {
            for (tx, variant) in signed {
                stepped.signed(tx, variant)?;
            }
        }
        Event::Answered(answers) => {
            for (tx, hash, answer) in answers {
                stepped.answered(tx, hash, answer)?;
            }
        }
        Event::ListFixed(lane, list) => stepped.list_fixed(lane, list)?,
        Event::Verified(gate, block) => stepped.verified(gate, block)?,
        Event::AbortRequested => {
            if stepped.state.is_committed() {
                return Err(Halt::AlreadyCommitted);
            }
            stepped.state.memory.abort_asked = true;
            if !stepped.state.aborting {
                stepped.write(Record::AbortRequested)?;
            }
        }
        Event::Interrupted => stepped.state.memory.stopping = true,
    }
    Ok(stepped)
}

impl Stepped {
    fn write(&mut self, record: Record) -> Result<(), Halt> {
        self.state.apply(&record)?;
        self.records.push(record);
        Ok(())
    }

    fn observed(&mut self, seen: Box<Observation>) -> Result<(), Halt> {
        let lanes = self.state.plan.lanes.len();
        if seen.latest.lanes.len() != lanes || seen.finalized.lanes.len() != lanes {
            return Err(Halt::Unexpected("a view has not as many lanes as the plan"));
        }
        if let Some(record) = transactions::finality(&self.state, &seen)? {
            self.write(record)?;
        }
        transactions::remember_receiptless(&mut self.state, &seen);
        let mut ended = Vec::new();
        for record in transactions::follow(&self.state, &seen) {
            match &record {
                Record::Excluded { tx } => {
                    self.state.memory.offered_at.remove(tx);
                }
                Record::Finalized { tx, .. } | Record::Superseded { tx } => {
                    let intent = self.state.txs[tx].intent;
                    // A nonce that another transaction took is no attempt of the way back: after a
                    // lost journal as many of ours may be on their way as the window takes.
                    if !(matches!(record, Record::Superseded { .. }) && intent.is_way_back()) {
                        ended.push(intent);
                    }
                    self.state.memory.offered_at.remove(tx);
                }
                _ => {}
            }
            self.write(record)?;
        }
        self.effects.extend(transactions::nudge(&self.state, &seen));
        if self.state.memory.stopping {
            let is_out = |tx: &Tx| tx.status == Status::Pending && !tx.offered.is_empty();
            if !self.state.unsettled().any(|(_, tx)| is_out(tx)) {
                self.effects.push(Effect::Leave);
            }
        } else if seen.latest.at.number >= seen.finalized.at.number {
            // A node that lags behind finality shows nothing to act on.
            self.advance(&seen, &ended)?;
        }
        self.state.memory.seen = Some(seen);
        Ok(())
    }

    /// Binds what is wanted next, as far as window and budget allow. `ended` are the intents whose
    /// transactions this look has settled.
    fn advance(&mut self, seen: &Observation, ended: &[Intent]) -> Result<(), Halt> {
        // The contracts are the truth, not the end that was written down: what nobody knew of may have
        // been mined since.
        let wanted = match workflow::next(&self.state, seen)? {
            Next::Want(wanted) => wanted,
            Next::Do(effect) => {
                self.effects.push(effect);
                return Ok(());
            }
            Next::Wait => return Ok(()),
            Next::End(outcome) => {
                if self.state.outcome != Some(outcome) {
                    self.write(Record::Ended(outcome))?;
                }
                self.effects
                    .retain(|effect| !matches!(effect, Effect::Sign { .. }));
                self.effects.push(Effect::Finish(outcome));
                return Ok(());
            }
        };
        self.count_failures(ended, &wanted);
        let covered = self.covered(seen);
        let others_left = self.others_left(&wanted);
        let mut preparing = false;
        for intent in wanted {
            if covered.contains(&intent) || (others_left && self.is_exhausted(intent)) {
                continue;
            }
            let has_room = self.has_room(intent);
            if !has_room || (intent.is_pipelined() && (preparing || self.is_behind_hole(intent))) {
                break;
            }
            let failures = self.state.memory.failures.get(&intent).copied();
            let failures = failures.unwrap_or(0);
            if failures >= self.state.policy.max_attempts {
                return Err(Halt::KeepsFailing {
                    intent,
                    attempts: failures,
                });
            }
            let sender = workflow::sender(&self.state, seen, intent);
            if !self.state.policy.signers.contains(&sender) {
                self.effects.push(Effect::AwaitExternal { sender, intent });
                if intent.is_pipelined() {
                    break;
                }
                continue;
            }
            if !intent.is_way_back() && transactions::is_stuck(&self.state, seen, sender) {
                break;
            }
            if intent.is_pipelined() {
                let gas_limit = gas::planned(&self.state.plan, intent);
                if !self.bind(seen, intent, gas_limit)? {
                    break;
                }
            } else {
                preparing = true;
                self.effects.push(Effect::Prepare { sender, intent });
            }
        }
        Ok(())
    }

    /// An attempt that is final has failed if its effect is not there. A batch behind another that is
    /// missing has not failed by itself.
    fn count_failures(&mut self, ended: &[Intent], wanted: &[Intent]) {
        let is_first = |intent: &Intent| match *intent {
            Intent::Stage { lane, .. } => {
                let of_lane =
                    |other: &&Intent| matches!(other, Intent::Stage { lane: l, .. } if *l == lane);
                wanted.iter().find(of_lane) == Some(intent)
            }
            _ => true,
        };
        let failures = &mut self.state.memory.failures;
        failures.retain(|intent, _| wanted.contains(intent));
        for intent in ended.iter().filter(|i| wanted.contains(i) && is_first(i)) {
            *failures.entry(*intent).or_default() += 1;
        }
    }

    /// A tail whose simulation reverts again and again.
    fn is_exhausted(&self, intent: Intent) -> bool {
        let reverts = self.state.memory.reverts.get(&intent).copied();
        intent.is_tail() && reverts.unwrap_or(0) >= REVERTS_TO_HALT
    }

    /// Whether there is anything to do or to wait for but tails that revert.
    fn others_left(&self, wanted: &[Intent]) -> bool {
        wanted.iter().any(|intent| !self.is_exhausted(*intent))
            || self.state.unsettled().any(|(_, tx)| tx.is_in_flight())
    }

    /// Whether the window takes another; the way back is never kept out by what goes forward.
    fn has_room(&self, intent: Intent) -> bool {
        intent.is_way_back() || self.pending() < self.state.policy.window
    }

    /// Whether a batch of the same lane was mined and failed, so that this one would fail too.
    fn is_behind_hole(&self, intent: Intent) -> bool {
        let Intent::Stage { lane, .. } = intent else {
            return false;
        };
        self.state.unsettled().any(|(_, tx)| {
            matches!(tx.intent, Intent::Stage { lane: other, .. } if other == lane)
                && matches!(
                    tx.status,
                    Status::Included {
                        succeeded: false,
                        ..
                    }
                )
        })
    }

    fn signed(&mut self, tx: TxId, variant: Variant) -> Result<(), Halt> {
        let known = self.state.txs.get(&tx);
        let known = known.ok_or(Halt::Unexpected("signed what was never bound"))?;
        if known.is_settled() {
            return Ok(()); // another variant was quicker than the signer
        }
        let send = Effect::Send {
            tx,
            hash: variant.hash,
            raw: variant.raw.clone(),
        };
        if !known
            .variants
            .iter()
            .any(|other| other.hash == variant.hash)
        {
            self.state.memory.offered_at.remove(&tx);
            self.write(Record::Signed { tx, variant })?;
        }
        let (state, seen) = (&self.state, &self.state.memory.seen);
        let is_held = |seen| transactions::is_held_back(tx, &state.txs[&tx], state, seen);
        if !seen.as_deref().is_some_and(is_held) {
            self.effects.push(send);
        }
        Ok(())
    }

    /// Whether the last look asks for this effect.
    fn asks(&self, wanted: impl Fn(&Effect) -> bool) -> bool {
        let seen = self.state.memory.seen.as_deref();
        let next = seen.and_then(|seen| workflow::next(&self.state, seen).ok());
        matches!(next, Some(Next::Do(effect)) if wanted(&effect))
    }

    fn list_fixed(&mut self, lane: u32, list: FinalList) -> Result<(), Halt> {
        if self.state.lists.get(lane as usize) == Some(&Some(list)) {
            return Ok(());
        }
        if !self.asks(|effect| matches!(effect, Effect::FixList { lane: l, .. } if *l == lane)) {
            return Err(Halt::Unexpected("a final list that was not asked for"));
        }
        let seen = self.state.memory.seen.as_deref();
        let supply = seen.map(|seen| seen.finalized.lanes[lane as usize].supply);
        if supply != Some(list.sum) {
            return Err(Halt::Unexpected(
                "a final list that is not the frozen supply",
            ));
        }
        self.rest_on_finality()?;
        self.write(Record::ListFixed { lane, list })
    }

    /// Writes down the finality that was seen, because what is written next rests on it: should it be
    /// rewritten, the next life notices.
    fn rest_on_finality(&mut self) -> Result<(), Halt> {
        let seen = self
            .state
            .memory
            .seen
            .as_deref()
            .map(|seen| seen.finalized.at);
        match (seen, self.state.finality) {
            (Some(seen), Some(mark)) if seen.number > mark.number => {
                self.write(Record::Finality(seen))
            }
            _ => Ok(()),
        }
    }

    /// A verification counts only as the answer to what is still asked: what it saw may be gone.
    fn verified(&mut self, gate: Gate, block: BlockId) -> Result<(), Halt> {
        if self.asks(|effect| matches!(effect, Effect::Verify { gate: g, .. } if *g == gate)) {
            self.rest_on_finality()?;
            self.write(Record::Verified { gate, block })?;
        }
        Ok(())
    }

    fn prepared(
        &mut self,
        intent: Intent,
        result: Result<u64, alloy_primitives::Bytes>,
    ) -> Result<(), Halt> {
        let Some(seen) = self.state.memory.seen.clone() else {
            return Err(Halt::Unexpected("prepared before anything was observed"));
        };
        // What was wanted when the simulation began may not be wanted any more.
        let Next::Want(wanted) = workflow::next(&self.state, &seen)? else {
            return Ok(());
        };
        if self.state.memory.stopping || !wanted.contains(&intent) {
            return Ok(());
        }
        match result {
            Ok(gas) => {
                self.state.memory.reverts.remove(&intent);
                if !self.covered(&seen).contains(&intent) && self.has_room(intent) {
                    let gas_limit = gas::limit(&self.state.plan, intent, gas);
                    self.bind(&seen, intent, gas_limit)?;
                }
            }
            Err(data) => {
                let reverts = self.state.memory.reverts.entry(intent).or_default();
                *reverts += 1;
                let is_last = *reverts >= REVERTS_TO_HALT;
                if is_last && (!intent.is_tail() || !self.others_left(&wanted)) {
                    return Err(Halt::WouldRevert { intent, data });
                }
            }
        }
        Ok(())
    }

    /// Allocates a nonce and binds it; `false` where the budget does not allow it.
    fn bind(&mut self, seen: &Observation, intent: Intent, gas_limit: u64) -> Result<bool, Halt> {
        let sender = workflow::sender(&self.state, seen, intent);
        let (max_fee, tip) = transactions::quote(&self.state, seen, gas_limit);
        let reserved = gas::reserve(&self.state.plan, intent);
        if !transactions::affords(&self.state, gas_limit + reserved, max_fee) {
            return if self.pending() == 0 {
                Err(Halt::OverBudget {
                    intent,
                    budget_wei: self.state.policy.budget_wei,
                })
            } else {
                Ok(false)
            };
        }
        let (Some(latest), Some(fin)) = (seen.nonces.get(&sender), seen.final_nonces.get(&sender))
        else {
            return Ok(false);
        };
        // The way back takes over a nonce whose bytes never existed: else they would have to be signed
        // and mined before it, and go forward.
        let nonce = self
            .state
            .plan
            .leads_back(intent)
            .then(|| self.state.unsigned_nonce(sender, *latest))
            .flatten()
            .unwrap_or_else(|| self.state.next_nonce(sender, *latest.max(fin)));
        // A nonce that is neither ours nor final may come back after a reorg, and would be a gap that
        // nobody fills.
        let at = |nonce| TxId { sender, nonce };
        let ours = self
            .state
            .txs
            .range(at(*fin.min(&nonce))..at(nonce))
            .count() as u64;
        if ours < nonce.saturating_sub(*fin) {
            return Ok(false);
        }
        let tx = at(nonce);
        self.write(Record::Bound {
            tx,
            intent,
            gas_limit,
        })?;
        self.effects.push(Effect::Sign {
            tx,
            intent,
            gas_limit,
            max_fee,
            tip,
        });
        Ok(true)
    }

    fn answered(
        &mut self,
        tx: TxId,
        hash: alloy_primitives::B256,
        answer: SendAnswer,
    ) -> Result<(), Halt> {
        let known = self.state.txs.get(&tx).filter(|known| !known.is_settled());
        let Some(known) = known else { return Ok(()) };
        let (intent, is_new) = (known.intent, !known.offered.contains(&hash));
        if is_new {
            self.write(Record::Offered { tx, hash })?;
        }
        let halt = match &answer {
            SendAnswer::Rejected(Rejection::InsufficientFunds) => Some(Halt::InsufficientFunds {
                sender: tx.sender,
                intent,
            }),
            SendAnswer::Rejected(Rejection::Invalid(reason)) => Some(Halt::Invalid {
                intent,
                reason: reason.clone(),
            }),
            _ => None,
        };
        self.judge_refusal(tx, intent, halt)?;
        let now = self
            .state
            .memory
            .seen
            .as_ref()
            .map_or(0, |seen| seen.now_secs);
        let patient = (now.saturating_add(self.state.policy.bump_after_secs), now);
        let (bump_at, _) = *self.state.memory.offered_at.get(&tx).unwrap_or(&patient);
        let bump_at = match answer {
            // Too cheap for the pool: the next look may raise the fee. Not in the same second, else a
            // node that always says so drives the fee to its cap without a pause.
            SendAnswer::Rejected(Rejection::Underpriced) => now.saturating_add(1),
            SendAnswer::Accepted | SendAnswer::Ambiguous(_) | SendAnswer::Rejected(_) => bump_at,
        };
        self.state.memory.offered_at.insert(tx, (bump_at, now));
        Ok(())
    }

    /// A refusal for good halts the run, with two exceptions. Pools add up what the pending transactions
    /// of a sender may cost, so that only the lowest of them says that money is missing. And what has
    /// become moot may not stand in the way of what is left to do, least of all of an abort.
    fn judge_refusal(&mut self, tx: TxId, intent: Intent, halt: Option<Halt>) -> Result<(), Halt> {
        let Some(halt) = halt else {
            self.state.memory.refused.remove(&tx);
            return Ok(());
        };
        let seen = self.state.memory.seen.as_deref();
        if seen.is_some_and(|seen| workflow::is_moot(&self.state, seen, intent)) {
            self.state.memory.refused.insert(tx);
            return Ok(());
        }
        let mut pending = self
            .state
            .unsettled()
            .filter(|(id, other)| id.sender == tx.sender && other.status == Status::Pending);
        let is_lowest = pending.next().is_none_or(|(lowest, _)| *lowest == tx);
        if is_lowest || !matches!(halt, Halt::InsufficientFunds { .. }) {
            return Err(halt);
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.state
            .unsettled()
            .filter(|(_, tx)| tx.status == Status::Pending)
            .count()
    }

    /// Intents that are on their way, or that succeeded in a block which this look does not show.
    fn covered(&self, seen: &Observation) -> BTreeSet<Intent> {
        let shown = seen.latest.at.number;
        let on_its_way = |status: &Status| match *status {
            Status::Pending | Status::Included { .. } => true,
            Status::Finalized { block, succeeded } => succeeded && block.number > shown,
            Status::Superseded => false,
        };
        self.state
            .txs
            .values()
            .filter(|tx| on_its_way(&tx.status))
            .map(|tx| tx.intent)
            .collect()
    }
}

impl State {
    /// The phase that was last seen at the newest block.
    pub fn phase(&self) -> Phase {
        self.memory
            .seen
            .as_ref()
            .map_or(Phase::None, |seen| seen.latest.phase)
    }

    /// Whether the decision was seen on finalized ground, in this life or an earlier one.
    fn is_committed(&self) -> bool {
        let seen = self.memory.seen.as_ref();
        self.outcome == Some(Outcome::Done)
            || seen.is_some_and(|seen| seen.finalized.phase == Phase::Committed)
    }
}
