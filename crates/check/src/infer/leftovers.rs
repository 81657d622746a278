//! What stays behind in old contracts.

use std::fmt;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_evm::{Ending, Machine};

use super::family::{Family, Holdings};
use super::sides::Sides;
use super::{Run, call};
use crate::fork::Fork;
use crate::hostile::Gap;
use crate::ledger::{IErc20, Ledger, NOBODY, Reader, Side, view};
use crate::report::grouped;

/// A contract's balance that no claim covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The asset.
    pub asset: String,
    /// Who holds it.
    pub holder: String,
    /// How much, in the asset's units.
    pub amount: U256,
    /// Whether it stays behind in an old contract; else a contract gets it from others, and whose it is was not found.
    pub stays: bool,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asset,
            holder,
            amount,
            stays,
        } = self;
        let amount = grouped(*amount);
        if *stays {
            write!(
                f,
                "{holder} still holds {amount} {asset}, which no step moves and no claim covers"
            )
        } else {
            write!(
                f,
                "{holder} gets {amount} {asset} from other contracts, and whose that is was not found: nothing is known about it"
            )
        }
    }
}

/// What was found out of the run.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) run: &'a Run,
    /// Contracts that the script calls or creates.
    pub(super) contracts: &'a [Address],
    pub(super) families: &'a [Family],
    pub(super) holdings: &'a Holdings,
    pub(super) sides: &'a Sides,
}

impl Found<'_> {
    /// Before the first step, and after the last one.
    fn ends(&self) -> [&Fork; 2] {
        let forks = &self.run.forks;
        [&forks[0], forks.last().unwrap_or(&forks[0])]
    }

    /// Whether a contract of somebody's has a claim in a legacy that it could move and cannot any more, and got nothing
    /// for it: a vault or a wallet that no list of holders names.
    fn is_stranded(&self, machine: &mut Machine<Fork>, book: &Ledger, holder: Address) -> bool {
        let at = self.families.iter().position(|own| own.has(book));
        let Some(at) = at.filter(|at| self.sides.legacies.contains(at)) else {
            return false;
        };
        if self.contracts.contains(&holder) {
            return false;
        }
        let mut claims = |book: &Ledger| {
            let mut reader = Reader::new(vec![book.clone()], vec![holder]);
            reader.silence_is_nothing = true;
            self.ends()
                .map(|fork| reader.claim(machine, fork, 0).unwrap_or_default())
        };
        let [before, after] = claims(book);
        let is_lost =
            after.live.is_zero() && (!before.live.is_zero() || self.holdings.is_frozen(at));
        let successors = self.sides.successors.iter();
        let mut books = successors.flat_map(|at| &self.families[*at].books);
        is_lost
            && !books.any(|book| {
                let [before, after] = claims(book);
                after.recorded > before.recorded
            })
    }
}

/// Balances of contracts on the legacy side that are there before and after: in the ledgers that were found, and in
/// ether.
pub(super) fn find(
    machine: &mut Machine<Fork>,
    known: Found<'_>,
    name: &dyn Fn(Address) -> String,
) -> Vec<Leftover> {
    let [start, end] = known.ends();
    let families = known.families;
    let legacies = known.sides.legacies.iter();
    let legacies: Vec<Address> = legacies.map(|at| families[*at].contract).collect();
    let books = || families.iter().flat_map(|family| &family.books);
    let balance = |machine: &mut Machine<Fork>, fork: &Fork, book: &Ledger, holder: Address| {
        if !book.is_there(fork) {
            return U256::ZERO;
        }
        view(machine, fork, book, holder).0.unwrap_or_default()
    };
    let ether = Ledger::ether("ether".into(), Side::Wallet);
    let mut found = Vec::new();
    let mut idle = Vec::new();
    for holder in start.contracts() {
        let balances: Vec<(&Ledger, U256, U256)> = books()
            .chain([&ether])
            .map(|book| {
                let (old, new) = (
                    balance(machine, start, book, holder),
                    balance(machine, end, book, holder),
                );
                (book, old, new)
            })
            .collect();
        let drained = balances
            .iter()
            .any(|(_, old, new)| !old.is_zero() && new.is_zero());
        for (book, old, new) in &balances {
            let left = !old.is_zero() && old == new;
            let is_own = book.contract == holder && legacies.contains(&holder);
            if book.is_ether() && left && legacies.contains(&holder) {
                idle.push((holder, *new, drained));
            } else if left && (drained || is_own || known.is_stranded(machine, book, holder)) {
                found.push(Leftover {
                    asset: match book.is_ether() {
                        true => "wei".to_owned(),
                        false => book.name.clone(),
                    },
                    holder: name(holder),
                    amount: *new,
                    stays: true,
                });
            }
        }
    }
    // Ether of a legacy that still owes something to somebody is what it owes.
    for (holder, amount, drained) in idle {
        let owed = supply(machine, start, holder).is_some_and(|supply| !supply.is_zero());
        let owes = supply(machine, end, holder).is_none_or(|supply| !supply.is_zero());
        if drained || (owed && !owes) {
            found.push(Leftover {
                asset: "wei".to_owned(),
                holder: name(holder),
                amount,
                stays: true,
            });
        }
    }
    found
}

/// Tokens that a contract gives away of which people get none, where no claim on that contract was inferred: who is owed
/// them is not judged.
pub(super) fn given_away(
    machine: &mut Machine<Fork>,
    known: Found<'_>,
    ledgers: &[Ledger],
) -> Vec<Gap> {
    let ends = known.ends();
    let is_book = |contract: &Address| ledgers.iter().any(|ledger| ledger.contract == *contract);
    let mut holders = ends[0].contracts();
    holders.retain(|contract| !is_book(contract));
    let mut found = Vec::new();
    for (at, family) in known.families.iter().enumerate() {
        if !family.ids.is_empty() || known.sides.successors.contains(&at) {
            continue;
        }
        for holder in &holders {
            let [before, after] = ends.map(|fork| {
                let held = view(machine, fork, &family.books[0], *holder).0;
                held.unwrap_or_default()
            });
            if after < before {
                let (amount, token) = (grouped(before - after), &family.books[0].name);
                found.push(Gap {
                    contract: *holder,
                    function: "custody".to_owned(),
                    reason: format!(
                        "it gives {amount} {token} away, and no claim on them was inferred"
                    ),
                });
            }
        }
    }
    found
}

fn supply(machine: &mut Machine<Fork>, fork: &Fork, token: Address) -> Option<U256> {
    let data = IErc20::totalSupplyCall {}.abi_encode();
    match call(machine, fork, NOBODY, token, data).ending {
        Ending::Returned(data) if data.len() == 32 => Some(U256::from_be_slice(&data)),
        _ => None,
    }
}
