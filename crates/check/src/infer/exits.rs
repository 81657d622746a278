//! Exits: how a holder moves what it has in a token, where that is not by a transfer.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_evm::{Ending, Executed, Machine};

use super::family::{Family, NO_FUNCTION};
use super::rates::simple;
use super::{call, ether_of};
use crate::fork::Fork;
use crate::ledger::{Ask, ExitBy, Gift, IErc4626, Ledger, NOBODY, view};

/// Holders at most that an exit is tried for, in a state.
const TRIED: usize = 3;

/// Holders at most whose locks are looked at, in a state.
const LOCKED: usize = 16;

/// How long locks last at most: a month, a year, the four years of votes, ten years, a century.
const LOCKS: [u64; 5] = [
    30 * DAY,
    365 * DAY,
    4 * 366 * DAY,
    3_653 * DAY,
    36_525 * DAY,
];
const DAY: u64 = 86_400;

/// Chooses the exits of tokens, each only where it works for a holder undisturbed, before the first step or after the
/// last one: `redeem` for an ERC-4626, `withdraw` for what is paid out in ether, and for what nobody can transfer a
/// call that takes it back. What has neither such a call nor a transfer is live wherever it is recorded.
pub(super) fn choose(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    people: &[Address],
    families: &mut [Family],
) {
    for family in families {
        if !family.ids.is_empty() || pays_out(machine, forks, people, family) {
            continue;
        }
        let transfer = Gift::Erc20.exit().unwrap_or_default();
        let has_holder = forks
            .iter()
            .any(|fork| holders(machine, fork, people, family).next().is_some());
        let mut works = |ask: &Ask| {
            let mut forks = forks.iter();
            forks.any(|fork| takes_back(machine, fork, people, family, ask))
        };
        if !has_holder || works(&transfer) {
            continue;
        }
        let exit = Ask::taken_back().into_iter().find(|ask| works(ask));
        let exit = match exit {
            Some(ask) => ExitBy::Call(ask),
            None if !forks
                .iter()
                .any(|fork| has_function(machine, fork, people, family, &transfer)) =>
            {
                ExitBy::Always
            }
            // It can be transferred, and is frozen.
            None => continue,
        };
        if let ExitBy::Call(ask) = &exit {
            family.books[0].lock_secs = lock_secs(machine, forks, people, &family.books[0], ask);
        }
        (family.books[0].exit, family.books[0].gift) = (exit, None);
    }
}

/// After how many seconds holders can take out by a call who cannot now, in either state: the longest of the usual
/// locks that some of them need, and 0 where nobody does.
pub(super) fn lock_secs(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    people: &[Address],
    book: &Ledger,
    ask: &Ask,
) -> u64 {
    let mut longest = 0;
    for fork in forks.into_iter().filter(|fork| book.is_there(fork)) {
        let holders: Vec<Address> = people
            .iter()
            .copied()
            .filter(|holder| {
                let recorded = view(machine, fork, book, *holder).0;
                recorded.is_ok_and(|recorded| !recorded.is_zero())
            })
            .take(LOCKED)
            .collect();
        for holder in holders {
            let mut works = |secs: &u64| {
                let mut later = fork.clone();
                later.wait(*secs);
                gives(machine, &later, book, holder, ask)
            };
            if !works(&0) {
                longest = longest.max(LOCKS.into_iter().find(&mut works).unwrap_or_default());
            }
        }
    }
    longest
}

/// Whether a call of a holder works, and leaves it with less.
fn gives(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    book: &Ledger,
    holder: Address,
    ask: &Ask,
) -> bool {
    let Ok(units) = view(machine, fork, book, holder).0 else {
        return false;
    };
    let data = ask.with(holder, units).to_vec();
    let done = call(machine, fork, holder, book.contract, data);
    if !done.succeeded() {
        return false;
    }
    let mut after = fork.clone();
    after.put(&fork.effect(&done, holder));
    let left = view(machine, &after, book, holder).0;
    left.is_ok_and(|left| left < units)
}

/// Whether a token is redeemed or paid out in ether, which is its exit then.
fn pays_out(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    people: &[Address],
    family: &mut Family,
) -> bool {
    let has_ether = |fork: &&Fork| !ether_of(fork, family.contract).is_zero();
    let is_vault = is_vault(machine, forks[1], family.contract);
    if !is_vault && !forks.iter().any(has_ether) {
        return false;
    }
    let ask = if is_vault {
        Ask::redeem(NOBODY)
    } else {
        Ask::withdraw()
    };
    for fork in forks {
        let Some((holder, units, done)) = tried(machine, fork, people, family, &ask) else {
            continue;
        };
        let after = done.changes.get(&holder);
        let after = after.map_or(U256::ZERO, |account| account.info.balance);
        let wei = after.saturating_sub(ether_of(fork, holder));
        if !is_vault && wei.is_zero() {
            return false;
        }
        if is_vault {
            family.books[0].price = Some(Ask::worth());
        } else {
            let (wei, units) = simple(units, wei);
            family.pays = Some((units, wei));
        }
        family.books[0].exit = ExitBy::Call(ask);
        return true;
    }
    false
}

/// Whether a call works for one of the first holders, and leaves it with less.
fn takes_back(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    people: &[Address],
    family: &Family,
    ask: &Ask,
) -> bool {
    let tried = holders(machine, fork, people, family);
    let tried: Vec<Address> = tried.map(|(holder, _)| holder).collect();
    let mut tried = tried.into_iter();
    tried.any(|holder| gives(machine, fork, &family.books[0], holder, ask))
}

/// Whether a call of a holder meets a function: it fails otherwise than a call of no function does, or after it has
/// looked at more.
fn has_function(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    people: &[Address],
    family: &Family,
    ask: &Ask,
) -> bool {
    let Some((holder, units)) = holders(machine, fork, people, family).next() else {
        return false;
    };
    let data = ask.with(holder, units).to_vec();
    let none = [&NO_FUNCTION, &data[4..]].concat();
    let [known, none] = [data, none].map(|data| {
        let done = call(machine, fork, holder, family.contract, data);
        (done.ending, done.reads)
    });
    known != none
}

/// Whether a contract answers as an ERC-4626 does.
fn is_vault(machine: &mut Machine<Fork>, fork: &Fork, contract: Address) -> bool {
    let shares = U256::from(1_000_000_000_000_000_000u64);
    let asset = IErc4626::assetCall {}.abi_encode();
    let worth = IErc4626::convertToAssetsCall { shares }.abi_encode();
    [asset, worth].into_iter().all(|data| {
        let done = call(machine, fork, NOBODY, contract, data);
        matches!(&done.ending, Ending::Returned(data) if data.len() == 32)
    })
}

/// Holders of a token in a state, and what they have; a few of them.
fn holders<'a>(
    machine: &'a mut Machine<Fork>,
    fork: &'a Fork,
    people: &'a [Address],
    family: &'a Family,
) -> impl Iterator<Item = (Address, U256)> + 'a {
    let book = &family.books[0];
    let people = people.iter().filter(|_| book.is_there(fork));
    let held = people.map(|holder| {
        let recorded = view(machine, fork, book, *holder).0;
        (*holder, recorded.unwrap_or_default())
    });
    held.filter(|(_, recorded)| !recorded.is_zero()).take(TRIED)
}

/// The first holder for whom a call works, what it has, and what the call did.
fn tried(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    people: &[Address],
    family: &Family,
    ask: &Ask,
) -> Option<(Address, U256, Executed)> {
    let holders: Vec<(Address, U256)> = holders(machine, fork, people, family).collect();
    holders.into_iter().find_map(|(holder, recorded)| {
        let data = ask.with(holder, recorded).to_vec();
        let done = call(machine, fork, holder, family.contract, data);
        done.succeeded().then_some((holder, recorded, done))
    })
}
