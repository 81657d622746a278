//! What stays behind in old contracts.

use std::fmt;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_evm::{Ending, Machine, Message};

use super::Run;
use super::family::Family;
use crate::fork::Fork;
use crate::ledger::{IErc20, Ledger, NOBODY, Side, view};

/// An old contract's balance that no claim covers and that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The asset.
    pub asset: String,
    /// Who holds it.
    pub holder: String,
    /// How much, in the asset's units.
    pub amount: U256,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} still holds {} {}, which no step moves and no claim covers",
            self.holder, self.amount, self.asset
        )
    }
}

/// Balances of contracts on the legacy side that are there before and after: in the ledgers that were found, and in
/// ether.
pub(super) fn find(
    machine: &mut Machine<Fork>,
    run: &Run,
    families: &[Family],
    legacies: &[Address],
    name: &dyn Fn(Address) -> String,
) -> Vec<Leftover> {
    let (start, end) = (&run.forks[0], run.forks.last().unwrap_or(&run.forks[0]));
    let books = || families.iter().flat_map(|family| &family.books);
    let mut balance = |fork: &Fork, book: &Ledger, holder: Address| {
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
                let (old, new) = (balance(start, book, holder), balance(end, book, holder));
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
            } else if left && (drained || is_own) {
                found.push(Leftover {
                    asset: match book.is_ether() {
                        true => "wei".to_owned(),
                        false => book.name.clone(),
                    },
                    holder: name(holder),
                    amount: *new,
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
            });
        }
    }
    found
}

fn supply(machine: &mut Machine<Fork>, fork: &Fork, token: Address) -> Option<U256> {
    let ask = Message {
        from: NOBODY,
        to: Some(token),
        data: IErc20::totalSupplyCall {}.abi_encode().into(),
        value: U256::ZERO,
        gas: 1_000_000,
    };
    match machine.execute(fork.clone(), fork.moment(), &ask).ending {
        Ending::Returned(data) if data.len() == 32 => Some(U256::from_be_slice(&data)),
        _ => None,
    }
}
