//! What holders do between two steps: they get code, act, give away, and take out.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, I256, U256};
use sealift_evm::Message;

use super::ExploreError;
use super::worker::{Seen, Worker};
use crate::ledger::Shift;
use crate::model::{Action, Excuse, Fault, Node};
use crate::send::Sent;

impl Worker<'_, '_> {
    /// The account of a holder becomes a contract, of one kind and of another.
    pub(super) fn gets_code(
        &mut self,
        node: &Node,
        step: usize,
        account: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let who = self.ground.accounts[account];
        for refuses in [false, true] {
            let fault = Fault::HolderGetsCode {
                account: who,
                refuses,
            };
            if node.fork.has_code(who) || !self.site(&fault, 1) {
                continue;
            }
            let mut next = node.clone();
            let code = if refuses {
                crate::model::REFUSES
            } else {
                crate::model::ACCEPTS
            };
            next.fork
                .set_code(who, crate::fork::Bytecode::new_eip7702(code));
            let excuse = if refuses {
                Excuse::Absent
            } else {
                Excuse::Late
            };
            next.excuse(who, excuse);
            self.reread(&mut next, [(who, None)].into_iter(), seen)?;
            Self::set_apart(&mut next, [(who, None)].into_iter());
            self.fault(next, step, fault, None);
        }
        Ok(())
    }

    /// A holder takes back what it lets others take: from now on nobody owes it to be moved.
    pub(super) fn revokes(
        &mut self,
        node: &Node,
        step: usize,
        account: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let ground = self.ground;
        let holder = ground.accounts[account];
        for (index, allowance) in ground.subject.allowances.iter().enumerate() {
            let fault = Fault::HolderRevokes {
                allowance: index,
                holder,
            };
            let message = allowance.revoked(holder);
            if self.is_off(&fault) || self.sender.send(&node.fork, &message, None).is_idle() {
                continue;
            }
            self.acts(node, step, &message, fault, seen)?;
        }
        Ok(())
    }

    /// A holder does what is declared.
    pub(super) fn action(
        &mut self,
        node: &Node,
        step: usize,
        index: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let call = &self.ground.subject.actions[index];
        if self.acts(node, step, &call.message, Fault::Action(index), seen)? {
            self.out.acted.push(index);
        }
        Ok(())
    }

    /// A holder makes a transaction of its own: what it does to its own claims is not the migration's doing. Whether it
    /// succeeds.
    fn acts(
        &mut self,
        node: &Node,
        step: usize,
        message: &Message,
        fault: Fault,
        seen: &Seen,
    ) -> Result<bool, ExploreError> {
        let sent = self.sender.send(&node.fork, message, None);
        if sent.failed.is_some() || !self.site(&fault, 1) {
            return Ok(false);
        }
        let mut next = self.after_own(node, message.from, &sent, seen)?;
        next.shift = moved(&node.shift, [(message.from, 0, I256::ZERO)]);
        self.fault(next, step, fault, None);
        Ok(true)
    }

    /// The state after a transaction of a holder's own.
    fn after_own(
        &mut self,
        node: &Node,
        who: Address,
        sent: &Sent,
        seen: &Seen,
    ) -> Result<Node, ExploreError> {
        let mut next = node.clone();
        next.sent += 1;
        let steps = self.ground.subject.steps.iter().enumerate();
        let own = steps.filter(|(_, step)| step.from == who);
        next.record.set_overtaken(own.map(|(step, _)| step));
        self.take(&mut next, sent, seen)?;
        Self::set_apart(&mut next, sent.effect.cells());
        Ok(next)
    }

    /// A holder moves all that it can move in a ledger, to another holder and to somebody new.
    pub(super) fn transfers(
        &mut self,
        node: &Node,
        step: usize,
        account: usize,
        neighbour: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let ground = self.ground;
        for (ledger, book) in ground.subject.ledgers.iter().enumerate() {
            let claim = node.claims.row(account)[ledger];
            if claim.live.is_zero() {
                continue;
            }
            let from = ground.accounts[account];
            for to in [crate::model::NEWCOMER, ground.accounts[neighbour]] {
                let fault = Fault::HolderTransfers { ledger, from, to };
                if to == from || self.is_off(&fault) {
                    continue;
                }
                let gas = sealift_evm::TX_GAS_CAP;
                let Some(message) = book.gift(from, to, claim.live, gas) else {
                    continue;
                };
                let sent = self.sender.send(&node.fork, &message, None);
                // A token may refuse this recipient: then there is no place where it can happen.
                if sent.failed.is_some() || !self.site(&fault, 1) {
                    continue;
                }
                let mut next = self.after_own(node, from, &sent, seen)?;
                let worth = book.worth(claim.live);
                let got = |to| self.got_by_transfer(node, &next, to, ledger);
                let to_whom = ground.accounts.iter().position(|own| *own == to);
                let given = to_whom.and_then(got).unwrap_or(worth).min(worth);
                let (worth, given) = (amount(worth), amount(given));
                let both = [(from, book.asset, -worth), (to, book.asset, given)];
                next.shift = moved(&node.shift, both);
                self.fault(next, step, fault, None);
            }
        }
        Ok(())
    }

    /// What somebody can move more after a transfer to it, where it was blocked before the first step: who gives to such
    /// an account has given it up. `None` where the account could move something then, or had nothing.
    fn got_by_transfer(
        &self,
        before: &Node,
        after: &Node,
        account: usize,
        ledger: usize,
    ) -> Option<U256> {
        let ledgers = &self.ground.subject.ledgers;
        let at_first = self.judge().baseline.start.row(account).iter();
        let mut of_asset = at_first
            .zip(ledgers)
            .filter(|(_, book)| book.asset == ledgers[ledger].asset)
            .map(|(claim, _)| claim)
            .filter(|claim| !claim.recorded.is_zero())
            .peekable();
        let is_blocked = of_asset.peek().is_some() && of_asset.all(|claim| claim.live.is_zero());
        let live = |node: &Node| ledgers[ledger].worth(node.claims.row(account)[ledger].live);
        is_blocked.then(|| live(after).saturating_sub(live(before)))
    }

    /// A holder takes out all that it can move in a ledger, by the call that is its exit.
    pub(super) fn exits(
        &mut self,
        node: &Node,
        step: usize,
        account: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        for ledger in 0..self.ground.subject.ledgers.len() {
            let Some((fault, sent)) = self.exit(node, account, ledger) else {
                continue;
            };
            self.site(&fault, 1);
            let next = self.after_exit(node, account, &sent, seen)?;
            self.fault(next, step, fault, None);
        }
        Ok(())
    }

    /// A holder whose claims a stranger's call has changed takes out what it has, in each ledger: to make a call that
    /// anybody can make and then to leave is what one holder can do by itself.
    pub(super) fn takes(
        &mut self,
        node: &Node,
        account: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let holder = self.ground.accounts[account];
        for ledger in 0..self.ground.subject.ledgers.len() {
            let Some((_, sent)) = self.exit(node, account, ledger) else {
                continue;
            };
            let mut next = self.after_exit(node, account, &sent, seen)?;
            next.stranger -= 1;
            next.touched = None;
            self.emit(next, Action::Takes(holder, ledger), None);
        }
        Ok(())
    }

    /// The call by which a holder takes out all that it can move in a ledger, where it may and where that works.
    fn exit(&mut self, node: &Node, account: usize, ledger: usize) -> Option<(Fault, Sent)> {
        let holder = self.ground.accounts[account];
        let live = node.claims.row(account)[ledger].live;
        let fault = Fault::HolderExits { ledger, holder };
        if live.is_zero() || self.is_off(&fault) {
            return None;
        }
        let book = &self.ground.subject.ledgers[ledger];
        let message = book.taken_back(holder, live, sealift_evm::TX_GAS_CAP)?;
        let sent = self.sender.send(&node.fork, &message, None);
        sent.failed.is_none().then_some((fault, sent))
    }

    /// The state after a holder took something out: what it has elsewhere for that is its own, and nobody owes it that
    /// any more.
    fn after_exit(
        &mut self,
        node: &Node,
        account: usize,
        sent: &Sent,
        seen: &Seen,
    ) -> Result<Node, ExploreError> {
        let holder = self.ground.accounts[account];
        let mut next = self.after_own(node, holder, sent, seen)?;
        let judge = self.judge();
        let changes = (0..self.ground.subject.assets.len()).map(|asset| {
            let live = |claims| judge.live(claims, account, asset);
            let [before, after] = [&node.claims, &next.claims].map(|claims| amount(live(claims)));
            (holder, asset, after.saturating_sub(before))
        });
        let all = changes.chain([(holder, 0, I256::ZERO)]);
        next.shift = moved(
            &node.shift,
            all.filter(|(_, asset, by)| *asset == 0 || !by.is_zero()),
        );
        Ok(next)
    }
}

/// Units with a sign; more than fits is the most that fits.
pub(super) fn amount(units: U256) -> I256 {
    I256::try_from(units).unwrap_or(I256::MAX)
}

/// What accounts moved on their own, with more of that.
pub(super) fn moved(shift: &[Shift], more: impl IntoIterator<Item = Shift>) -> Arc<Vec<Shift>> {
    let mut sums: BTreeMap<(Address, usize), I256> = BTreeMap::new();
    for (who, asset, by) in shift.iter().copied().chain(more) {
        *sums.entry((who, asset)).or_default() += by;
    }
    let all = sums.into_iter().map(|((who, of), by)| (who, of, by));
    Arc::new(all.collect())
}
