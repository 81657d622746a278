//! Judging a state: who has more or less than is due, and whether it is an end.

use alloy_primitives::{Address, I256, U256};

use crate::ledger::{Claim, Claims, Ledger, Side};
use crate::model::{ANYONE, NEWCOMER, Node, STRANGER, Subject};

/// What the claims of a state amount to, in units of entitlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// What accounts have beyond what is due to them.
    pub over: U256,
    /// What of `over` strangers have.
    pub stranger_over: U256,
    /// What accounts lack of what is due to them.
    pub short: U256,
    /// What is recorded for accounts and custodians and cannot be moved by an account now.
    pub held: U256,
    /// Whether this is an end: done, rolled back, or (where somebody acted on its own or is gone) settled.
    pub goal: bool,
}

/// What is due, from the undisturbed run.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Claims before the first step.
    pub start: Claims,
    /// Claims after the last step.
    pub end: Claims,
}

/// Judges states of one subject.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The ledgers.
    pub ledgers: &'a [Ledger],
    /// All accounts whose claims are read; those from `judged` on are custodians.
    pub accounts: &'a [Address],
    /// How many of the accounts are judged.
    pub judged: usize,
    /// For each ledger the first one that is the same book.
    pub groups: &'a [usize],
    /// Rounding.
    pub tolerance: U256,
    /// What is due.
    pub baseline: &'a Baseline,
}

impl Judge<'_> {
    /// The claims of one account.
    pub fn row<'c>(&self, claims: &'c Claims, account: usize) -> &'c [Claim] {
        &claims[account * self.ledgers.len()..][..self.ledgers.len()]
    }

    /// What an account can move.
    pub fn live(&self, claims: &Claims, account: usize) -> U256 {
        let row = self.row(claims, account).iter().zip(self.ledgers);
        row.fold(U256::ZERO, |sum, (claim, ledger)| {
            sum.saturating_add(ledger.worth(claim.live))
        })
    }

    /// What is recorded for an account, whether it can move it or not.
    pub fn recorded(&self, claims: &Claims, account: usize) -> U256 {
        let row = self.row(claims, account).iter().zip(self.ledgers);
        row.fold(U256::ZERO, |sum, (claim, ledger)| {
            sum.saturating_add(ledger.worth(claim.recorded))
        })
    }

    /// What is due to an account at the end: what it had, where that is what is migrated; else what the undisturbed
    /// run gives it.
    pub fn due(&self, node: &Node, account: usize) -> U256 {
        let row = self
            .row(&self.baseline.start, account)
            .iter()
            .zip(self.ledgers);
        let migrates = row
            .into_iter()
            .any(|(claim, ledger)| ledger.side == Side::Legacy && !claim.live.is_zero());
        let baseline = if migrates {
            &self.baseline.start
        } else {
            &self.baseline.end
        };
        shifted(
            self.live(baseline, account),
            shift_of(node, self.accounts[account]),
        )
    }

    /// What is due to an account if all is as it was.
    pub fn due_before(&self, node: &Node, account: usize) -> U256 {
        shifted(
            self.live(&self.baseline.start, account),
            shift_of(node, self.accounts[account]),
        )
    }

    /// Judges a state.
    pub fn assess(&self, node: &Node) -> Assessment {
        let mut found = Assessment::default();
        let on_their_own = !node.shift.is_empty() || node.lost.is_some() || node.waived.is_some();
        let (mut done, mut back, mut settled) = (true, true, true);
        for account in 0..self.judged {
            let address = self.accounts[account];
            let live = self.live(&node.claims, account);
            let (due, before) = (self.due(node, account), self.due_before(node, account));
            let over = live
                .saturating_sub(due.max(before))
                .saturating_sub(self.tolerance);
            let mut short = due.saturating_sub(live);
            if short <= self.tolerance || node.waived == Some(address) {
                short = U256::ZERO;
            }
            found.over = found.over.saturating_add(over);
            if [STRANGER, ANYONE].contains(&address) {
                found.stranger_over = found.stranger_over.saturating_add(over);
            }
            found.short = found.short.saturating_add(short);
            settled &= over.is_zero() && short.is_zero();
            done &= self.is_as(node, account, &self.baseline.end);
            back &= self.is_as(node, account, &self.baseline.start);
            let recorded = self.recorded(&node.claims, account);
            found.held = found.held.saturating_add(recorded.saturating_sub(live));
        }
        for custodian in self.judged..self.accounts.len() {
            let now = self.recorded(&node.claims, custodian);
            let end = self.recorded(&self.baseline.end, custodian);
            found.held = found.held.saturating_add(now.saturating_sub(end));
        }
        found.goal = settled && (done || back || on_their_own) || back;
        found
    }

    /// Whether an account's claims are live as in the baseline, up to rounding.
    fn is_as(&self, node: &Node, account: usize, baseline: &Claims) -> bool {
        let worth = |claims: &Claims, group: usize| {
            let row = self
                .row(claims, account)
                .iter()
                .zip(self.ledgers)
                .zip(self.groups);
            let of = row.filter(|(_, own)| **own == group);
            of.fold(U256::ZERO, |sum, ((claim, ledger), _)| {
                sum.saturating_add(ledger.worth(claim.live))
            })
        };
        let as_then = (0..self.ledgers.len())
            .filter(|ledger| self.groups[*ledger] == *ledger)
            .all(|group| {
                // A wallet is judged with everything else, by the sum.
                self.ledgers[group].side == Side::Wallet
                    || worth(&node.claims, group).abs_diff(worth(baseline, group)) <= self.tolerance
            });
        as_then
            && self
                .live(&node.claims, account)
                .abs_diff(self.live(baseline, account))
                <= self.tolerance
    }
}

/// Judged accounts of a subject, strangers and the newcomer included.
pub fn judged(subject: &Subject) -> Vec<Address> {
    let mut accounts = subject.accounts.clone();
    accounts.extend([NEWCOMER, STRANGER, ANYONE]);
    accounts
}

fn shift_of(node: &Node, account: Address) -> I256 {
    let shift = node.shift.iter().find(|(who, _)| *who == account);
    shift.map_or(I256::ZERO, |(_, by)| *by)
}

fn shifted(amount: U256, by: I256) -> U256 {
    if by.is_negative() {
        amount.saturating_sub(by.unsigned_abs())
    } else {
        amount.saturating_add(by.unsigned_abs())
    }
}
