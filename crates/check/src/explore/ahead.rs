//! Going ahead: steps that a change does not concern are taken at once.

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
            && node.record == ground.path[step].record
            && ground.subject.custodians.is_empty()
            && node.stranger == 0;
        if !may_go {
            return Ok(false);
        }
        let to = ground.next_user(&node.fork, apart, step);
        let accounts = self.accounts_of(apart, seen);
        let to = to.min(ground.next_change(&accounts, step, to) + 1);
        if to <= step + 1 {
            return Ok(false);
        }
        let there = &ground.path[to];
        let mut next = node.clone();
        next.fork = there.fork.clone();
        let here = &ground.path[step];
        next.fork.take_over(&node.fork, &here.fork, apart);
        next.record = there.record.clone();
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

    /// The accounts whose claims depend on one of these cells.
    fn accounts_of(&self, cells: &[Cell], seen: &Seen) -> Vec<usize> {
        let width = self.ground.subject.ledgers.len() as u32;
        let readers = cells.iter().filter_map(|cell| seen.readers.get(cell));
        let mut accounts: Vec<usize> = readers
            .flatten()
            .map(|claim| (claim / width) as usize)
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}
