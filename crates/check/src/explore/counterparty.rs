//! What counterparties do inside a step: accounts that call back, and tokens that misbehave.

use std::collections::BTreeSet;

use alloy_primitives::{Address, I256};
use sealift_evm::{Message, Misbehaving, Misbehaviour};

use super::ExploreError;
use super::search::Seen;
use super::worker::Worker;
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
        callouts: &[Address],
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let mut known: BTreeSet<Print> = BTreeSet::new();
        for account in callouts.iter().copied() {
            for call in 0..self.ground.subject.hostile.len() {
                let fault = Fault::Reenters { account, call };
                if !self.site(&fault, 1) {
                    return Ok(());
                }
                self.fired(&fault, 1);
                let inner = own_call(self.ground.subject, account, call);
                let Some(outcome) = self.sender.reentered(&node.fork, message, account, &inner)
                else {
                    continue;
                };
                if !known.insert(outcome.effect.print()) {
                    continue;
                }
                let mut next = self.landed(node, step, &after(&node.fork, outcome), seen)?;
                next.record.next = step + 1;
                // The holder acted on its own: what it did to its own claims is not the migration's doing.
                next.shift = super::faults::moved(&node.shift, account, account, I256::ZERO);
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
        let movers = ground.movers.get(step).into_iter().flatten();
        let blocked = movers.map(|account| Misbehaving::Blocks(ground.accounts[*account]));
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
