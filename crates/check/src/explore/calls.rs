//! What is known of the calls of a stranger, and which of them have to be asked for anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use sealift_evm::Cell;

use crate::send::Outcome;

/// What the calls of a stranger do in one of the undisturbed states.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// The step before which that is.
    pub(super) step: usize,
    /// What each of them does there; nothing before they were asked for first.
    pub(super) outcomes: Vec<Arc<Outcome>>,
    /// The calls that have ever depended on a cell.
    users: HashMap<Cell, BTreeSet<usize>>,
}

impl Calls {
    /// The calls that have ever depended on one of these cells.
    pub(super) fn users_of(&self, cells: impl Iterator<Item = Cell>) -> BTreeSet<usize> {
        let users = cells.filter_map(|cell| self.users.get(&cell));
        users.flatten().copied().collect()
    }

    /// Notes what a call depends on, unless it does what it does undisturbed.
    pub(super) fn note(&mut self, call: usize, outcome: &Arc<Outcome>) {
        let known = self.outcomes.get(call);
        if known.is_some_and(|known| Arc::ptr_eq(known, outcome)) {
            return;
        }
        for cell in outcome.dependencies() {
            self.users.entry(cell).or_default().insert(call);
        }
    }
}
