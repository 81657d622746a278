//! Sums over the claims of all accounts, kept account by account.

use std::collections::BTreeMap;

use alloy_primitives::{U256, Uint};

/// Sums over accounts that are kept up to date account by account; 512 bits, so that they never overflow.
pub(crate) type Sum = Uint<512, 8>;

/// What is not as it should be in one asset, in its units of entitlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Standing {
    /// What accounts have beyond what is due to them.
    pub over: U256,
    /// What of `over` strangers have.
    pub stranger_over: U256,
    /// What accounts lack of what is due to them.
    pub short: U256,
    /// What is recorded for accounts and custodians and cannot be moved by an account now.
    pub held: U256,
}

impl Standing {
    fn figures(&self) -> [U256; 4] {
        [self.over, self.stranger_over, self.short, self.held]
    }

    /// Whether nothing is to be said.
    pub fn is_clear(&self) -> bool {
        *self == Self::default()
    }
}

/// What the claims of a state come to if no holder acted on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By asset, the sums of a [`Standing`]; those that are all zero are left out.
    standings: BTreeMap<usize, [Sum; 4]>,
    /// Accounts that are not as they must be: neither more nor less than due, as at the end, as at the start.
    pub(crate) unsettled: u32,
    pub(crate) undone: u32,
    pub(crate) unback: u32,
    /// What each custodian owes.
    pub(crate) owed: Vec<Sum>,
}

/// What one account adds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// By asset; what is clear is left out.
    pub(crate) standings: Vec<(usize, Standing)>,
    pub(crate) unsettled: bool,
    pub(crate) undone: bool,
    pub(crate) unback: bool,
    pub(crate) owed: Vec<U256>,
}

impl Tally {
    pub(crate) fn add(&mut self, part: &Part) {
        for (asset, standing) in &part.standings {
            let sums = self.standings.entry(*asset).or_default();
            for (sum, figure) in sums.iter_mut().zip(standing.figures()) {
                *sum += Sum::from(figure);
            }
        }
        self.unsettled += u32::from(part.unsettled);
        self.undone += u32::from(part.undone);
        self.unback += u32::from(part.unback);
        self.owed.resize(part.owed.len(), Sum::ZERO);
        for (sum, owed) in self.owed.iter_mut().zip(&part.owed) {
            *sum += Sum::from(*owed);
        }
    }

    pub(crate) fn take(&mut self, part: &Part) {
        for (asset, standing) in &part.standings {
            let sums = self.standings.entry(*asset).or_default();
            for (sum, figure) in sums.iter_mut().zip(standing.figures()) {
                *sum -= Sum::from(figure);
            }
            if sums.iter().all(Sum::is_zero) {
                self.standings.remove(asset);
            }
        }
        self.unsettled -= u32::from(part.unsettled);
        self.undone -= u32::from(part.undone);
        self.unback -= u32::from(part.unback);
        for (sum, owed) in self.owed.iter_mut().zip(&part.owed) {
            *sum -= Sum::from(*owed);
        }
    }

    /// What is not as it should be, by asset, in order.
    pub fn standings(&self) -> Vec<(usize, Standing)> {
        let standing = |[over, stranger_over, short, held]: &[Sum; 4]| Standing {
            over: narrow(*over),
            stranger_over: narrow(*stranger_over),
            short: narrow(*short),
            held: narrow(*held),
        };
        let sums = self.standings.iter();
        sums.map(|(asset, sums)| (*asset, standing(sums))).collect()
    }

    /// What a custodian owes.
    pub fn owed(&self, custodian: usize) -> U256 {
        self.owed
            .get(custodian)
            .map_or(U256::ZERO, |sum| narrow(*sum))
    }
}

fn narrow(sum: Sum) -> U256 {
    sum.saturating_to()
}
