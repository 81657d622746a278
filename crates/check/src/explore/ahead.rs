//! Going ahead: steps that a change does not concern, and steps that change nothing, are taken at once.

use sealift_evm::Cell;

use super::ExploreError;
use super::worker::{Seen, Worker};
use crate::model::{Action, Mode, Node};

impl Worker<'_, '_> {
    /// Takes all steps at once that neither read nor write a cell in which this state differs from the undisturbed
    /// one, but for words that they only count on; whether there were any.
    ///
    /// Such a step does what it does undisturbed, and the change commutes with it: the states in between are the
    /// undisturbed ones with the change in them, account by account. They are left out where nothing else can
    /// happen in them: no fault is left, no second call of a stranger, and no custodian's promise joins accounts.
    pub(super) fn ahead(&mut self, node: &Node, seen: &Seen) -> Result<bool, ExploreError> {
        let ground = self.ground;
        let step = node.record.next;
        let Some(apart) = &node.apart else {
            return Ok(false);
        };
        let may_go = !ground.limits.full
            && node.faults >= ground.limits.faults
            && node.record.mode == Mode::Running
            && node.lost.is_none()
            && ground.subject.custodians.is_empty()
            && node.stranger == 0;
        if !may_go {
            return Ok(false);
        }
        let to = ground.next_user(&node.fork, apart, step);
        let accounts = self.concerned(apart);
        let to = to.min(ground.next_change(&accounts, step, to) + 1);
        let alike = (step..to).find(|step| !ground.sends_alike(&node.record, *step));
        let to = alike.unwrap_or(to);
        if to <= step + 1 {
            return Ok(false);
        }
        let there = &ground.path[to];
        let mut next = node.clone();
        next.fork = there.fork.clone();
        let here = &ground.path[step];
        next.fork.take_over(&node.fork, &here.fork, apart);
        if next.fork.print() != node.fork.print() {
            next.may_wait |= next.waits > 0;
            next.fruitless = 0;
        }
        next.record.took(step..to);
        next.record.forget_before(next.fork.print());
        next.claims = there.claims.clone();
        next.tally = there.tally.clone();
        next.sent += (to - step) as u32;
        self.reread(&mut next, apart.iter().copied(), seen)?;
        // Where an end is left behind, the first step that does it is to be seen.
        if self.judge().assess(node).goal && !self.judge().assess(&next).goal {
            return Ok(false);
        }
        self.emit(next, Action::Steps(step, to), None);
        Ok(true)
    }

    /// The accounts whose claims depend on one of these cells, undisturbed: where no other cell differs, nobody else's
    /// claims do.
    fn concerned(&self, cells: &[Cell]) -> Vec<usize> {
        let ground = self.ground;
        let width = ground.subject.ledgers.len() as u32;
        let readers = cells.iter().filter_map(|cell| ground.readers.get(cell));
        let mut accounts: Vec<usize> = readers
            .flatten()
            .map(|claim| (claim / width) as usize)
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// Takes all steps at once that have a good receipt already, or that are sent and change nothing; whether there
    /// were any.
    ///
    /// The chain is the same in between, and so is what can be said of it; where a fault is left or a stranger calls
    /// once more, something else can happen in between. A single step is followed as any other.
    pub(super) fn idle_steps(&mut self, node: &Node, step: usize) -> bool {
        let ground = self.ground;
        let steps = ground.subject.steps.len();
        let is_alone = node.faults >= ground.limits.faults && node.stranger == 0;
        let may_skip = is_alone && !ground.limits.full;
        let mut next = node.clone();
        if node.record.mode == Mode::Mending && node.record.is_mined(step) {
            next.record.next += 1;
            while may_skip && next.record.next < steps && next.record.is_mined(next.record.next) {
                next.record.next += 1;
            }
            self.emit(next, Action::Step(step), None);
            return true;
        }
        if !may_skip || node.record.mode != Mode::Running {
            return false;
        }
        while next.record.next < steps {
            let at = next.record.next;
            let outcome = self.outcome(&next, at);
            if outcome.failed.is_some() || !outcome.is_idle() {
                break;
            }
            next.record.took(at..at + 1);
            next.sent += 1;
        }
        let end = next.record.next;
        if end <= step + 1 {
            return false;
        }
        next.apart = None;
        self.emit(next, Action::Steps(step, end), None);
        true
    }
}
