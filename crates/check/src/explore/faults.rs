//! What can go wrong in a state: the faults, one after the other.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes};

use sealift_evm::{CLOCK, Interference, Meddling};

use super::worker::{Seen, Worker};
use super::{ExploreError, WAITS};
use crate::model::{Action, Fault, Mode, Node};
use crate::send::{Outcome, after, message_of};

impl Worker<'_, '_> {
    pub(super) fn is_off(&self, fault: &Fault) -> bool {
        self.ground.off.contains(&fault.name())
    }

    /// Counts places where a fault can happen; whether it is to happen now.
    pub(super) fn site(&mut self, fault: &Fault, places: u64) -> bool {
        if self.is_off(fault) {
            return false;
        }
        self.out.sites.entry(fault.name()).or_default().enumerated += places;
        true
    }

    /// Counts faults that happened.
    pub(super) fn fired(&mut self, fault: &Fault, times: u64) {
        self.out.sites.entry(fault.name()).or_default().fired += times;
    }

    pub(super) fn faults_at(&mut self, node: &Node, seen: &Seen) -> Result<(), ExploreError> {
        let steps = self.ground.subject.steps.len();
        let step = node.record.next;
        let (shard, of) = self.ground.limits.shard;
        if node.faults == 0 && step as u32 % of != shard {
            // What a stranger's calls depend on is asked for everywhere, so that no shard knows less.
            self.calls(node, step);
            return Ok(());
        }
        if step < steps {
            self.executor_faults(node, step, seen)?;
            self.inner_faults(node, step, seen)?;
        }
        self.reorgs(node, step, seen)?;
        self.environment(node, step, seen)?;
        self.strangers(node, step, seen)
    }

    /// A state that a fault leads to; it has fired.
    pub(super) fn fault(&mut self, next: Node, step: usize, fault: Fault, failed: Option<Bytes>) {
        self.fired(&fault, 1);
        self.faulty(next, step, fault, failed);
    }

    pub(super) fn faulty(
        &mut self,
        mut next: Node,
        step: usize,
        fault: Fault,
        failed: Option<Bytes>,
    ) {
        next.faults += 1;
        // Who is interrupted once more may wait once more.
        next.may_wait = true;
        next.waits = WAITS;
        next.fruitless = 0;
        if next.faults >= self.ground.limits.faults {
            next.trail.clear();
        }
        self.emit(next, Action::Fault(step, fault), failed);
    }

    fn executor_faults(
        &mut self,
        node: &Node,
        step: usize,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let again = u64::from(node.record.reruns);
        if self.site(&Fault::CrashBeforeSend, 1) {
            let mut next = node.clone();
            next.record.mode = Mode::Stopped;
            self.fault(next, step, Fault::CrashBeforeSend, None);
        }
        let sent = self.send_step(node, step, again);
        let landed = self.landed(node, step, &sent, seen)?;
        if self.site(&Fault::AnswerLost, 1) {
            let mut next = landed.clone();
            next.record.next = step;
            next.record.sent = node.record.sent;
            next.record.mode = Mode::Stopped;
            next.record.uncertain = Some(step);
            self.fault(next, step, Fault::AnswerLost, sent.failed.clone());
        }
        // The one without a transaction first: where both lead to one state, the shorter trace is kept.
        for fault in [Fault::Dropped, Fault::Reverted] {
            if self.site(&fault, 1) {
                let mut next = node.clone();
                next.sent += u32::from(fault == Fault::Reverted);
                next.record.sent = next.record.sent.max(step + 1);
                next.record.mode = Mode::Stopped;
                self.fault(next, step, fault, None);
            }
        }
        if sent.failed.is_none() && self.site(&Fault::Duplicated, 1) {
            let twice = self.send_step(&landed, step, again + crate::send::AGAIN_AT_ONCE);
            let mut next = self.landed(&landed, step, &twice, seen)?;
            next.record.next = step + 1;
            self.fault(next, step, Fault::Duplicated, twice.failed.clone());
        }
        if step + 1 < self.ground.subject.steps.len() && self.site(&Fault::Swapped, 1) {
            let other = self.send_step(node, step + 1, again);
            let between = self.landed(node, step + 1, &other, seen)?;
            let this = self.send_step(&between, step, again);
            let mut next = self.landed(&between, step, &this, seen)?;
            next.record.next = step + 2;
            next.record.sent = next.record.sent.max(step + 2);
            if other.failed.is_some() || this.failed.is_some() {
                next.record.mode = Mode::Stopped;
            }
            let failed = other.failed.clone().or_else(|| this.failed.clone());
            self.fault(next, step, Fault::Swapped, failed);
        }
        Ok(())
    }

    fn inner_faults(&mut self, node: &Node, step: usize, seen: &Seen) -> Result<(), ExploreError> {
        let subject = self.ground.subject;
        let tx = &subject.steps[step];
        if tx.to.is_none() || node.lost == Some(tx.from) {
            return Ok(());
        }
        let message = message_of(tx, &node.record, tx.from);
        let ledgers = subject.ledgers.iter().map(|ledger| ledger.contract);
        let own: Vec<Address> = subject.contracts.iter().copied().chain(ledgers).collect();
        let fault_of = |meddling: &Meddling| {
            Fault::Inner(Interference {
                call: 0,
                meddling: meddling.clone(),
            })
        };
        let off = &self.ground.off;
        let wanted = |meddling: &Meddling| !off.contains(&fault_of(meddling).name());
        let inner = self.sender.inner(&node.fork, &message, &own, &wanted);
        for (meddling, has_fired) in &inner.tried {
            let fault = Fault::Inner(meddling.clone());
            if self.site(&fault, 1) {
                self.fired(&fault, u64::from(*has_fired));
            }
        }
        for (interference, outcome) in &inner.found {
            self.partly(
                node,
                step,
                Fault::Inner(interference.clone()),
                outcome,
                seen,
            )?;
        }
        self.reentered(node, step, &message, seen)?;
        self.called_back(node, step, &message, seen)?;
        self.misbehaving_tokens(node, step, &message, seen)?;
        // A site is where less gas than enough leaves anything but nothing.
        if !self.site(&Fault::GasCut(0), 1) {
            return Ok(());
        }
        self.fired(&Fault::GasCut(0), 1);
        let cuts = self.sender.cuts(&node.fork, &message);
        for (gas, outcome) in cuts.iter() {
            self.partly(node, step, Fault::GasCut(*gas), outcome, seen)?;
        }
        Ok(())
    }

    /// A step that succeeded with another outcome than it should have.
    fn partly(
        &mut self,
        node: &Node,
        step: usize,
        fault: Fault,
        outcome: &Arc<Outcome>,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        if self.is_off(&fault) {
            return Ok(());
        }
        let sent = after(&node.fork, outcome.clone());
        let mut next = self.landed(node, step, &sent, seen)?;
        next.record.next = step + 1;
        self.faulty(next, step, fault, None);
        Ok(())
    }

    /// The last steps are undone by a reorganisation, or mined again the other way round.
    fn reorgs(&mut self, node: &Node, step: usize, seen: &Seen) -> Result<(), ExploreError> {
        for depth in 1..node.trail.len() {
            if self.site(&Fault::Reorged(depth), 1) {
                let mut next = node.reorganised(depth);
                self.reread(&mut next, [CLOCK].into_iter(), seen)?;
                self.fault(next, step, Fault::Reorged(depth), None);
            }
            if depth >= 2 && self.site(&Fault::Reordered(depth), 1) {
                let mut next = node.reorganised(depth);
                self.reread(&mut next, [CLOCK].into_iter(), seen)?;
                let mut failed = None;
                for redone in node.undone(depth).into_iter().rev() {
                    let sent = self.send_step(&next, redone, u64::from(next.record.reruns));
                    failed = failed.or_else(|| sent.failed.clone());
                    next = self.landed(&next, redone, &sent, seen)?;
                }
                self.fault(next, step, Fault::Reordered(depth), failed);
            }
        }
        Ok(())
    }

    fn environment(&mut self, node: &Node, step: usize, seen: &Seen) -> Result<(), ExploreError> {
        self.delay(node, step, seen)?;
        self.key_lost(node, step);
        let holders = self.ground.judged - 3;
        let movers = self.ground.movers.get(step).into_iter().flatten();
        for account in movers.copied() {
            self.transfers(node, step, account, (account + 1) % holders, seen)?;
            self.exits(node, step, account, seen)?;
            self.revokes(node, step, account, seen)?;
            self.gets_code(node, step, account, seen)?;
        }
        for index in 0..self.ground.subject.actions.len() {
            self.action(node, step, index, seen)?;
        }
        Ok(())
    }

    fn delay(&mut self, node: &Node, step: usize, seen: &Seen) -> Result<(), ExploreError> {
        if !self.site(&Fault::Delay, 1) {
            return Ok(());
        }
        if !self.time_matters(seen) {
            self.fired(&Fault::Delay, 1);
            self.out.absorbed.push(CLOCK);
            return Ok(());
        }
        let mut next = node.clone();
        self.wait(&mut next, seen)?;
        // Having waited once, somebody may have to wait again.
        next.may_wait = true;
        self.fault(next, step, Fault::Delay, None);
        Ok(())
    }

    /// Whether anything has ever asked for the time.
    pub(super) fn time_matters(&self, seen: &Seen) -> bool {
        self.ground.limits.full || seen.relevant.contains(&CLOCK)
    }

    fn key_lost(&mut self, node: &Node, step: usize) {
        let subject = self.ground.subject;
        let Some(tx) = subject.steps.get(step) else {
            return;
        };
        let fault = Fault::KeyLost(tx.from);
        if node.lost.is_some() || subject.accounts.contains(&tx.from) || !self.site(&fault, 1) {
            return;
        }
        let mut next = node.clone();
        next.lost = Some(tx.from);
        next.record.mode = Mode::Stopped;
        self.fault(next, step, fault, None);
    }
}
