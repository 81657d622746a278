//! What goes wrong inside transactions: the places for it in a run, and what it leaves behind at each.
//!
//! A place is a transaction that the executor, a guardian or a stranger sent, and an inner call of it, or a gas limit
//! at which another outcome begins. What is tried at a place is tried on a copy of the chain as it is before the block,
//! by making that very block: two faults after which the block has the same hash have the same future. A disturbed
//! transaction uses up all of its gas, so that this is not a matter of luck.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, U256};
use sealift_evm::{
    Disturbance, InnerCall, Interference, Meddle, Meddling, Node, Snapshot, Watched,
};

use super::entries;
use super::faults::{Detail, Fault, Kind};
use super::world::{STRANGER, World};

/// Gas limits that are tried first, at equal distances.
const POINTS: u64 = 24;

/// What a call costs before it begins.
const LEAST_GAS: u64 = 21_000;

const DETAIL_BITS: u32 = 40;
const ENTRY_BITS: u32 = 16;

/// A place inside a transaction, which is the number of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the transaction, from 0, of all that were mined; one that is mined again counts again.
    pub(super) transaction: u64,
    detail: u64,
}

impl Place {
    fn call(transaction: u64, call: usize, entry: usize) -> Self {
        let detail = (call as u64) << ENTRY_BITS | entry as u64;
        Self {
            transaction,
            detail,
        }
    }

    fn gas(transaction: u64, gas: u64) -> Self {
        Self {
            transaction,
            detail: gas,
        }
    }

    pub(super) fn of(site: u64) -> Self {
        Self {
            transaction: site >> DETAIL_BITS,
            detail: site & ((1 << DETAIL_BITS) - 1),
        }
    }

    pub(super) fn site(self) -> u64 {
        self.transaction << DETAIL_BITS | self.detail
    }

    /// The same place so many transactions later.
    pub(super) fn later(self, transactions: u64) -> Self {
        let transaction = self.transaction + transactions;
        Self {
            transaction,
            ..self
        }
    }

    /// The numbers that it is written with.
    pub(super) fn numbers(self, detail: Detail) -> Vec<u64> {
        let (call, entry) = (self.detail >> ENTRY_BITS, self.detail & 0xffff);
        match detail {
            Detail::Call => vec![self.transaction, call],
            Detail::Entry => vec![self.transaction, call, entry],
            Detail::Gas => vec![self.transaction, self.detail],
        }
    }

    /// The place with these numbers.
    pub(super) fn from_numbers(detail: Detail, numbers: &[u64]) -> Option<Self> {
        let below = |number: u64, bits: u32| (number >> bits == 0).then_some(number as usize);
        let place = match (detail, numbers) {
            (Detail::Call, [transaction, call]) => Self::call(*transaction, below(*call, 24)?, 0),
            (Detail::Entry, [transaction, call, entry]) => {
                Self::call(*transaction, below(*call, 24)?, below(*entry, ENTRY_BITS)?)
            }
            (Detail::Gas, [transaction, gas]) => {
                below(*gas, DETAIL_BITS)?;
                Self::gas(*transaction, *gas)
            }
            _ => return None,
        };
        below(place.transaction, 64 - DETAIL_BITS)?;
        Some(place)
    }

    /// What goes wrong there; `None` where it is no place for this.
    pub(super) fn meddle(self, kind: Kind, world: &World) -> Option<Meddle> {
        let call = (self.detail >> ENTRY_BITS) as usize;
        let wrong = |meddling| Some(Meddle::Call(Interference { call, meddling }));
        match kind {
            Kind::CallReverts => wrong(Meddling::Reverts),
            Kind::CallReturnsFalse | Kind::LegacyLies => wrong(Meddling::ReturnsFalse),
            Kind::CallOutOfGas => wrong(Meddling::OutOfGas),
            Kind::CallReenters => {
                let entry = world.entries.get((self.detail & 0xffff) as usize)?;
                Some(Meddle::Reenters(entries::reentry(call, entry)))
            }
            Kind::GasCut => Some(Meddle::Gas(self.detail)),
            _ => None,
        }
    }
}

/// Something that can go wrong inside a transaction of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) kind: Kind,
    pub(super) site: u64,
    /// When its block is made.
    pub(super) moment: u64,
    /// The block that is made then.
    pub(super) leaves: B256,
}

/// The chain before a block with transactions.
#[derive(Debug)]
pub(super) struct Before {
    pub(super) moment: u64,
    /// How many transactions there were before the run.
    pub(super) first: u64,
    pub(super) node: Node,
}

/// What is to be tried in a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Probe {
    /// Something goes wrong there.
    At(Kind, Place),
    /// Less gas: where the outcome changes. With this limit it has all.
    Gas(u64, u64),
}

impl Before {
    /// Everything that is to be tried in its transactions.
    ///
    /// A call that cannot change anything is no place to re-enter: nothing that it calls can change anything either
    /// (EIP-214). A question to legacy that is answered with zero is a lie, which is a fault of its own.
    pub(super) fn probes(&self, world: &World, kinds: &[Kind]) -> Vec<Probe> {
        let mut probes = Vec::new();
        let inside: Vec<Kind> = kinds
            .iter()
            .copied()
            .filter(|kind| kind.is_inside())
            .collect();
        if inside.is_empty() {
            return probes;
        }
        let is_legacy = |account| world.plan.lanes.iter().any(|lane| lane.legacy == account);
        for watched in self.transactions(world) {
            let number = watched.number - self.first;
            for kind in &inside {
                if *kind == Kind::GasCut {
                    probes.push(Probe::Gas(number, watched.gas_limit));
                    continue;
                }
                for (call, inner) in watched.observed.calls.iter().enumerate() {
                    let is_question = inner.is_static && is_legacy(inner.called);
                    let entries = match kind {
                        _ if !self.is_contract(inner) => 0,
                        Kind::CallReenters if inner.is_static => 0,
                        Kind::LegacyLies if !is_question => 0,
                        Kind::CallReturnsFalse if is_question => 0,
                        Kind::CallReenters => world.entries.len(),
                        _ => 1,
                    };
                    let place = |entry| Probe::At(*kind, Place::call(number, call, entry));
                    probes.extend((0..entries).map(place));
                }
            }
        }
        probes
    }

    /// The transactions of the block that somebody who has a part in the migration sends, or the stranger.
    fn transactions(&self, world: &World) -> Vec<Watched> {
        let mut node = self.node.clone();
        node.watch();
        node.mine();
        let is_wanted = |watched: &&Watched| {
            let sender = node
                .included(watched.hash)
                .map(|found| found.transaction.sender);
            sender.is_some_and(|sender| sender == STRANGER || world.keys.accounts.contains(&sender))
        };
        node.watched().iter().filter(is_wanted).cloned().collect()
    }

    fn is_contract(&self, inner: &InnerCall) -> bool {
        let account = self.node.state().account(inner.target);
        let has_code =
            account.is_some_and(|found| found.code_hash != alloy_primitives::KECCAK256_EMPTY);
        has_code || inner.value > U256::ZERO
    }

    /// Tries something; the places at which it makes a difference to anything.
    ///
    /// Where not all limits are wanted, those of a transaction that can only fail as a whole are one.
    pub(super) fn tried(&self, world: &World, probe: Probe, all_limits: bool) -> Vec<Inside> {
        match probe {
            Probe::At(kind, place) => {
                let meddle = place.meddle(kind, world);
                let made = meddle.and_then(|meddle| self.with(place.transaction, meddle));
                made.map(|made| self.inside(kind, place, made))
                    .into_iter()
                    .collect()
            }
            Probe::Gas(transaction, limit) => {
                let cuts = if all_limits || self.may_be_half_done(transaction) {
                    self.cuts(transaction, limit)
                } else {
                    self.lowest(transaction, limit).into_iter().collect()
                };
                let cut = |gas: u64| {
                    let made = self.with(transaction, Meddle::Gas(gas))?;
                    Some(self.inside(Kind::GasCut, Place::gas(transaction, gas), made))
                };
                cuts.into_iter().filter_map(cut).collect()
            }
        }
    }

    fn inside(&self, kind: Kind, place: Place, made: B256) -> Inside {
        Inside {
            kind,
            site: place.site(),
            moment: self.moment,
            leaves: made,
        }
    }

    /// The block that is made where this goes wrong; `None` where it cannot.
    fn with(&self, transaction: u64, meddle: Meddle) -> Option<B256> {
        self.disturbed(transaction, meddle)
            .map(|node| node.head().hash)
    }

    fn disturbed(&self, transaction: u64, meddle: Meddle) -> Option<Node> {
        let mut node = self.node.clone();
        let transaction = self.first + transaction;
        let disturbance = Disturbance {
            transaction,
            meddle,
        };
        node.disturb_too(disturbance.clone());
        node.mine();
        let is_here = node.disturbed().contains(&(transaction, disturbance));
        is_here.then_some(node)
    }

    /// Whether an inner call can run out of gas without undoing the whole: else the outermost frame that does undoes
    /// everything (EIP-150), whatever the limit.
    fn may_be_half_done(&self, transaction: u64) -> bool {
        let mut node = self.node.clone();
        node.watch();
        node.mine();
        let number = self.first + transaction;
        let watched = node
            .watched()
            .iter()
            .find(|watched| watched.number == number);
        let Some((hash, calls)) = watched.map(|found| (found.hash, found.observed.calls.len()))
        else {
            return false;
        };
        (0..calls).any(|call| {
            let meddling = Meddling::OutOfGas;
            let node = self.disturbed(transaction, Meddle::Call(Interference { call, meddling }));
            node.is_some_and(|node| {
                node.included(hash)
                    .is_some_and(|included| included.outcome.succeeded)
            })
        })
    }

    /// The first limit that a transaction can be sent with at all.
    fn lowest(&self, transaction: u64, limit: u64) -> Option<u64> {
        let step = limit.saturating_sub(LEAST_GAS) / POINTS;
        let mut limits = (0..POINTS).map(|point| LEAST_GAS + step * point);
        limits.find(|gas| self.with(transaction, Meddle::Gas(*gas)).is_some())
    }

    /// Of each threshold at which the block becomes another one the highest limit below it, found by bisection.
    fn cuts(&self, transaction: u64, limit: u64) -> Vec<u64> {
        let with = |gas: u64| (gas, self.with(transaction, Meddle::Gas(gas)));
        let highest = limit.saturating_sub(1).max(LEAST_GAS);
        let step = (highest - LEAST_GAS) / POINTS;
        let mut tried: Vec<_> = (0..POINTS)
            .map(|point| with(LEAST_GAS + step * point))
            .collect();
        tried.push(with(highest));
        let mut open: Vec<_> = tried.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let mut found = Vec::new();
        while let Some((left, right)) = open.pop() {
            if left.1 == right.1 {
                continue;
            }
            if right.0 - left.0 <= 1 {
                // Below what a transaction of this size costs at least it cannot be sent.
                found.extend(left.1.map(|_| left.0));
                continue;
            }
            let between = with(left.0 + (right.0 - left.0) / 2);
            open.extend([(left, between), (between, right)]);
        }
        found.sort_unstable();
        found
    }
}

/// The block that each fault leaves, and when.
pub(super) fn blocks(inside: &[Inside]) -> BTreeMap<Fault, (u64, B256)> {
    let one = |inside: &Inside| {
        let (kind, site) = (inside.kind, inside.site);
        (Fault { kind, site }, (inside.moment, inside.leaves))
    };
    inside.iter().map(one).collect()
}

/// Of faults after which the same block is made the first.
pub(super) fn distinct(inside: &[Inside]) -> BTreeSet<Fault> {
    let mut known = BTreeSet::new();
    let is_first = |inside: &&Inside| known.insert((inside.moment, inside.leaves));
    let first = inside.iter().filter(is_first);
    first
        .map(|inside| Fault {
            kind: inside.kind,
            site: inside.site,
        })
        .collect()
}
