//! What can go wrong in a state: the faults, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, I256, U256};

use super::{ExploreError, Search};
use crate::model::{Action, Fault, Mode, Node};
use crate::send::message_of;

impl Search<'_> {
    fn is_off(&self, fault: &Fault) -> bool {
        let name = fault.name();
        self.subject
            .off
            .iter()
            .any(|off| name == off || name.split('.').any(|part| part == off))
    }

    /// Counts a place where a fault can happen, and whether it is to happen now.
    fn site(&mut self, fault: &Fault) -> bool {
        if self.is_off(fault) {
            return false;
        }
        let sites = self.coverage.entry(fault.name()).or_default();
        sites.enumerated += 1;
        sites.fired += 1;
        true
    }

    pub(super) fn faults_at(&mut self, at: u32, node: &Node) -> Result<(), ExploreError> {
        let steps = self.subject.steps.len();
        let step = node.record.next;
        let (shard, of) = self.limits.shard;
        if node.faults == 0 && step as u32 % of != shard {
            return Ok(());
        }
        if step < steps {
            self.executor_faults(at, node, step)?;
            self.inner_faults(at, node, step)?;
        }
        self.reorgs(at, node, step)?;
        self.environment(at, node, step)?;
        for call in 0..self.subject.hostile.len() {
            self.stranger(at, node, call, Action::Fault(step, Fault::Stranger(call)))?;
        }
        Ok(())
    }

    fn faulty(
        &mut self,
        at: u32,
        mut next: Node,
        step: usize,
        fault: Fault,
        failed: Option<Bytes>,
    ) {
        next.faults += 1;
        if next.faults >= self.limits.faults {
            next.trail.clear();
        }
        self.link(at, next, Action::Fault(step, fault), failed, true);
    }

    fn executor_faults(&mut self, at: u32, node: &Node, step: usize) -> Result<(), ExploreError> {
        let again = u64::from(node.record.reruns);
        if self.site(&Fault::CrashBeforeSend) {
            let mut next = node.clone();
            next.record.mode = Mode::Stopped;
            self.faulty(at, next, step, Fault::CrashBeforeSend, None);
        }
        let sent = self.send_step(node, step, again);
        let landed = self.landed(node, step, &sent)?;
        if self.site(&Fault::AnswerLost) {
            let mut next = landed.clone();
            next.record.next = step;
            next.record.sent = node.record.sent;
            next.record.mode = Mode::Stopped;
            next.record.uncertain = Some(step);
            self.faulty(at, next, step, Fault::AnswerLost, sent.failed.clone());
        }
        // The one without a transaction first: where both lead to one state, the shorter trace is kept.
        for fault in [Fault::Dropped, Fault::Reverted] {
            if self.site(&fault) {
                let mut next = node.clone();
                next.sent += u32::from(fault == Fault::Reverted);
                next.record.sent = next.record.sent.max(step + 1);
                next.record.mode = Mode::Stopped;
                self.faulty(at, next, step, fault, None);
            }
        }
        if sent.failed.is_none() && self.site(&Fault::Duplicated) {
            let twice = self.send_step(&landed, step, again + crate::send::AGAIN_AT_ONCE);
            let mut next = self.landed(&landed, step, &twice)?;
            next.record.next = step + 1;
            self.faulty(at, next, step, Fault::Duplicated, twice.failed.clone());
        }
        if step + 1 < self.subject.steps.len() && self.site(&Fault::Swapped) {
            let other = self.send_step(node, step + 1, again);
            let between = self.landed(node, step + 1, &other)?;
            let this = self.send_step(&between, step, again);
            let mut next = self.landed(&between, step, &this)?;
            next.record.next = step + 2;
            next.record.sent = next.record.sent.max(step + 2);
            if other.failed.is_some() || this.failed.is_some() {
                next.record.mode = Mode::Stopped;
            }
            let failed = other.failed.clone().or_else(|| this.failed.clone());
            self.faulty(at, next, step, Fault::Swapped, failed);
        }
        Ok(())
    }

    fn inner_faults(&mut self, at: u32, node: &Node, step: usize) -> Result<(), ExploreError> {
        let tx = &self.subject.steps[step];
        if tx.to.is_none() || node.lost == Some(tx.from) {
            return Ok(());
        }
        let message = message_of(tx, &node.record, tx.from);
        let moment = self.moment(node.waited);
        let own: Vec<Address> = self
            .subject
            .contracts
            .iter()
            .copied()
            .chain(self.subject.ledgers.iter().map(|ledger| ledger.contract))
            .collect();
        let inner = self.sender.inner(&node.fork, &moment, &message, &own);
        for meddling in &inner.tried {
            self.site(&Fault::Inner(meddling.clone()));
        }
        for (interference, sent) in &inner.found {
            let fault = Fault::Inner(interference.clone());
            if !self.is_off(&fault) {
                let mut next = self.landed(node, step, sent)?;
                next.record.next = step + 1;
                self.faulty(at, next, step, fault, None);
            }
        }
        self.site(&Fault::GasCut(0));
        for (gas, sent) in self.sender.cuts(&node.fork, &moment, &message).iter() {
            let fault = Fault::GasCut(*gas);
            if !self.is_off(&fault) {
                let mut next = self.landed(node, step, sent)?;
                next.record.next = step + 1;
                self.faulty(at, next, step, fault, None);
            }
        }
        Ok(())
    }

    /// The last steps are undone by a reorganisation, or mined again the other way round.
    fn reorgs(&mut self, at: u32, node: &Node, step: usize) -> Result<(), ExploreError> {
        for depth in 1..node.trail.len() {
            if self.site(&Fault::Reorged(depth)) {
                let mut next = node.reorganised(depth);
                next.claims = self.claims_of(&next.fork, node.waited)?;
                self.faulty(at, next, step, Fault::Reorged(depth), None);
            }
            if depth >= 2 && self.site(&Fault::Reordered(depth)) {
                let mut next = node.reorganised(depth);
                next.claims = self.claims_of(&next.fork, node.waited)?;
                let mut failed = None;
                for redone in node.undone(depth).into_iter().rev() {
                    let sent = self.send_step(&next, redone, u64::from(next.record.reruns));
                    failed = failed.or_else(|| sent.failed.clone());
                    next = self.landed(&next, redone, &sent)?;
                }
                self.faulty(at, next, step, Fault::Reordered(depth), failed);
            }
        }
        Ok(())
    }

    fn environment(&mut self, at: u32, node: &Node, step: usize) -> Result<(), ExploreError> {
        if !node.waited && self.site(&Fault::Delay) {
            let mut next = node.clone();
            next.waited = true;
            next.claims = self.claims_of(&next.fork, true)?;
            self.faulty(at, next, step, Fault::Delay, None);
        }
        if let Some(tx) = self.subject.steps.get(step)
            && node.lost.is_none()
            && !self.subject.accounts.contains(&tx.from)
        {
            let fault = Fault::KeyLost(tx.from);
            if self.site(&fault) {
                let mut next = node.clone();
                next.lost = Some(tx.from);
                next.record.mode = Mode::Stopped;
                self.faulty(at, next, step, fault, None);
            }
        }
        let holders = self.judged - 3;
        for account in self.movers.get(step).cloned().unwrap_or_default() {
            self.transfers(at, node, step, account, (account + 1) % holders)?;
            let who = self.reader.accounts[account];
            for refuses in [false, true] {
                let fault = Fault::HolderGetsCode {
                    account: who,
                    refuses,
                };
                if !node.fork.has_code(who) && self.site(&fault) {
                    let mut next = node.clone();
                    let code = if refuses {
                        crate::model::REFUSES
                    } else {
                        crate::model::ACCEPTS
                    };
                    next.fork
                        .set_code(who, crate::fork::Bytecode::new_eip7702(code));
                    next.waived = refuses.then_some(who);
                    next.claims = self.claims_of(&next.fork, next.waited)?;
                    self.faulty(at, next, step, fault, None);
                }
            }
        }
        for (index, call) in self.subject.actions.iter().enumerate() {
            let fault = Fault::Action(index);
            let sent = self
                .sender
                .send(&node.fork, &self.moment(node.waited), &call.message, None);
            if sent.failed.is_none() && self.site(&fault) {
                let mut next = node.clone();
                next.sent += 1;
                next.fork = sent.fork.clone();
                next.claims = self.claims_after(node, &sent)?;
                // The holder acted on its own: what it did to its own claims is not the migration's doing.
                let (from, none) = (call.message.from, I256::ZERO);
                next.shift = moved(&node.shift, from, from, none);
                self.faulty(at, next, step, fault, None);
            }
        }
        Ok(())
    }

    /// A holder moves all that it can move in a ledger, to another holder and to somebody new.
    fn transfers(
        &mut self,
        at: u32,
        node: &Node,
        step: usize,
        account: usize,
        neighbour: usize,
    ) -> Result<(), ExploreError> {
        for ledger in 0..self.reader.ledgers.len() {
            let claim = node.claims[account * self.reader.ledgers.len() + ledger];
            let book = self.reader.ledgers[ledger].clone();
            if claim.live.is_zero() || book.exit != crate::ledger::ExitBy::Transfer {
                continue;
            }
            let from = self.reader.accounts[account];
            for to in [crate::model::NEWCOMER, self.reader.accounts[neighbour]] {
                let fault = Fault::HolderTransfers { ledger, from, to };
                if to == from || self.is_off(&fault) {
                    continue;
                }
                let message = transfer(book.contract, from, to, claim.live);
                let sent = self
                    .sender
                    .send(&node.fork, &self.moment(node.waited), &message, None);
                // A token may refuse this recipient: then there is no place where it can happen.
                if sent.failed.is_some() || !self.site(&fault) {
                    continue;
                }
                let mut next = node.clone();
                next.sent += 1;
                next.fork = sent.fork.clone();
                next.claims = self.claims_after(node, &sent)?;
                let worth = I256::try_from(book.worth(claim.live)).unwrap_or(I256::MAX);
                next.shift = moved(&node.shift, from, to, worth);
                self.faulty(at, next, step, fault, None);
            }
        }
        Ok(())
    }

    pub(super) fn stranger(
        &mut self,
        at: u32,
        node: &Node,
        call: usize,
        action: Action,
    ) -> Result<(), ExploreError> {
        if let Action::Fault(_, fault) = &action
            && !self.site(fault)
        {
            return Ok(());
        }
        let message = &self.subject.hostile[call];
        let moment = self.moment(node.waited);
        let Some(sent) = self.sender.try_out(&node.fork, &moment, message) else {
            return Ok(());
        };
        let mut next = node.clone();
        next.sent += 1;
        next.fork = sent.fork.clone();
        next.claims = self.claims_after(node, &sent)?;
        match action {
            Action::Fault(step, fault) => {
                next.stranger = 1;
                self.faulty(at, next, step, fault, None);
            }
            again => {
                next.stranger -= 1;
                self.link(at, next, again, None, true);
            }
        }
        Ok(())
    }
}

fn transfer(token: Address, from: Address, to: Address, amount: U256) -> sealift_evm::Message {
    use alloy_sol_types::SolCall;
    let call = crate::ledger::IErc20::transferCall { to, amount };
    sealift_evm::Message {
        from,
        to: Some(token),
        data: call.abi_encode().into(),
        value: U256::ZERO,
        gas: sealift_evm::TX_GAS_CAP,
    }
}

fn moved(
    shift: &[(Address, I256)],
    from: Address,
    to: Address,
    worth: I256,
) -> Arc<Vec<(Address, I256)>> {
    let mut sums: BTreeMap<Address, I256> = shift.iter().copied().collect();
    *sums.entry(from).or_default() -= worth;
    *sums.entry(to).or_default() += worth;
    Arc::new(sums.into_iter().collect())
}
