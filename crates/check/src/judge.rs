//! Judging a state: who has more or less than is due, and whether it is an end.

use std::borrow::Cow;

use alloy_primitives::{Address, I256, U256};

use crate::ledger::{Claim, Claims, Ledger, Shift, Side};
use crate::model::{ANYONE, Excuse, NEWCOMER, Node, STRANGER, Subject};
use crate::tally::{Part, Standing, Tally};

/// What the claims of a state amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assessment {
    /// The assets in which something is not as it should be, in order.
    pub standings: Vec<(usize, Standing)>,
    /// Whether this is an end: done, rolled back, or (where somebody acted on its own or is gone) settled.
    pub goal: bool,
}

impl Assessment {
    /// Whether anybody has more than is due.
    pub fn is_over(&self) -> bool {
        let mut all = self.standings.iter();
        all.any(|(_, standing)| !standing.over.is_zero())
    }

    /// What accounts lack and what they have beyond what is due, over all assets: to compare states, no amount of
    /// anything.
    pub fn wrong(&self) -> (U256, U256) {
        let none = (U256::ZERO, U256::ZERO);
        let all = self.standings.iter();
        all.fold(none, |(short, over), (_, standing)| {
            let short = short.saturating_add(standing.short);
            (short, over.saturating_add(standing.over))
        })
    }
}

/// What is due, from the undisturbed run.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Claims before the first step.
    pub start: Claims,
    /// Claims after the last step.
    pub end: Claims,
    /// What follows from them, account by account.
    sums: Vec<Sums>,
}

/// What a baseline says of one account, by asset.
#[derive(Clone, Debug)]
struct Sums {
    /// What can be moved at the start.
    before: Vec<U256>,
    /// What can be moved at the end.
    after: Vec<U256>,
    /// What is recorded at the end.
    recorded: Vec<U256>,
    /// What is due at the end: what it had, where that is what is migrated; else what the undisturbed run gives it.
    due: Vec<U256>,
}

impl Baseline {
    /// What is due of these claims at the start and at the end.
    pub fn new(subject: &Subject, start: Claims, end: Claims) -> Self {
        let sums = |account: usize| {
            let (first, last) = (start.row(account), end.row(account));
            let before = sums(subject, first, |claim| claim.live);
            let after = sums(subject, last, |claim| claim.live);
            let mut due = after.clone();
            for (claim, ledger) in first.iter().zip(&subject.ledgers) {
                if ledger.side == Side::Legacy && !claim.live.is_zero() {
                    due[ledger.asset] = before[ledger.asset];
                }
            }
            Sums {
                before,
                after,
                recorded: sums(subject, last, |claim| claim.recorded),
                due,
            }
        };
        Self {
            sums: (0..start.len()).map(sums).collect(),
            start,
            end,
        }
    }

    /// Whether nobody has anything at the start, and nobody is due anything at the end.
    pub fn is_nothing(&self) -> bool {
        let mut all = self
            .sums
            .iter()
            .flat_map(|own| own.before.iter().chain(&own.due));
        all.all(|sum| sum.is_zero())
    }
}

/// By asset, the sum over what is taken from each claim of an account.
fn sums(subject: &Subject, row: &[Claim], of: impl Fn(&Claim) -> U256) -> Vec<U256> {
    let mut sums = vec![U256::ZERO; subject.assets.len()];
    for (claim, ledger) in row.iter().zip(&subject.ledgers) {
        let sum = &mut sums[ledger.asset];
        *sum = sum.saturating_add(ledger.worth(of(claim)));
    }
    sums
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
    /// What an account can move of an asset.
    pub fn live(&self, claims: &Claims, account: usize, asset: usize) -> U256 {
        self.live_in(claims.row(account))[asset]
    }

    /// By asset, what can be moved.
    fn live_in(&self, row: &[Claim]) -> Vec<U256> {
        sums(self.subject, row, |claim| claim.live)
    }

    /// By asset, what is recorded, whether it can be moved or not.
    fn recorded_in(&self, row: &[Claim]) -> Vec<U256> {
        sums(self.subject, row, |claim| claim.recorded)
    }

    /// What of an asset is due to an account at the end: what it had, where that is what is migrated; else what the
    /// undisturbed run gives it.
    pub fn due(&self, node: &Node, account: usize, asset: usize) -> U256 {
        let shift = shift_of(&node.shift, self.accounts[account], asset);
        shifted(self.baseline.sums[account].due[asset], shift)
    }

    /// What of an asset is due to an account if all is as it was.
    pub fn due_before(&self, node: &Node, account: usize, asset: usize) -> U256 {
        let shift = shift_of(&node.shift, self.accounts[account], asset);
        shifted(self.baseline.sums[account].before[asset], shift)
    }

    /// The sums over all accounts, none of which acted on its own.
    pub fn tally(&self, claims: &Claims) -> Tally {
        let mut tally = Tally::default();
        for account in 0..self.accounts.len() {
            tally.add(&self.part(account, claims.row(account), &[], None));
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
            tally.take(&self.part(*account, before.row(*account), &[], None));
            tally.add(&self.part(*account, after.row(*account), &[], None));
        }
        tally
    }

    /// Claims with those of which there are more or fewer than in the baseline, and that are worth as much, put as they
    /// are there: a vault gives fewer shares where each is worth more. Of who acted on its own nothing is put so.
    fn settled<'r>(&self, account: usize, row: &'r [Claim], shift: &[Shift]) -> Cow<'r, [Claim]> {
        let mut settled = Cow::Borrowed(row);
        if !shift.is_empty() {
            return settled;
        }
        for (at, ledger) in self.ledgers.iter().enumerate() {
            if ledger.price.is_none() {
                continue;
            }
            let baselines = [&self.baseline.end, &self.baseline.start];
            let claims = baselines.map(|claims| claims.row(account)[at]);
            if let Some(known) = claims.iter().find(|known| is_worth(&row[at], known)) {
                settled.to_mut()[at].live = known.live;
            }
        }
        settled
    }

    fn part(&self, account: usize, row: &[Claim], shift: &[Shift], excuse: Option<Excuse>) -> Part {
        let row = &*self.settled(account, row, shift);
        let recorded = self.recorded_in(row);
        if account >= self.judged {
            let end = &self.baseline.sums[account].recorded;
            let held = recorded.iter().zip(end).map(|(now, end)| Standing {
                held: now.saturating_sub(*end),
                ..Standing::default()
            });
            return Part {
                standings: told(held),
                owed: vec![U256::ZERO; self.subject.custodians.len()],
                ..Part::default()
            };
        }
        let who = self.accounts[account];
        let is_stranger = [STRANGER, ANYONE].contains(&who);
        let live = self.live_in(row);
        let Sums {
            before, after, due, ..
        } = &self.baseline.sums[account];
        let standing = |asset: usize| {
            let (live, by) = (live[asset], shift_of(shift, who, asset));
            let tolerance = self.subject.assets[asset].tolerance;
            let (due, before) = (shifted(due[asset], by), shifted(before[asset], by));
            let over = live
                .saturating_sub(due.max(before))
                .saturating_sub(tolerance);
            let mut short = due.saturating_sub(live);
            if short <= tolerance || excuse == Some(Excuse::Absent) {
                short = U256::ZERO;
            }
            Standing {
                over,
                stranger_over: if is_stranger { over } else { U256::ZERO },
                short,
                held: recorded[asset].saturating_sub(live),
            }
        };
        let standings = told((0..live.len()).map(standing));
        let owed = self.subject.custodians.iter().map(|custodian| {
            custodian.covers.iter().fold(U256::ZERO, |sum, ledger| {
                sum.saturating_add(self.ledgers[*ledger].worth(row[*ledger].recorded))
            })
        });
        let mut wrong = standings.iter();
        let unsettled = wrong.any(|(_, one)| !one.over.is_zero() || !one.short.is_zero());
        let is_passed_over = excuse == Some(Excuse::Late) && !unsettled;
        let end = self.baseline.end.row(account);
        Part {
            unsettled,
            undone: !is_passed_over && !self.is_done(is_stranger, (row, &live), (end, after)),
            unback: !self.is_done(
                is_stranger,
                (row, &live),
                (self.baseline.start.row(account), before),
            ),
            owed: owed.collect(),
            standings,
        }
    }

    /// Judges a state.
    pub fn assess(&self, node: &Node) -> Assessment {
        let on_their_own = node.is_on_its_own();
        let mut tally = node.tally.as_ref().clone();
        let acted = node
            .shift
            .iter()
            .map(|(who, ..)| who)
            .chain(node.excused.keys());
        let mut seen = Vec::new();
        for who in acted {
            let Some(account) = self.accounts[..self.judged]
                .iter()
                .position(|one| one == who)
            else {
                continue;
            };
            if seen.contains(&account) {
                continue;
            }
            seen.push(account);
            let row = node.claims.row(account);
            tally.take(&self.part(account, row, &[], None));
            let excuse = node.excused.get(who).copied();
            tally.add(&self.part(account, row, &node.shift, excuse));
        }
        let back = tally.unback == 0;
        let mut standings = tally.standings();
        let is_gift = |(_, standing): &(usize, Standing)| {
            let lacks = !standing.short.is_zero() || !standing.stranger_over.is_zero();
            !lacks && standing.over <= node.given
        };
        // What somebody has more of what the stranger gave away is his.
        let is_given = !node.given.is_zero() && standings.iter().all(is_gift);
        for (_, standing) in &mut standings {
            if standing.stranger_over.is_zero() {
                standing.over = standing.over.saturating_sub(node.given);
            }
        }
        standings.retain(|(_, standing)| !standing.is_clear());
        let is_settled = tally.unsettled == 0 || is_given;
        let is_done = tally.undone == 0 || on_their_own || is_given;
        Assessment {
            standings,
            goal: is_settled && is_done || back,
        }
    }

    /// Whether an account is as in the baseline: what a stranger gives for something else, or away, is its own affair.
    fn is_done(
        &self,
        is_stranger: bool,
        (row, now): (&[Claim], &[U256]),
        (baseline, then): (&[Claim], &[U256]),
    ) -> bool {
        let mut sums = now.iter().zip(then).zip(&self.subject.assets);
        if is_stranger {
            return sums.all(|((now, then), asset)| now.saturating_sub(*then) <= asset.tolerance);
        }
        row == baseline
            || sums.all(|((now, then), asset)| now.abs_diff(*then) <= asset.tolerance)
                && self.is_as(row, baseline)
    }

    /// Whether an account's claims are live as in the baseline, book by book.
    fn is_as(&self, row: &[Claim], baseline: &[Claim]) -> bool {
        let groups = &self.subject.groups;
        let by_book = |row: &[Claim]| {
            let mut worth = vec![U256::ZERO; row.len()];
            for ((claim, ledger), group) in row.iter().zip(self.ledgers).zip(groups) {
                worth[*group] = worth[*group].saturating_add(ledger.worth(claim.live));
            }
            worth
        };
        let (now, then) = (by_book(row), by_book(baseline));
        let mut books = self.ledgers.iter().zip(now.iter().zip(&then));
        // A wallet is judged with everything else, by the sum.
        books.all(|(ledger, (now, then))| {
            let tolerance = self.subject.assets[ledger.asset].tolerance;
            ledger.side == Side::Wallet || now.abs_diff(*then) <= tolerance
        })
    }
}

/// Whether a claim is worth what another one was though it is another amount, up to what rounding to whole shares
/// costs or gives, both ways.
fn is_worth(claim: &Claim, known: &Claim) -> bool {
    if known.live.is_zero() || claim.live.is_zero() {
        return false;
    }
    let share = known.worth / known.live + U256::ONE;
    let slack = share.saturating_mul(U256::from(2));
    let enough = claim.worth.saturating_add(slack) >= known.worth;
    let no_more = claim.worth <= known.worth.saturating_add(slack);
    claim.live < known.live && enough || claim.live > known.live && no_more
}

/// What is to be told, by asset.
fn told(standings: impl Iterator<Item = Standing>) -> Vec<(usize, Standing)> {
    let all = standings.enumerate();
    all.filter(|(_, standing)| !standing.is_clear()).collect()
}

/// Judged accounts of a subject, strangers and the newcomer included.
pub fn judged(subject: &Subject) -> Vec<Address> {
    let mut accounts = subject.accounts.clone();
    accounts.extend([NEWCOMER, STRANGER, ANYONE]);
    accounts
}

fn shift_of(shift: &[Shift], account: Address, asset: usize) -> I256 {
    let mut all = shift.iter();
    let own = all.find(|(who, of, _)| *who == account && *of == asset);
    own.map_or(I256::ZERO, |(.., by)| *by)
}

fn shifted(amount: U256, by: I256) -> U256 {
    if by.is_negative() {
        amount.saturating_sub(by.unsigned_abs())
    } else {
        amount.saturating_add(by.unsigned_abs())
    }
}

#[cfg(test)]
mod tests;
