//! Custody: what contracts hold for others, and how it moves from one to another.

use alloy_primitives::{Address, U256};
use sealift_evm::Machine;

use super::family::Family;
use super::{Run, ether_of};
use crate::fork::Fork;
use crate::ledger::{Ledger, view};
use crate::model::{ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, REFUSES};

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A token, by the index of its family.
    Token(usize),
    /// The ids of a collection.
    Collection(usize),
    /// Ether.
    Ether,
}

/// What contracts give and get of one thing.
#[derive(Clone, Debug)]
pub(super) struct Custody {
    pub(super) unit: Unit,
    pub(super) gained: Vec<(Address, U256)>,
    pub(super) lost: Vec<(Address, U256)>,
}

impl Custody {
    /// What an account holds of it.
    pub(super) fn held(
        &self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        families: &[Family],
        who: Address,
    ) -> U256 {
        held(machine, fork, families, self.unit, who)
    }
}

/// What moves from contract to contract in a run: of what they lose together, some of them get no more.
pub(super) fn moved(machine: &mut Machine<Fork>, run: &Run, families: &[Family]) -> Vec<Custody> {
    let (start, end) = (&run.forks[0], run.forks.last().unwrap_or(&run.forks[0]));
    let own = [ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, REFUSES];
    let mut holders = end.contracts();
    holders.retain(|contract| !own.contains(contract));
    let units = families.iter().enumerate().map(|(at, family)| {
        if family.ids.is_empty() {
            Unit::Token(at)
        } else {
            Unit::Collection(at)
        }
    });
    let mut found = Vec::new();
    for unit in units.chain([Unit::Ether]) {
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        for holder in &holders {
            let [before, after] =
                [start, end].map(|fork| held(machine, fork, families, unit, *holder));
            if after > before {
                gained.push((*holder, after - before));
            } else if before > after {
                lost.push((*holder, before - after));
            }
        }
        let given = lost
            .iter()
            .fold(U256::ZERO, |sum, (_, by)| sum.saturating_add(*by));
        gained.retain(|(_, by)| *by <= given);
        if !gained.is_empty() {
            found.push(Custody { unit, gained, lost });
        }
    }
    found
}

fn held(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    families: &[Family],
    unit: Unit,
    who: Address,
) -> U256 {
    let family = match unit {
        Unit::Token(at) | Unit::Collection(at) => &families[at],
        Unit::Ether => return ether_of(fork, who),
    };
    if family.contract == who {
        return U256::ZERO;
    }
    let mut of = |book: &Ledger| match book.is_there(fork) {
        true => view(machine, fork, book, who).0.unwrap_or_default(),
        false => U256::ZERO,
    };
    let books = family.books.iter();
    books.fold(U256::ZERO, |sum, book| sum.saturating_add(of(book)))
}
