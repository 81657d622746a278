//! Exits: where a token can be redeemed, a holder's exit is that, and no transfer.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_evm::{Ending, Executed, Machine, Message, TX_GAS_CAP};

use super::ether_of;
use super::family::Family;
use super::rates::simple;
use crate::fork::Fork;
use crate::ledger::{Ask, ExitBy, IErc4626, NOBODY, view};

/// Holders at most that an exit is tried for, in a state.
const TRIED: usize = 3;

/// Chooses the exits of tokens: `redeem` for an ERC-4626, `withdraw` for what is paid out in ether; each only where it
/// works for a holder undisturbed, before the first step or after the last one.
pub(super) fn choose(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    people: &[Address],
    families: &mut [Family],
) {
    for family in families {
        if !family.ids.is_empty() {
            continue;
        }
        let (contract, has_ether) = (family.contract, |fork: &&Fork| {
            !ether_of(fork, family.contract).is_zero()
        });
        let is_vault = is_vault(machine, forks[1], contract);
        if !is_vault && !forks.iter().any(has_ether) {
            continue;
        }
        let ask = if is_vault {
            Ask::redeem(NOBODY)
        } else {
            Ask::withdraw()
        };
        for fork in forks {
            let Some((units, wei)) = tried(machine, fork, people, family, &ask) else {
                continue;
            };
            if is_vault {
                family.books[0].exit = ExitBy::Call(ask);
            } else if !wei.is_zero() {
                family.books[0].exit = ExitBy::Call(ask);
                let (wei, units) = simple(units, wei);
                family.pays = Some((units, wei));
            }
            break;
        }
    }
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

/// What a holder redeems, and the ether that it gets for it, where that works.
fn tried(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    people: &[Address],
    family: &Family,
    ask: &Ask,
) -> Option<(U256, U256)> {
    let book = &family.books[0];
    if !book.is_there(fork) {
        return None;
    }
    let mut holders = 0;
    for holder in people {
        let recorded = view(machine, fork, book, *holder).0.unwrap_or_default();
        if recorded.is_zero() {
            continue;
        }
        let data = ask.with(*holder, recorded).to_vec();
        let done = call(machine, fork, *holder, family.contract, data);
        if done.succeeded() {
            let after = done.changes.get(holder).map(|account| account.info.balance);
            let more = after.map_or(U256::ZERO, |after| {
                after.saturating_sub(ether_of(fork, *holder))
            });
            return Some((recorded, more));
        }
        holders += 1;
        if holders == TRIED {
            break;
        }
    }
    None
}

fn call(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    from: Address,
    to: Address,
    data: Vec<u8>,
) -> Executed {
    let message = Message {
        from,
        to: Some(to),
        data: data.into(),
        value: U256::ZERO,
        gas: TX_GAS_CAP,
    };
    machine.execute(fork.clone(), fork.moment(), &message)
}
