//! Ether: who got some in the undisturbed run for another reason than having sent it.

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, U256};

use super::family::{Family, Held, Holdings};
use super::{Run, ether_of};
use crate::input::Step;
use crate::ledger::{Asset, Ledger, Side};

/// How ether moved between people and contracts.
#[derive(Debug)]
pub(super) struct Flow {
    /// On which side it stands: with what grows, or with what both sides pay out in.
    pub(super) side: Side,
    /// By person, what came in.
    pub(super) received: Vec<U256>,
    /// By person, whether it has more at the end than at the start.
    pub(super) grew: Vec<bool>,
    /// By person, whether it has less at the end, and got none: it paid for the migration.
    pub(super) funds: Vec<bool>,
}

impl Flow {
    /// The flow where nobody gets any, of what claims can be paid out in.
    pub(super) fn none(people: usize) -> Self {
        Self {
            side: Side::Wallet,
            received: vec![U256::ZERO; people],
            grew: vec![false; people],
            funds: vec![false; people],
        }
    }
}

/// The flow of ether; `None` where nobody got any. There are no fees in a run, and what a sender pays in with a step
/// of its own is no claim that it lost.
pub(super) fn flow(run: &Run, steps: &[Step], people: &[Address]) -> Option<Flow> {
    let index: HashMap<Address, usize> = people.iter().copied().zip(0..).collect();
    let mut received = vec![U256::ZERO; people.len()];
    let mut spent = vec![false; people.len()];
    for (step, paid) in run.paid.iter().enumerate() {
        let (before, after) = (&run.forks[step], &run.forks[step + 1]);
        for who in paid {
            let Some(person) = index.get(who) else {
                continue;
            };
            let sends = steps[step].from == *who && !steps[step].value.is_zero();
            spent[*person] |= sends;
            let put_in = if sends { steps[step].value } else { U256::ZERO };
            let now = ether_of(after, *who).saturating_add(put_in);
            let more = now.saturating_sub(ether_of(before, *who));
            received[*person] = received[*person].saturating_add(more);
        }
    }
    if received.iter().all(U256::is_zero) {
        return None;
    }
    let (start, end) = (&run.forks[0], &run.forks[run.forks.len() - 1]);
    let net = people
        .iter()
        .map(|who| (ether_of(start, *who), ether_of(end, *who)));
    let grew: Vec<bool> = net.clone().map(|(old, new)| new > old).collect();
    let funds = net
        .zip(&received)
        .map(|((old, new), got)| new < old && got.is_zero());
    let mut ends_with_it = grew
        .iter()
        .zip(&spent)
        .filter(|(grew, _)| **grew)
        .peekable();
    // What is only passed on is a wallet.
    let is_kept = ends_with_it.peek().is_some() && ends_with_it.all(|(_, spent)| !spent);
    Some(Flow {
        side: if is_kept {
            Side::Successor
        } else {
            Side::Wallet
        },
        funds: funds.collect(),
        received,
        grew,
    })
}

/// Whether somebody has less at the end than at the start, its ether included: it paid for something that is no claim,
/// so its ether says nothing about its claims. `wei` is a person's ether before and after.
pub(super) fn is_charged(
    (ledgers, assets): (&[Ledger], &[Asset]),
    families: &[Family],
    holdings: &Holdings,
    wei: impl Fn(usize) -> [U256; 2],
) -> bool {
    let is_wallet = |ledger: &&Ledger| ledger.is_ether() && ledger.side == Side::Wallet;
    let Some(wallet) = ledgers.iter().find(is_wallet) else {
        return false;
    };
    let others = ledgers
        .iter()
        .filter(|ledger| ledger.asset == wallet.asset && !ledger.is_ether());
    let mut books: Vec<(&[Held], &Ledger)> = Vec::new();
    for ledger in others {
        for (at, family) in families.iter().enumerate() {
            let own = family
                .books
                .iter()
                .position(|book| book.contract == ledger.contract && book.view == ledger.view);
            books.extend(own.map(|book| (holdings.of(at, book), ledger)));
        }
    }
    (0..holdings.people).any(|person| {
        let claims = |of: fn(&Held) -> U256| {
            books.iter().fold(U256::ZERO, |sum, (held, ledger)| {
                sum.saturating_add(ledger.worth(of(&held[person])))
            })
        };
        let (old, new) = (
            claims(|held| held.before.live),
            claims(|held| held.after.live),
        );
        let [first, last] = wei(person).map(|wei| wallet.worth(wei));
        let slack = assets[wallet.asset].tolerance;
        let end = new.saturating_add(last).saturating_add(slack);
        !(old.is_zero() && new.is_zero()) && end < old.saturating_add(first)
    })
}
