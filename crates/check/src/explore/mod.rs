//! Exploring every state that faults and the ways back from them lead to, fewest faults first.

mod ahead;
mod calls;
pub(crate) mod counterparty;
mod crew;
mod faults;
mod ground;
mod holders;
mod playbook;
mod relief;
mod retrace;
mod search;
mod strangers;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use alloy_primitives::Bytes;
use alloy_primitives::map::{HashMap, HashSet};
use sealift_evm::Cell;

use crate::fork::Print;
use crate::judge::Assessment;
use crate::ledger::SilentView;
use crate::model::Subject;

pub use ground::{Ground, Known};
pub use relief::Relief;
pub use retrace::Retrace;

/// States that a reorganisation can go back to, the newest included.
const TRAIL: usize = 4;

/// How often an executor waits after an interruption: a deadline can begin after another one has passed.
const WAITS: u8 = 2;

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Faults at once.
    pub faults: u8,
    /// States at most; reaching it is a gap, never a pass.
    pub states: usize,
    /// How often a script is begun again.
    pub reruns: u8,
    /// This part of the first faults only, of so many: `(index, of)`.
    pub shard: (u32, u32),
    /// Threads that explore; what is found does not depend on it.
    pub threads: NonZeroUsize,
    /// Whether nothing is left out that is known to change nothing: slow, and for comparison.
    pub full: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            faults: 1,
            states: 1_000_000,
            reruns: 2,
            shard: (0, 1),
            threads: NonZeroUsize::MIN,
            full: false,
        }
    }
}

/// Why a subject cannot be explored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExploreError {
    /// The script fails without any fault.
    #[error("step {} of the script fails undisturbed", .step + 1)]
    Undisturbed {
        /// Which step, from 0.
        step: usize,
        /// What it reverted with.
        data: Bytes,
    },
    /// There is nothing to judge.
    #[error(
        "nobody is due anything: no claim of the ledgers can be moved, before the first step or after the last one"
    )]
    NothingDue,
    /// A ledger does not answer.
    #[error(transparent)]
    View(#[from] SilentView),
}

/// A way from one state to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// Transactions on it.
    pub sent: u32,
    /// Whether the chain is another one afterwards.
    pub moves: bool,
    /// What goes wrong on it; ways back use none of these.
    pub wrong: Option<Wrong>,
}

/// What goes wrong on a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A fault, by the index of its name.
    Fault(u8),
    /// A second call, of the stranger or of a holder in its place, which is no fault of its own.
    Again,
}

/// How often faults of one name were possible, and how often they happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sites {
    /// Places where it can happen.
    pub enumerated: u64,
    /// Places where it did.
    pub fired: u64,
}

/// A custodian that holds less than it owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insolvency {
    /// Index of the custodian.
    pub custodian: usize,
    /// What it holds.
    pub held: alloy_primitives::U256,
    /// What it owes.
    pub owed: alloy_primitives::U256,
}

/// A state that was explored: what is kept of it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The last part of the shortest way to it: an index of the edges.
    pub by: Option<u32>,
    /// Faults on that way.
    pub faults: u8,
    /// Transactions on that way.
    pub sent: u32,
    /// The step that is sent next.
    pub next: u32,
    /// Whether the executor has stopped, or has sent everything.
    pub at_rest: bool,
    /// Whether the executor believes that all is done.
    pub believes_done: bool,
    /// Whether it believes so and the chain has not every step that its record has.
    pub deceived: bool,
    /// A broken promise of a custodian.
    pub insolvent: Option<Arc<Insolvency>>,
    kind: u32,
    print: Print,
}

/// All that was explored.
#[derive(Debug)]
pub struct Explored<'a> {
    /// States, in the order in which they were found: fewest faults, then shortest.
    pub visits: Vec<Visit>,
    /// What states amount to, each once.
    kinds: Vec<Assessment>,
    /// The ways between them.
    pub edges: Vec<Edge>,
    /// What it stands on.
    pub ground: Ground<'a>,
    /// Faults by name.
    pub coverage: BTreeMap<&'static str, Sites>,
    /// Declared actions that succeeded somewhere.
    pub acted: BTreeSet<usize>,
    /// Whether the limit of states ended it.
    pub out_of_budget: bool,
    /// States that were found and not looked at, because the limit of states ended it; in order.
    pub open: Vec<u32>,
    /// States in which a rerun was left out because of its limit.
    pub bounded: Vec<u32>,
    /// Transactions, views and exits executed.
    pub executed: u64,
    /// Gas of each step, undisturbed.
    pub gas: Vec<u64>,
    /// Cells on which something depends, and the stranger's calls that read a cell.
    relevant: HashSet<Cell>,
    hostile_readers: HashMap<Cell, Vec<u32>>,
}

impl Explored<'_> {
    /// What a state amounts to.
    pub fn assessment(&self, at: u32) -> &Assessment {
        &self.kinds[self.visits[at as usize].kind as usize]
    }

    /// The state before a state, on the shortest way to it, and the way from there.
    pub fn before(&self, at: u32) -> Option<&Edge> {
        let by = self.visits[at as usize].by?;
        Some(&self.edges[by as usize])
    }

    /// Faults that happened: each is a scenario of its own.
    pub fn scenarios(&self) -> u64 {
        self.coverage.values().map(|sites| sites.fired).sum()
    }
}

/// How far an exploration has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// States found.
    pub states: usize,
    /// Faults that happened.
    pub scenarios: u64,
    /// States that are still to be looked at, of this number of faults.
    pub open: usize,
}

/// Explores a subject, of which something may be known already; `progress` is told now and then.
pub fn explore<'a>(
    subject: &'a Subject,
    known: &Known,
    limits: Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<Explored<'a>, ExploreError> {
    let ground = Ground::new(subject, known, limits)?;
    search::run(ground, progress)
}
