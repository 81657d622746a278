//! What counterparties do inside a step: accounts that call back, and tokens that misbehave.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Address, I256};
use sealift_evm::{Message, Misbehaving, Misbehaviour, Reentry};

use super::ExploreError;
use super::ground::Ground;
use super::holders::amount;
use super::worker::{Seen, Worker};
use crate::fork::Print;
use crate::ledger::Shift;
use crate::model::{CallBack, Excuse, Fault, Node, STRANGER, Subject};
use crate::send::{Outcome, after};

impl Worker<'_, '_> {
    /// Accounts that a step calls make a call of their own before they return: each of those that a stranger can
    /// make, made by the account for itself. Equal outcomes are followed once.
    pub(super) fn reentered(
        &mut self,
        node: &Node,
        step: usize,
        message: &Message,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let ground = self.ground;
        if ground.subject.hostile.is_empty() {
            return Ok(());
        }
        let people = ground.movers_at(step);
        let callouts = self.sender.callouts(&node.fork, message, &people);
        let mut known: BTreeSet<Print> = BTreeSet::new();
        for account in callouts.iter().copied() {
            for call in 0..ground.subject.hostile.len() {
                let fault = Fault::Reenters { account, call };
                if !self.site(&fault, 1) {
                    return Ok(());
                }
                self.fired(&fault, 1);
                let inner = own_call(ground.subject, account, call);
                let Some(outcome) = self.sender.reentered(&node.fork, message, account, &inner)
                else {
                    continue;
                };
                if !known.insert(outcome.effect.print()) {
                    continue;
                }
                self.held_call(node, step, fault, (&inner, outcome), seen)?;
            }
        }
        Ok(())
    }

    /// Tokens that may misbehave call the accounts back whose tokens a step moves, and those make a call of their own:
    /// each of those that a stranger can make. Equal outcomes are followed once.
    pub(super) fn called_back(
        &mut self,
        node: &Node,
        step: usize,
        message: &Message,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let subject = self.ground.subject;
        if subject.tokens.is_empty() {
            return Ok(());
        }
        let people = self.ground.movers_at(step);
        let hooks = self
            .sender
            .hooks(&node.fork, message, &subject.tokens, &people);
        let mut known: BTreeSet<Print> = BTreeSet::new();
        for hook in hooks {
            for call in 0..subject.hostile.len() {
                let fault = Fault::CallsBack(CallBack { hook, call });
                if !self.site(&fault, 1) {
                    return Ok(());
                }
                self.fired(&fault, 1);
                let own = own_call(subject, hook.account, call);
                let reentry = Reentry {
                    call: hook.inner,
                    turn: hook.turn,
                    from: hook.account,
                    to: own.to.unwrap_or_default(),
                    data: own.data.clone(),
                };
                let outcome = self.sender.called_back(&node.fork, message, reentry);
                let Some(outcome) = outcome.filter(|outcome| known.insert(outcome.effect.print()))
                else {
                    continue;
                };
                self.held_call(node, step, fault, (&own, outcome), seen)?;
            }
        }
        Ok(())
    }

    /// A step in which a holder made a call of its own: what it gives away or gives up is not the migration's doing.
    fn held_call(
        &mut self,
        node: &Node,
        step: usize,
        fault: Fault,
        (call, outcome): (&Message, Arc<Outcome>),
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let mut next = self.landed(node, step, &after(&node.fork, outcome), seen)?;
        next.record.next = step + 1;
        let gifts = match given_away(self.ground, call) {
            Some((from, to, asset, worth)) => vec![(from, asset, -worth), (to, asset, worth)],
            None => {
                let plain = self.send_step(node, step, u64::from(node.record.reruns));
                let plain = self.landed(node, step, &plain, seen)?;
                self.gifts(&plain, &next, call.from)
            }
        };
        let own = (call.from, 0, I256::ZERO);
        next.shift = super::holders::moved(&node.shift, gifts.into_iter().chain([own]));
        next.excuse(call.from, Excuse::Absent);
        if let Some(past) = next.trail.last_mut() {
            past.shift = next.shift.clone();
            past.excused = next.excused.clone();
        }
        self.faulty(next, step, fault, None);
        Ok(())
    }

    /// What a holder gave others by a call within a step: what it has less, where nobody else has less than after the
    /// step alone and the others have as much more.
    fn gifts(&self, plain: &Node, with: &Node, from: Address) -> Vec<Shift> {
        let (ground, judge) = (self.ground, self.judge());
        let mut others = with.claims.differences(&plain.claims);
        others.retain(|account| *account < ground.judged);
        let of_asset = |asset: usize| -> Option<Vec<Shift>> {
            let changes = others.iter().map(|account| {
                let live = |node: &Node| amount(judge.live(&node.claims, *account, asset));
                let by = live(with).saturating_sub(live(plain));
                (ground.accounts[*account], asset, by)
            });
            let changes: Vec<Shift> = changes.filter(|(_, _, by)| !by.is_zero()).collect();
            let gives = |(who, _, by): &Shift| (*who == from) == by.is_negative();
            let sum = changes.iter().map(|(_, _, by)| *by);
            let sum = sum.fold(I256::ZERO, I256::saturating_add);
            (changes.iter().all(gives) && sum.is_zero()).then_some(changes)
        };
        (0..ground.subject.assets.len())
            .filter_map(of_asset)
            .flatten()
            .collect()
    }

    /// Tokens that may misbehave do, in each way, for one step.
    pub(super) fn misbehaving_tokens(
        &mut self,
        node: &Node,
        step: usize,
        message: &Message,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let ground = self.ground;
        let blocked = ground.movers_at(step).into_iter().map(Misbehaving::Blocks);
        let ways: Vec<Misbehaving> = [
            Misbehaving::TakesFee,
            Misbehaving::Rebases,
            Misbehaving::ReturnsFalse,
            Misbehaving::Pauses,
        ]
        .into_iter()
        .chain(blocked)
        .collect();
        for token in &ground.subject.tokens {
            for how in &ways {
                let misbehaviour = Misbehaviour {
                    token: *token,
                    how: *how,
                };
                let fault = Fault::Token(misbehaviour);
                if self.is_off(&fault) {
                    continue;
                }
                let outcome = self.sender.misbehaving(&node.fork, message, misbehaviour);
                // A step that fails as a whole is one that was reverted.
                let Some(outcome) = outcome else { continue };
                self.site(&fault, 1);
                self.fired(&fault, 1);
                if outcome.failed.is_some() {
                    continue;
                }
                let mut next = self.landed(node, step, &after(&node.fork, outcome), seen)?;
                next.record.next = step + 1;
                self.faulty(next, step, fault, None);
            }
        }
        Ok(())
    }
}

/// What a call of a holder gives away, whose, to whom: a plain transfer in a ledger, of its own or of what somebody
/// allowed it. What goes to a contract that nobody judges is given to the migration, which may give it back.
fn given_away(ground: &Ground<'_>, call: &Message) -> Option<(Address, Address, usize, I256)> {
    let mut books = ground.subject.ledgers.iter();
    let given = books
        .find_map(|book| Some((book, book.given_by(call)?)))
        .filter(|(_, (_, to, _))| ground.accounts[..ground.judged].contains(to));
    given.map(|(book, (from, to, units))| (from, to, book.asset, amount(book.worth(units))))
}

/// A call of the stranger as another account makes it for itself.
pub(crate) fn own_call(subject: &Subject, account: Address, call: usize) -> Message {
    let mut message = subject.hostile[call].clone();
    let mut data = message.data.to_vec();
    for at in 0..data.len().saturating_sub(19) {
        if data[at..at + 20] == STRANGER[..] {
            data[at..at + 20].copy_from_slice(account.as_slice());
        }
    }
    message.data = data.into();
    message.from = account;
    message
}
