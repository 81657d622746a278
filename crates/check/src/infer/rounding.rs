//! What rounding may cost or give where a balance is a share of a total.

use alloy_primitives::{Address, U256};
use sealift_evm::{Cell, Machine};

use crate::fork::{Fork, Value};
use crate::ledger::{Asset, Ledger, NOBODY, View, view};

/// Shares at most that a holder is rounded by, on all the ways of an amount from one side to the other.
const SHARES: u64 = 4;

/// What rounding costs is no more than this part of what a holder has; else it is no rounding.
const PART: u64 = 1_000_000;

/// By which part a word is changed, to see whether a balance follows it.
const NUDGE: u64 = 64;

/// Allows each asset what its ledgers round, as seen at either end.
pub(super) fn allow(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    people: &[Address],
    ledgers: &[Ledger],
    assets: &mut [Asset],
) {
    for ledger in ledgers {
        if matches!(ledger.view, View::Owner(_) | View::Ether) {
            continue;
        }
        let there = forks.into_iter().filter(|fork| ledger.is_there(fork));
        let share = there.filter_map(|fork| share(machine, fork, people, ledger));
        let units = share.max().unwrap_or_default();
        if !units.is_zero() {
            let tolerance = &mut assets[ledger.asset].tolerance;
            let worth = ledger.worth(units * U256::from(SHARES));
            *tolerance = (*tolerance).max(worth.max(U256::ONE));
        }
    }
}

/// What a share is in units of its ledger, rounded up, where what an account has is computed from its own words and
/// from one that it has in common with others; `None` elsewhere, and where a share is no small part of what it has.
fn share(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    people: &[Address],
    ledger: &Ledger,
) -> Option<U256> {
    let mut read = |fork: &Fork, account: Address| {
        let (answer, cells) = view(machine, fork, ledger, account);
        (answer.unwrap_or_default(), cells)
    };
    let mut holders = people.iter().filter_map(|holder| {
        let (units, cells) = read(fork, *holder);
        (!units.is_zero()).then_some((*holder, units, cells))
    });
    let (holder, units, cells) = holders.next()?;
    let others = match holders.next() {
        Some((.., others)) => others,
        None => read(fork, NOBODY).1,
    };
    let (common, own): (Vec<Cell>, Vec<Cell>) =
        cells.into_iter().partition(|cell| others.contains(cell));
    let mut follows = |cell: &Cell| {
        let changed = nudged(fork, cell)?;
        let by = read(&changed, holder).0.abs_diff(units);
        let nudge = units / U256::from(NUDGE);
        let is_in_step = by > nudge / U256::from(2) && by < nudge * U256::from(2);
        is_in_step.then_some(())
    };
    common.iter().find_map(&mut follows)?;
    let shares = own.iter().filter(|cell| follows(cell).is_some());
    let least = shares.map(|cell| figure(fork, cell)).min()?;
    let share = units.div_ceil(least);
    let is_small = share.saturating_mul(U256::from(SHARES * PART)) <= units;
    is_small.then_some(share)
}

/// The number in a cell: a word, or the ether of an account.
fn figure(fork: &Fork, cell: &Cell) -> U256 {
    match fork.value(cell) {
        Value::Word(word) => word,
        Value::Account(account) => account.balance,
        _ => U256::ZERO,
    }
}

/// A state in which a number is a little greater; `None` where it is too small for that.
fn nudged(fork: &Fork, cell: &Cell) -> Option<Fork> {
    let figure = figure(fork, cell);
    let more = figure / U256::from(NUDGE);
    if more.is_zero() {
        return None;
    }
    let more = figure.checked_add(more)?;
    let mut changed = fork.clone();
    match (fork.value(cell), cell.1) {
        (Value::Word(_), Some(slot)) => changed.set_word(cell.0, slot, more),
        (Value::Account(mut account), None) => {
            account.balance = more;
            changed.set_account(cell.0, account);
        }
        _ => return None,
    }
    Some(changed)
}
