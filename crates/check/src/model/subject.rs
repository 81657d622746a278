//! What is checked: a migration, who takes part in it, and what they may do.

use alloy_primitives::{Address, U256};
use sealift_evm::{Cell, Message};

use crate::fork::Fork;
use crate::input::Step;
use crate::ledger::{Asset, Ledger};
use crate::spending::Allowance;

/// How an interrupted executor goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resume {
    /// Sends the uncertain step again without looking.
    Retry,
    /// Goes on after everything that was ever sent.
    Position,
    /// Goes on with what has no good receipt, and only with that.
    Receipt,
    /// Begins again at the first step.
    Rerun,
}

impl Resume {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Retry, Self::Position, Self::Receipt, Self::Rerun];

    /// As in `check.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Position => "position",
            Self::Receipt => "receipt",
            Self::Rerun => "rerun",
        }
    }
}

/// A named call of somebody: a way back of the playbook, or what a holder may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The call.
    pub message: Message,
}

/// A promise that a contract holds what accounts may claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// Its name.
    pub name: String,
    /// Who holds.
    pub account: Address,
    /// The ERC-20 held; `None` is ether.
    pub asset: Option<Address>,
    /// Indices of the ledgers whose claims it backs.
    pub covers: Vec<usize>,
}

/// Everything that is checked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The state before the first step, and the block of it.
    pub start: Fork,
    /// The script.
    pub steps: Vec<Step>,
    /// Where claims are held.
    pub ledgers: Vec<Ledger>,
    /// For each ledger the first one that is the same book: a ledger that the script creates has others where it
    /// would be created again. Most are their own.
    pub groups: Vec<usize>,
    /// Whose claims are judged, in order; the stranger and the newcomer are added.
    pub accounts: Vec<Address>,
    /// What the ledgers are of; [`Ledger::asset`] counts them.
    pub assets: Vec<Asset>,
    /// Contracts of the migration: they hold custody, and they are what a stranger calls.
    pub contracts: Vec<Address>,
    /// Solvency promises.
    pub custodians: Vec<Custodian>,
    /// How an executor may go on.
    pub resume: Vec<Resume>,
    /// Seconds that `wait` and `delay` take.
    pub wait_secs: u64,
    /// Declared ways back.
    pub recovery: Vec<Call>,
    /// What holders may do between two steps.
    pub actions: Vec<Call>,
    /// What a stranger may call.
    pub hostile: Vec<Message>,
    /// Words in which tokens of the stranger stand.
    pub wealth: Vec<Cell>,
    /// What holders let others take: they may take that back.
    pub allowances: Vec<Allowance>,
    /// Tokens that may misbehave.
    pub tokens: Vec<Address>,
    /// What those who send the script may call, whether it is in the playbook or not.
    pub operator: Vec<Message>,
    /// Families or names of faults that are declared impossible.
    pub off: Vec<String>,
}

impl Subject {
    /// Whether faults of a name are declared impossible, by name or by family.
    pub fn is_off(&self, name: &str) -> bool {
        let mut off = self.off.iter();
        off.any(|off| name == off || name.split('.').any(|part| part == off))
    }

    /// How many declared ways back that change nobody's claims are gone one after the other: a call that counts
    /// something would lead to new states for ever.
    pub fn patience(&self) -> usize {
        2 * self.recovery.len()
    }

    /// What a custodian may owe more than it holds, in units of entitlement.
    pub fn slack(&self, custodian: &Custodian) -> U256 {
        let covered = custodian.covers.iter();
        let tolerances = covered.map(|ledger| self.assets[self.ledgers[*ledger].asset].tolerance);
        tolerances.max().unwrap_or_default()
    }
}
