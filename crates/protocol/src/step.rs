//! The one entry of the core.

use std::collections::BTreeSet;

use crate::effect::{Effect, Halt};
use crate::event::{Event, Observation, Phase, Rejection, SendAnswer, TxId};
use crate::intent::Intent;
use crate::record::Record;
use crate::state::{State, Status, Tx};
use crate::transactions::{self, TX_GAS_CAP};
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
                stepped.effects.push(Effect::Send {
                    tx,
                    hash: variant.hash,
                    raw: variant.raw.clone(),
                });
                stepped.state.memory.offered_at.remove(&tx);
                stepped.write(Record::Signed { tx, variant })?;
            }
        }
        Event::Answered(answers) => {
            for (tx, hash, answer) in answers {
                stepped.answered(tx, hash, answer)?;
            }
        }
        Event::ListFixed(lane, list) => stepped.write(Record::ListFixed { lane, list })?,
        Event::Verified(gate, block) => stepped.write(Record::Verified { gate, block })?,
        Event::AbortRequested => {
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
        if let Some(record) = transactions::finality(&self.state, &seen)? {
            self.write(record)?;
        }
        transactions::remember_receiptless(&mut self.state, &seen);
        for record in transactions::follow(&self.state, &seen) {
            if let Record::Excluded { tx } = &record {
                self.state.memory.offered_at.remove(tx);
            }
            self.write(record)?;
        }
        self.effects.extend(transactions::nudge(&self.state, &seen));
        if self.state.memory.stopping {
            let is_out = |tx: &Tx| tx.status == Status::Pending && !tx.offered.is_empty();
            if !self.state.unsettled().any(|(_, tx)| is_out(tx)) {
                self.effects.push(Effect::Leave);
            }
        } else {
            self.advance(&seen)?;
        }
        self.state.memory.seen = Some(seen);
        Ok(())
    }

    /// Binds what is wanted next, as far as window and budget allow.
    fn advance(&mut self, seen: &Observation) -> Result<(), Halt> {
        if let Some(outcome) = self.state.outcome {
            self.effects.push(Effect::Finish(outcome));
            return Ok(());
        }
        let wanted = match workflow::next(&self.state, seen)? {
            Next::Want(wanted) => wanted,
            Next::Do(effect) => {
                self.effects.push(effect);
                return Ok(());
            }
            Next::Wait => return Ok(()),
            Next::End(outcome) => {
                self.write(Record::Ended(outcome))?;
                self.effects.push(Effect::Finish(outcome));
                return Ok(());
            }
        };
        let covered = self.covered(seen);
        let mut room = self.state.policy.window.saturating_sub(self.pending());
        let mut preparing = false;
        for intent in wanted {
            if covered.contains(&intent) {
                continue;
            }
            if room == 0 || (preparing && intent.is_pipelined()) {
                break;
            }
            let failures = self.state.failures.get(&intent).copied().unwrap_or(0);
            if failures >= self.state.policy.max_attempts {
                return Err(Halt::KeepsFailing {
                    intent,
                    attempts: failures,
                });
            }
            let sender = workflow::sender(&self.state, seen, intent);
            if !self.state.policy.signers.contains(&sender) {
                self.effects.push(Effect::AwaitExternal { sender, intent });
                break;
            }
            if intent.is_pipelined() {
                let gas_limit = self.planned_gas(intent);
                if !self.bind(seen, intent, gas_limit)? {
                    break;
                }
            } else {
                preparing = true;
                self.effects.push(Effect::Prepare { sender, intent });
            }
            room -= 1;
        }
        Ok(())
    }

    fn prepared(
        &mut self,
        intent: Intent,
        result: Result<u64, alloy_primitives::Bytes>,
    ) -> Result<(), Halt> {
        let Some(seen) = self.state.memory.seen.take() else {
            return Err(Halt::Unexpected("prepared before anything was observed"));
        };
        match result {
            Ok(gas) => {
                self.state.memory.reverts.remove(&intent);
                if !self.covered(&seen).contains(&intent) {
                    let padded = gas.saturating_add(gas / 5).min(TX_GAS_CAP);
                    self.bind(&seen, intent, padded)?;
                }
            }
            Err(data) => {
                let reverts = self.state.memory.reverts.entry(intent).or_default();
                *reverts += 1;
                if *reverts >= REVERTS_TO_HALT {
                    return Err(Halt::WouldRevert { intent, data });
                }
            }
        }
        self.state.memory.seen = Some(seen);
        Ok(())
    }

    /// Allocates a nonce and binds it; `false` where the budget does not allow it.
    fn bind(&mut self, seen: &Observation, intent: Intent, gas_limit: u64) -> Result<bool, Halt> {
        let sender = workflow::sender(&self.state, seen, intent);
        let (max_fee, tip) = transactions::quote(&self.state, seen);
        if !transactions::affords(&self.state, gas_limit, max_fee) {
            return if self.pending() == 0 {
                Err(Halt::OverBudget {
                    intent,
                    budget_wei: self.state.policy.budget_wei,
                })
            } else {
                Ok(false)
            };
        }
        let on_chain = seen.nonces.get(&sender).copied().unwrap_or(0);
        let tx = TxId {
            sender,
            nonce: self.state.next_nonce(sender, on_chain),
        };
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
        let now = self
            .state
            .memory
            .seen
            .as_ref()
            .map_or(0, |seen| seen.now_secs);
        let (first, _) = *self.state.memory.offered_at.get(&tx).unwrap_or(&(now, now));
        let first = match answer {
            // Too cheap for the pool: the next look may raise the fee at once.
            SendAnswer::Rejected(Rejection::Underpriced) => {
                now.saturating_sub(self.state.policy.bump_after_secs)
            }
            SendAnswer::Rejected(Rejection::InsufficientFunds) => {
                return Err(Halt::InsufficientFunds {
                    sender: tx.sender,
                    intent,
                });
            }
            SendAnswer::Rejected(Rejection::Invalid(reason)) => {
                return Err(Halt::Invalid { intent, reason });
            }
            SendAnswer::Accepted
            | SendAnswer::Ambiguous(_)
            | SendAnswer::Rejected(Rejection::NonceTooLow | Rejection::PoolFull) => first,
        };
        self.state.memory.offered_at.insert(tx, (first, now));
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

    fn planned_gas(&self, intent: Intent) -> u64 {
        let lanes = &self.state.plan.lanes;
        match intent {
            Intent::Stage { lane, .. } => lanes[lane as usize].stage_gas,
            Intent::Materialize { lane, .. } => lanes[lane as usize].materialize_gas,
            _ => TX_GAS_CAP,
        }
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
}
