//! The playbook: what an executor that stopped may do, and what others may.

use std::sync::Arc;

use sealift_evm::Cell;

use super::ExploreError;
use super::counterparty::own_call;
use super::worker::{Seen, Worker};
use crate::model::{Action, Excuse, Mode, NEWCOMER, Node, Record, Resume, STRANGER};

impl Worker<'_, '_> {
    /// What a stopped or finished executor may do.
    pub(super) fn resume(&mut self, node: &Node, seen: &Seen) -> Result<(), ExploreError> {
        let steps = self.ground.subject.steps.len();
        // Who has a good receipt of every step does not begin again, unless he sees that the end is another one.
        let complete =
            node.record.mode != Mode::Stopped && (0..steps).all(|step| node.record.is_mined(step));
        let mut resumes = self.ground.subject.resume.clone();
        if complete {
            let is_end = self.judge().assess(node).goal;
            resumes.retain(|resume| *resume == Resume::Rerun && !is_end);
        }
        let stopped_at = node.record.next;
        if node.record.mode == Mode::Stopped && node.record.overtaken.contains(&stopped_at) {
            let mut next = node.clone();
            let record = &mut next.record;
            record.mode = Mode::Running;
            record.next = stopped_at + 1;
            record.sent = record.sent.max(stopped_at + 1);
            record.uncertain = None;
            record.set_mined(stopped_at, true);
            self.emit(next, Action::PassOver(stopped_at), None);
        }
        for resume in resumes {
            let mut next = node.clone();
            let record = &mut next.record;
            record.mode = Mode::Running;
            match resume {
                Resume::Retry => {
                    let Some(step) = record
                        .uncertain
                        .or((node.record.mode == Mode::Stopped).then_some(record.next))
                    else {
                        continue;
                    };
                    if step >= steps {
                        continue;
                    }
                    record.next = step;
                }
                Resume::Position => record.next = record.sent,
                Resume::Receipt => {
                    let Some(first) = (0..steps).find(|step| !record.is_mined(*step)) else {
                        continue;
                    };
                    record.next = first;
                    record.mode = Mode::Mending;
                }
                Resume::Rerun => {
                    let idle = node
                        .record
                        .before
                        .as_ref()
                        .is_some_and(|before| before.1 == node.fork.print());
                    if idle {
                        // It was begun again from this very chain, and did nothing.
                        continue;
                    }
                    if node.record.reruns >= self.ground.limits.reruns {
                        self.out.is_bounded = true;
                        continue;
                    }
                    // The receipts of the first run stay, however often the script is begun again.
                    let first = match &node.record.before {
                        Some(before) => before.0.clone(),
                        None => receipts(&node.record, steps),
                    };
                    *record = Record {
                        reruns: node.record.reruns + 1,
                        overtaken: node.record.overtaken.clone(),
                        before: Some(Arc::new((first, node.fork.print()))),
                        ..Record::new(steps)
                    };
                }
            }
            record.uncertain = None;
            self.emit(next, Action::Resume(resume), None);
        }
        if !complete
            && self.ground.subject.resume.contains(&Resume::Receipt)
            && let Some(before) = &node.record.before
        {
            // The receipts of the run before are still there.
            let mut next = node.clone();
            next.record = before.0.clone();
            next.record.overtaken.clone_from(&node.record.overtaken);
            self.emit(next, Action::Resume(Resume::Receipt), None);
        }
        if complete && node.faults == 0 {
            return Ok(());
        }
        self.waits(node, seen)?;
        for (index, call) in self.ground.subject.recovery.iter().enumerate() {
            if node.lost == Some(call.message.from) {
                continue;
            }
            let sent = self.sender.send(&node.fork, &call.message, None);
            if sent.failed.is_some() {
                continue;
            }
            let mut next = node.clone();
            let is_claimed = |cell: Cell| seen.readers.contains_key(&cell);
            let is_fruitless = !sent.is_idle() && !sent.effect.cells().any(is_claimed);
            if is_fruitless && node.fruitless >= self.ground.subject.patience() {
                self.out.is_bounded = true;
                continue;
            }
            next.sent += 1;
            self.take(&mut next, &sent, seen)?;
            if is_fruitless {
                next.fruitless = node.fruitless + 1;
            }
            self.emit(next, Action::Recovery(index), None);
        }
        self.helps(node, seen)
    }

    /// Somebody who came late and whom the script cannot know, or whom it passes over for its code, makes the first call
    /// that anybody can make, that costs it nothing, and that gives it all that it lacks: what people can do for
    /// themselves needs no playbook.
    fn helps(&mut self, node: &Node, seen: &Seen) -> Result<(), ExploreError> {
        let ground = self.ground;
        let judge = self.judge();
        let standings = judge.assess(node).standings;
        let mut lacking = standings
            .iter()
            .filter(|(_, standing)| !standing.short.is_zero());
        let Some((asset, _)) = lacking.next() else {
            return Ok(());
        };
        let live = |node: &Node, account: usize| judge.live(&node.claims, account, *asset);
        let lacks = |account: &usize| {
            let short = judge
                .due(node, *account, *asset)
                .saturating_sub(live(node, *account));
            short > ground.subject.assets[*asset].tolerance
        };
        let is_late = |account: &usize| {
            let who = ground.accounts[*account];
            [NEWCOMER, STRANGER].contains(&who) || node.excused.get(&who) == Some(&Excuse::Late)
        };
        let mut late = (0..ground.judged).filter(is_late);
        let Some(account) = late.find(lacks) else {
            return Ok(());
        };
        let who = ground.accounts[account];
        for call in 0..ground.subject.hostile.len() {
            let message = own_call(ground.subject, who, call);
            let sent = self.sender.send(&node.fork, &message, None);
            let is_claimed = |cell: Cell| seen.readers.contains_key(&cell);
            let is_free = message.value.is_zero() && self.paid(&node.fork, &sent.outcome).is_zero();
            if !is_free || !sent.effect.cells().any(is_claimed) {
                continue;
            }
            let mut next = node.clone();
            next.sent += 1;
            self.take(&mut next, &sent, seen)?;
            let due = judge.due(node, account, *asset);
            if live(&next, account) >= due {
                self.emit(next, Action::Helps(who, call), None);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Time passes, where anything asks for it.
    fn waits(&mut self, node: &Node, seen: &Seen) -> Result<(), ExploreError> {
        if !node.may_wait {
            return Ok(());
        }
        if !self.time_matters(seen) {
            self.out.absorbed.push(sealift_evm::CLOCK);
            return Ok(());
        }
        let mut next = node.clone();
        next.may_wait = false;
        next.waits -= 1;
        self.wait(&mut next, seen)?;
        self.emit(next, Action::Wait, None);
        Ok(())
    }
}

/// The record of an executor that knows nothing but the receipts of another one, and goes on with what has none.
fn receipts(record: &Record, steps: usize) -> Record {
    let mined = |step: &usize| record.is_mined(*step);
    Record {
        next: (0..steps).find(|step| !mined(step)).unwrap_or(steps),
        sent: (0..steps).rfind(mined).map_or(0, |step| step + 1),
        mode: Mode::Mending,
        mined: record.mined.clone(),
        moved: record.moved.clone(),
        overtaken: record.overtaken.clone(),
        reruns: record.reruns,
        ..Record::new(0)
    }
}
