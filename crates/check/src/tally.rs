//! Sums over the claims of all accounts, kept account by account.

use alloy_primitives::{U256, Uint};

/// Sums over accounts that are kept up to date account by account; 512 bits, so that they never overflow.
type Sum = Uint<512, 8>;

/// What the claims of a state come to if no holder acted on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) over: Sum,
    pub(crate) stranger_over: Sum,
    pub(crate) short: Sum,
    pub(crate) held: Sum,
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
    pub(crate) over: U256,
    pub(crate) is_stranger: bool,
    pub(crate) short: U256,
    pub(crate) held: U256,
    pub(crate) unsettled: bool,
    pub(crate) undone: bool,
    pub(crate) unback: bool,
    pub(crate) owed: Vec<U256>,
}

impl Tally {
    pub(crate) fn add(&mut self, part: &Part) {
        self.over += Sum::from(part.over);
        if part.is_stranger {
            self.stranger_over += Sum::from(part.over);
        }
        self.short += Sum::from(part.short);
        self.held += Sum::from(part.held);
        self.unsettled += u32::from(part.unsettled);
        self.undone += u32::from(part.undone);
        self.unback += u32::from(part.unback);
        self.owed.resize(part.owed.len(), Sum::ZERO);
        for (sum, owed) in self.owed.iter_mut().zip(&part.owed) {
            *sum += Sum::from(*owed);
        }
    }

    pub(crate) fn take(&mut self, part: &Part) {
        self.over -= Sum::from(part.over);
        if part.is_stranger {
            self.stranger_over -= Sum::from(part.over);
        }
        self.short -= Sum::from(part.short);
        self.held -= Sum::from(part.held);
        self.unsettled -= u32::from(part.unsettled);
        self.undone -= u32::from(part.undone);
        self.unback -= u32::from(part.unback);
        for (sum, owed) in self.owed.iter_mut().zip(&part.owed) {
            *sum -= Sum::from(*owed);
        }
    }

    /// What a custodian owes.
    pub fn owed(&self, custodian: usize) -> U256 {
        self.owed
            .get(custodian)
            .map_or(U256::ZERO, |sum| narrow(*sum))
    }
}

pub(crate) fn narrow(sum: Sum) -> U256 {
    sum.saturating_to()
}
