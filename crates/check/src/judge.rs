//! Judging a state: who has more or less than is due, and whether it is an end.

use alloy_primitives::{Address, I256, U256};

use crate::ledger::{Claim, Claims, Ledger, Side};
use crate::model::{ANYONE, NEWCOMER, Node, STRANGER, Subject};
use crate::tally::{Part, Tally, narrow};

/// What the claims of a state amount to, in units of entitlement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// What is judged.
    pub subject: &'a Subject,
    /// The ledgers.
    pub ledgers: &'a [Ledger],
    /// All accounts whose claims are read; those from `judged` on are custodians.
    pub accounts: &'a [Address],
    /// How many of the accounts are judged.
    pub judged: usize,
    /// What is due.
    pub baseline: &'a Baseline,
}

impl Judge<'_> {
    /// What an account can move.
    pub fn live(&self, claims: &Claims, account: usize) -> U256 {
        self.live_in(claims.row(account))
    }

    fn live_in(&self, row: &[Claim]) -> U256 {
        let row = row.iter().zip(self.ledgers);
        row.fold(U256::ZERO, |sum, (claim, ledger)| {
            sum.saturating_add(ledger.worth(claim.live))
        })
    }

    /// What is recorded for an account, whether it can move it or not.
    fn recorded_in(&self, row: &[Claim]) -> U256 {
        let row = row.iter().zip(self.ledgers);
        row.fold(U256::ZERO, |sum, (claim, ledger)| {
            sum.saturating_add(ledger.worth(claim.recorded))
        })
    }

    /// What is due to an account at the end: what it had, where that is what is migrated; else what the undisturbed
    /// run gives it.
    pub fn due(&self, node: &Node, account: usize) -> U256 {
        shifted(
            self.due_at_first(account),
            shift_of(node, self.accounts[account]),
        )
    }

    fn due_at_first(&self, account: usize) -> U256 {
        let row = self.baseline.start.row(account).iter().zip(self.ledgers);
        let migrates = row
            .into_iter()
            .any(|(claim, ledger)| ledger.side == Side::Legacy && !claim.live.is_zero());
        let baseline = if migrates {
            &self.baseline.start
        } else {
            &self.baseline.end
        };
        self.live(baseline, account)
    }

    /// What is due to an account if all is as it was.
    pub fn due_before(&self, node: &Node, account: usize) -> U256 {
        shifted(
            self.live(&self.baseline.start, account),
            shift_of(node, self.accounts[account]),
        )
    }

    /// The sums over all accounts, none of which acted on its own.
    pub fn tally(&self, claims: &Claims) -> Tally {
        let mut tally = Tally::default();
        for account in 0..self.accounts.len() {
            tally.add(&self.part(account, claims.row(account), I256::ZERO, false));
        }
        tally
    }

    /// The sums after the claims of some accounts changed.
    pub fn retally(
        &self,
        tally: &Tally,
        before: &Claims,
        after: &Claims,
        accounts: &[usize],
    ) -> Tally {
        let mut tally = tally.clone();
        for account in accounts {
            tally.take(&self.part(*account, before.row(*account), I256::ZERO, false));
            tally.add(&self.part(*account, after.row(*account), I256::ZERO, false));
        }
        tally
    }

    fn part(&self, account: usize, row: &[Claim], shift: I256, waived: bool) -> Part {
        if account >= self.judged {
            let now = self.recorded_in(row);
            let end = self.recorded_in(self.baseline.end.row(account));
            return Part {
                held: now.saturating_sub(end),
                owed: vec![U256::ZERO; self.subject.custodians.len()],
                ..Part::default()
            };
        }
        let live = self.live_in(row);
        let due = shifted(self.due_at_first(account), shift);
        let before = shifted(self.live(&self.baseline.start, account), shift);
        let over = live
            .saturating_sub(due.max(before))
            .saturating_sub(self.subject.tolerance);
        let mut short = due.saturating_sub(live);
        if short <= self.subject.tolerance || waived {
            short = U256::ZERO;
        }
        let owed = self.subject.custodians.iter().map(|custodian| {
            custodian.covers.iter().fold(U256::ZERO, |sum, ledger| {
                sum.saturating_add(self.ledgers[*ledger].worth(row[*ledger].recorded))
            })
        });
        Part {
            over,
            is_stranger: [STRANGER, ANYONE].contains(&self.accounts[account]),
            short,
            held: self.recorded_in(row).saturating_sub(live),
            unsettled: !over.is_zero() || !short.is_zero(),
            undone: !self.is_as(row, self.baseline.end.row(account)),
            unback: !self.is_as(row, self.baseline.start.row(account)),
            owed: owed.collect(),
        }
    }

    /// Judges a state.
    pub fn assess(&self, node: &Node) -> Assessment {
        let on_their_own = !node.shift.is_empty() || node.lost.is_some() || node.waived.is_some();
        let mut tally = node.tally.as_ref().clone();
        let acted = node.shift.iter().map(|(who, _)| *who).chain(node.waived);
        let mut seen = Vec::new();
        for who in acted {
            let Some(account) = self.accounts[..self.judged]
                .iter()
                .position(|one| *one == who)
            else {
                continue;
            };
            if seen.contains(&account) {
                continue;
            }
            seen.push(account);
            let row = node.claims.row(account);
            tally.take(&self.part(account, row, I256::ZERO, false));
            let waived = node.waived == Some(who);
            tally.add(&self.part(account, row, shift_of(node, who), waived));
        }
        let back = tally.unback == 0;
        Assessment {
            over: narrow(tally.over),
            stranger_over: narrow(tally.stranger_over),
            short: narrow(tally.short),
            held: narrow(tally.held),
            goal: tally.unsettled == 0 && (tally.undone == 0 || on_their_own) || back,
        }
    }

    /// Whether an account's claims are live as in the baseline, up to rounding.
    fn is_as(&self, row: &[Claim], baseline: &[Claim]) -> bool {
        let groups = &self.subject.groups;
        let tolerance = self.subject.tolerance;
        let worth = |row: &[Claim], group: usize| {
            let of = row.iter().zip(self.ledgers).zip(groups);
            of.filter(|(_, own)| **own == group)
                .fold(U256::ZERO, |sum, ((claim, ledger), _)| {
                    sum.saturating_add(ledger.worth(claim.live))
                })
        };
        let mut books = (0..self.ledgers.len()).filter(|ledger| groups[*ledger] == *ledger);
        books.all(|group| {
            // A wallet is judged with everything else, by the sum.
            self.ledgers[group].side == Side::Wallet
                || worth(row, group).abs_diff(worth(baseline, group)) <= tolerance
        }) && self.live_in(row).abs_diff(self.live_in(baseline)) <= tolerance
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
