//! What counterparties do inside a step: accounts that call back, and tokens that misbehave.

use std::collections::BTreeSet;

use alloy_primitives::{Address, I256};
use sealift_evm::{Message, Misbehaving, Misbehaviour};

use super::ExploreError;
use super::worker::{Seen, Worker};
use crate::fork::Print;
use crate::model::{Fault, Node, STRANGER, Subject};
use crate::send::after;

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
                let mut next = self.landed(node, step, &after(&node.fork, outcome), seen)?;
                next.record.next = step + 1;
                // The holder acted on its own: what it gives away or gives up is not the migration's doing.
                let (from, to, asset, worth) = given_away(self.ground.subject, &inner);
                next.shift = super::faults::moved(&node.shift, from, to, asset, worth);
                next.waive(account);
                if let Some(past) = next.trail.last_mut() {
                    past.shift = next.shift.clone();
                    past.waived = next.waived.clone();
                }
                self.faulty(next, step, fault, None);
            }
        }
        Ok(())
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
/// allowed it.
fn given_away(subject: &Subject, call: &Message) -> (Address, Address, usize, I256) {
    let mut books = subject.ledgers.iter();
    let given = books.find_map(|book| Some((book, book.given_by(call)?)));
    let nothing = (call.from, call.from, 0, I256::ZERO);
    given.map_or(nothing, |(book, (from, to, amount))| {
        let worth = I256::try_from(book.worth(amount)).unwrap_or(I256::MAX);
        (from, to, book.asset, worth)
    })
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
