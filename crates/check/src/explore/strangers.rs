//! What a stranger does: one call, or two of which the second depends on the first.

use std::sync::Arc;

use alloy_primitives::map::HashSet;
use alloy_primitives::{I256, U256};
use sealift_evm::{CLOCK, Cell};

use super::ExploreError;
use super::holders::{amount, moved};
use super::worker::{Seen, Worker};
use crate::fork::{Fork, Print, Value};
use crate::ledger::{Claim, Shift};
use crate::model::{Action, Fault, Node, STRANGER};
use crate::send::{Outcome, after};

impl Worker<'_, '_> {
    /// What each call of a stranger does in a state.
    ///
    /// Where it is known in which cells the state differs from the undisturbed one before a step, only those calls
    /// are asked for anew that depend on one of them, or on what the steps write that lie between.
    pub(super) fn calls(&mut self, node: &Node, step: usize) -> Vec<Arc<Outcome>> {
        let ground = self.ground;
        let all = 0..ground.subject.hostile.len();
        let mut calls = std::mem::take(&mut self.calls);
        let apart = node.apart.as_ref().filter(|_| !ground.limits.full);
        let mut outcomes = Vec::new();
        if let Some(apart) = apart {
            let there = &ground.path[step].fork;
            let changed = if calls.outcomes.is_empty() {
                all.collect()
            } else {
                let between = calls.step.min(step)..calls.step.max(step);
                let effects = ground.sent[between].iter();
                calls.users_of(effects.flat_map(|sent| sent.effect.cells()))
            };
            for call in changed {
                let outcome = self.hostile(there, call);
                calls.note(call, &outcome);
                match calls.outcomes.get_mut(call) {
                    Some(known) => *known = outcome,
                    None => calls.outcomes.push(outcome),
                }
            }
            calls.step = step;
            outcomes.clone_from(&calls.outcomes);
            for call in calls.users_of(apart.iter().copied()) {
                outcomes[call] = self.hostile(&node.fork, call);
                calls.note(call, &outcomes[call]);
            }
        } else {
            for call in all {
                outcomes.push(self.hostile(&node.fork, call));
                calls.note(call, &outcomes[call]);
            }
        }
        self.calls = calls;
        outcomes
    }

    /// Every call of a stranger in a state where it has made none.
    pub(super) fn strangers(
        &mut self,
        node: &Node,
        step: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let ground = self.ground;
        let count = ground.subject.hostile.len();
        if count == 0 || !self.site(&Fault::Stranger(0), count as u64) {
            return Ok(());
        }
        let outcomes = self.calls(node, step);
        self.fired(&Fault::Stranger(0), count as u64);
        let mut known: HashSet<Print> = HashSet::default();
        for (call, outcome) in outcomes.iter().enumerate() {
            if outcome.is_idle() || !known.insert(outcome.effect.print()) {
                continue;
            }
            let sent = after(&node.fork, outcome.clone());
            let others = self.calls.users_of(outcome.effect.cells());
            let others = others.into_iter().map(|call| (call, &outcomes[call]));
            if !self.matters(&sent.fork, outcome, others, seen) {
                self.out.absorbed.extend(outcome.effect.cells());
                continue;
            }
            let mut next = node.clone();
            next.sent += 1;
            next.stranger = 1;
            next.record.set_overtaken(self.overtaken(call));
            self.take(&mut next, &sent, seen)?;
            self.bought(node, &mut next, outcome);
            next.touched = match *next.claims.differences(&node.claims) {
                [account] if account < ground.subject.accounts.len() => Some(account),
                _ => None,
            };
            Self::set_apart(&mut next, outcome.effect.cells());
            self.faulty(next, step, Fault::Stranger(call), None);
        }
        Ok(())
    }

    /// The steps whose very call a stranger makes.
    fn overtaken(&self, call: usize) -> impl Iterator<Item = usize> + use<'_> {
        let subject = &self.ground.subject;
        let made = &subject.hostile[call];
        let steps = subject.steps.iter().enumerate();
        let same = steps.filter(|(_, step)| {
            (step.to, &step.data, step.value) == (made.to, &made.data, made.value)
        });
        same.map(|(step, _)| step)
    }

    /// What the stranger pays in a call, in units of whatever it is.
    pub(super) fn paid(&self, fork: &Fork, outcome: &Outcome) -> U256 {
        let effect = outcome.effect.on(fork);
        let paid = effect.changes.iter().map(|(cell, value)| {
            let (old, new) = match (fork.value(cell), value) {
                (Value::Account(old), Value::Account(new)) if cell.0 == STRANGER => {
                    (old.balance, new.balance)
                }
                (Value::Word(old), Value::Word(new))
                    if self.ground.subject.wealth.contains(cell) =>
                {
                    (old, *new)
                }
                _ => return U256::ZERO,
            };
            old.saturating_sub(new)
        });
        paid.fold(U256::ZERO, U256::saturating_add)
    }

    /// What a stranger gets for no more than it pays is its own, and what it gives up nobody owes it any more; others may
    /// have as much more as it gave.
    fn bought(&self, before: &Node, after: &mut Node, outcome: &Outcome) {
        let ground = self.ground;
        let paid = self.paid(&before.fork, outcome);
        after.given = before.given.saturating_add(paid);
        let (mut for_others, mut worth_to_others) = (I256::ZERO, I256::ZERO);
        let mut own = None;
        let mut changed = after.claims.differences(&before.claims);
        changed.retain(|account| *account < ground.judged);
        for account in changed {
            let who = ground.accounts[account];
            let changes = self.changes(before, after, account);
            let units = changes.iter().map(|(_, _, by)| *by);
            let units = units.fold(I256::ZERO, I256::saturating_add);
            let worth = self.more_worth(before, after, account);
            if who == STRANGER {
                own = Some((changes, units, worth));
            } else {
                for_others = for_others.saturating_add(units);
                worth_to_others = worth_to_others.saturating_add(worth);
            }
        }
        if for_others > amount(paid) && worth_to_others <= amount(paid) {
            // It paid for shares of which there are more than of what it paid with.
            after.given = before.given.saturating_add(for_others.unsigned_abs());
        }
        if let Some((changes, units, worth)) = own
            && worth <= amount(paid)
        {
            if units.is_negative() {
                after.given = after.given.saturating_add(units.unsigned_abs());
            }
            after.shift = moved(&before.shift, changes);
        }
    }

    /// By asset, what an account can move more or less.
    fn changes(&self, before: &Node, after: &Node, account: usize) -> Vec<Shift> {
        let judge = self.judge();
        let who = self.ground.accounts[account];
        let changes = (0..self.ground.subject.assets.len()).map(|asset| {
            let live = |node: &Node| amount(judge.live(&node.claims, account, asset));
            (who, asset, live(after).saturating_sub(live(before)))
        });
        changes.filter(|(_, _, by)| !by.is_zero()).collect()
    }

    /// What an account has more or less of in what its claims are worth: shares by their price.
    fn more_worth(&self, before: &Node, after: &Node, account: usize) -> I256 {
        let (old, new) = (before.claims.row(account), after.claims.row(account));
        let changes = old.iter().zip(&**new).zip(&self.ground.subject.ledgers);
        let changes = changes.map(|((old, new), ledger)| {
            let worth = |claim: &Claim| match ledger.price {
                Some(_) => amount(claim.worth),
                None => amount(ledger.worth(claim.live)),
            };
            worth(new).saturating_sub(worth(old))
        });
        changes.fold(I256::ZERO, I256::saturating_add)
    }

    /// Whether a call writes what anything else depends on, by itself or with a second call that depends on it; with
    /// those come what they do alone.
    fn matters<'o>(
        &mut self,
        fork: &Fork,
        first: &Outcome,
        others: impl Iterator<Item = (usize, &'o Arc<Outcome>)>,
        seen: &Seen,
    ) -> bool {
        let is_relevant = |outcome: &Outcome| {
            outcome
                .effect
                .cells()
                .any(|cell| seen.relevant.contains(&cell))
        };
        if self.ground.limits.full || is_relevant(first) {
            return true;
        }
        let depends = |outcome: &Outcome| {
            first
                .effect
                .cells()
                .any(|cell| outcome.reads.binary_search(&cell).is_ok())
        };
        for (call, outcome) in others {
            if !depends(outcome) && outcome.holds(fork) {
                continue;
            }
            let second = self.hostile(fork, call);
            if !second.is_idle() && second.effect.print() != outcome.effect.print() {
                if is_relevant(&second) {
                    return true;
                }
                self.out.absorbed.extend(second.effect.cells());
            }
        }
        false
    }

    /// A second call of the stranger. A call that reads nothing in which this state differs does what it would do
    /// without the first one, and is the only call of another scenario.
    pub(super) fn strangers_again(&mut self, node: &Node, seen: &Seen) -> Result<(), ExploreError> {
        if let Some(account) = node.touched {
            self.takes(node, account, seen)?;
        }
        let count = self.ground.subject.hostile.len() as u32;
        let mut calls: Vec<u32> = match &node.apart {
            Some(apart) if !self.ground.limits.full => apart
                .iter()
                .filter_map(|cell| seen.hostile_readers.get(cell))
                .flatten()
                .copied()
                .collect(),
            _ => (0..count).collect(),
        };
        calls.sort_unstable();
        calls.dedup();
        let mut known: HashSet<Print> = HashSet::default();
        for call in calls {
            let outcome = self.hostile(&node.fork, call as usize);
            if outcome.is_idle() || !known.insert(outcome.effect.print()) {
                continue;
            }
            let is_relevant = outcome
                .effect
                .cells()
                .any(|cell| seen.relevant.contains(&cell));
            if !is_relevant && !self.ground.limits.full {
                self.out.absorbed.extend(outcome.effect.cells());
                continue;
            }
            let sent = after(&node.fork, outcome.clone());
            let mut next = node.clone();
            next.sent += 1;
            next.stranger -= 1;
            next.touched = None;
            next.record.set_overtaken(self.overtaken(call as usize));
            self.take(&mut next, &sent, seen)?;
            self.bought(node, &mut next, &outcome);
            // After it has paid, what it does to itself is its own affair.
            let standings = |node: &Node| self.judge().assess(node).standings;
            if !node.given.is_zero() && standings(node) == standings(&next) {
                continue;
            }
            Self::set_apart(&mut next, sent.effect.cells());
            self.emit(next, Action::Again(call as usize), None);
        }
        Ok(())
    }

    /// What a call of a stranger does; what it reads matters to other calls of a stranger only, but for the time.
    pub(super) fn hostile(&mut self, fork: &Fork, call: usize) -> Arc<Outcome> {
        self.note_dependencies();
        let ground = self.ground;
        let question = ground.hostile[call];
        let message = &ground.subject.hostile[call];
        let outcome = self.sender.outcome(fork, question, message, None);
        let found: Vec<Cell> = std::mem::take(&mut self.sender.found);
        if found.contains(&CLOCK) {
            self.out.relevant.push(CLOCK);
        }
        let reads = found.into_iter().map(|cell| (cell, call as u32));
        self.out.hostile_reads.extend(reads);
        outcome
    }
}
