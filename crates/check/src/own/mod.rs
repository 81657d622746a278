//! Checking Sealift's own migrations: the very driver and core of production over an embedded chain, and
//! every fault at every place where one can strike.
//!
//! An undisturbed run counts the sites. Each scenario then is the same world with faults at some of them;
//! the executor is started again until there is an end, and the chain alone is judged.
//!
//! What stands in for the outside: the chain is [`sealift_evm`]; signatures are trusted, so that no key is
//! needed; and without a scene, legacy is an OpenZeppelin token with the same kind of control, with a sample
//! of the holders in batches in proportion, for which the plan is made anew. A plan made anew has other
//! addresses and code hashes of legacy; roles, deadline, strategy, nonce and gas limits stay.

mod census;
mod disk;
mod entries;
mod faults;
mod files;
mod fork;
mod inside;
mod judge;
mod keys;
mod lives;
mod measure;
mod memo;
mod merge;
mod outside;
mod pairs;
mod ports;
mod recorded;
mod rehearsal;
mod report;
mod schedule;
mod stand_in;
#[cfg(test)]
mod tests;
mod workers;
mod world;

use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::Address;
use sealift_engine::planning::PlanError;
use sealift_evm::Beneath;
use sealift_manifest::holders::{Holders, HoldersError};
use sealift_protocol::{Plan, Policy};

pub use faults::{Fault, FaultError, Kind, id, parse};
pub use measure::{Frozen, Measure, Part, Spent, Worst};
pub use merge::{OwnMergeError, merge};
pub use rehearsal::{Rehearsal, Wallet, rehearse};
pub use report::{Coverage, Level, OwnFinding, OwnReport};

use crate::input::Scene;
use pairs::Search;
use rehearsal::{ended_well, unless_cut_off};
use report::Collector;
use workers::Workers;
use world::World;

/// What is to be checked, and how thoroughly.
#[derive(Clone, Debug)]
pub struct OwnRequest {
    /// The plan.
    pub plan: Plan,
    /// The holder lists that it was made from, a lane each.
    pub lists: Vec<Holders>,
    /// The chain that the plan is about; a stand-in is made where there is none.
    pub scene: Option<Scene>,
    /// Where what the scene does not hold is read; then the scene's accounts are changes to it.
    pub beneath: Option<Arc<Beneath>>,
    /// Seconds from one block to the next.
    pub block_secs: u64,
    /// Limits and patience of the executor.
    pub policy: Policy,
    /// Holders of a stand-in, a lane, at most; a sample that is spread over the list.
    pub holders: usize,
    /// Batches that the holders of a stand-in are divided into, at least.
    pub batches: usize,
    /// Blocks after which one is final.
    pub finality_depth: u64,
    /// Faults at once, all of them up to 2: singles, and all pairs.
    pub faults: u8,
    /// Whether every fault strikes at every site. Otherwise what is expected to be the same is done three times
    /// only, first, middle and last: questions in a row, which are asked again together, and failures of the
    /// journal that leave the same behind as a crash does.
    pub every: bool,
    /// Only faults of these kinds.
    pub kinds: Option<Vec<Kind>>,
    /// Whether every scenario is played from the beginning. Otherwise what comes to the same is played once; the
    /// reasons are those at the top of `pairs.rs`.
    pub whole: bool,
    /// A seed, and how many scenarios of 3 to 6 faults are drawn with it.
    pub random: Option<(u64, u64)>,
    /// Whether legacy itself may misbehave as no token that can be planned for does.
    pub hostile: bool,
    /// This part of the scenarios only, of so many: `(index, of)`.
    pub shard: (u32, u32),
    /// Scenarios at most; what is left out is counted, and then nothing is SAFE.
    pub budget: u64,
    /// Threads.
    pub threads: usize,
    /// Where the executors keep their files for a while; the system's own place where absent.
    pub scratch: Option<PathBuf>,
}

impl OwnRequest {
    /// All single faults of a plan.
    pub fn new(plan: Plan, lists: Vec<Holders>) -> Self {
        Self {
            plan,
            lists,
            scene: None,
            beneath: None,
            block_secs: 1,
            policy: Policy {
                window: 3,
                ..Policy::default()
            },
            holders: 8,
            batches: 3,
            finality_depth: 3,
            faults: 1,
            every: false,
            kinds: None,
            whole: false,
            random: None,
            hostile: false,
            shard: (0, 1),
            budget: u64::MAX,
            threads: 2,
            scratch: None,
        }
    }

    fn kinds(&self) -> Vec<Kind> {
        let is_wanted = |kind: &Kind| {
            let wanted = self.kinds.as_ref();
            wanted.is_none_or(|wanted| wanted.contains(kind))
        };
        Kind::all()
            .filter(is_wanted)
            .filter(|kind| self.hostile || !kind.is_hostile())
            .filter(|kind| match kind {
                Kind::Readmitted(depth) | Kind::Forgotten(depth) => {
                    u64::from(*depth) <= self.finality_depth
                }
                _ => true,
            })
            .collect()
    }
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnProgress {
    /// Scenarios that were played.
    pub done: u64,
    /// Scenarios in all.
    pub of: u64,
    /// Scenarios that did not end well.
    pub bad: u64,
}

/// Why a plan cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// The addresses of the plan are not those of this program's contracts.
    #[error("the plan's addresses are not those of this program's contracts")]
    Foreign,
    /// Not as many lists as lanes.
    #[error("the plan has {lanes} lanes, and there are {lists} lists")]
    Lists {
        /// Lanes of the plan.
        lanes: usize,
        /// Lists given.
        lists: usize,
    },
    /// A sample of a list is empty.
    #[error("a sample of the holders cannot be made")]
    Sample(#[from] HoldersError),
    /// Legacy's stand-in cannot be deployed.
    #[error("no legacy token can be set up in place of the real one")]
    StandIn,
    /// An account that acts is a contract, which no signature here speaks for.
    #[error("{account} is a contract; a check acts for accounts with a key only")]
    Contract {
        /// Which.
        account: Address,
    },
    /// The plan cannot be made anew on the embedded chain.
    #[error("the plan cannot be made anew on the embedded chain")]
    Plan(#[from] PlanError),
    /// Without any fault the migration does not end well.
    #[error("undisturbed, the migration does not come to a good end: {}", .wrong.join("; "))]
    Undisturbed {
        /// What is wrong, and how each start ended.
        wrong: Vec<String>,
    },
    /// The plan would be another one if it were made on this state.
    #[error("the plan is not for this state: {what}")]
    Drift {
        /// In what.
        what: String,
    },
    /// A part of the state is not known, and could not be asked for.
    #[error("the state cannot be read: {0}")]
    Copy(String),
    /// No directory for the executors' files.
    #[error("there is no place for the executors' files")]
    Scratch(#[source] std::io::Error),
    /// A scenario's name is none.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A thread of the check died.
    #[error("a thread of the check died")]
    Thread,
}

/// Plays every scenario that is asked for, and judges each.
pub fn check(
    request: &OwnRequest,
    progress: &mut dyn FnMut(OwnProgress),
) -> Result<OwnReport, OwnError> {
    check_each(request, progress, None)
}

/// As [`check`], and tells how each scenario went, good or bad.
pub fn check_each(
    request: &OwnRequest,
    progress: &mut dyn FnMut(OwnProgress),
    each: Option<&mut dyn FnMut(OwnFinding)>,
) -> Result<OwnReport, OwnError> {
    let measured = unless_cut_off(request, play_all(request, progress, each))?;
    Ok(measured.report)
}

/// A check, and what its scenarios cost.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What came of all scenarios.
    pub report: OwnReport,
    /// What the undisturbed run cost, on the same chain as the scenarios.
    pub undisturbed: Measure,
    /// The dearest and the longest scenario.
    pub worst: Worst,
}

/// As [`check`], and tells what the scenarios cost.
pub fn check_measured(
    request: &OwnRequest,
    progress: &mut dyn FnMut(OwnProgress),
) -> Result<Measured, OwnError> {
    unless_cut_off(request, play_all(request, progress, None))
}

fn play_all(
    request: &OwnRequest,
    progress: &mut dyn FnMut(OwnProgress),
    each: Option<&mut dyn FnMut(OwnFinding)>,
) -> Result<Measured, OwnError> {
    let world = World::build(request)?;
    let workers = Workers::new(&world, request)?;
    let kinds = request.kinds();
    let search = Search::new(&world, request, &workers, kinds.clone());
    let recorded = search.undisturbed()?;
    let undisturbed = ended_well(recorded.story.clone())?;
    let census = &undisturbed.census;
    let mut scenarios: Vec<Vec<Fault>> = Vec::new();
    if request.faults > 0 {
        let singles = schedule::singles(census, &kinds, request.every).into_iter();
        scenarios.extend(singles.map(|fault| vec![fault]));
    }
    if let Some((seed, count)) = request.random {
        let drawn = (0..count).map(|number| schedule::random(census, &kinds, seed, number));
        scenarios.extend(drawn);
    }
    let (index, of) = request.shard;
    let mut number = 0;
    scenarios.retain(|_| {
        number += 1;
        (number - 1) % of.max(1) == index
    });
    let wanted = scenarios.len() as u64;
    scenarios.truncate(usize::try_from(request.budget).unwrap_or(usize::MAX));
    let mut collector = Collector::new(request, wanted - scenarios.len() as u64, each);
    search.play_all(&scenarios, &recorded, progress, &mut collector)?;
    if request.faults > 1 {
        search.play(census, progress, &mut collector)?;
    }
    let worst = collector.worst.clone();
    Ok(Measured {
        report: collector.report(),
        undisturbed: undisturbed.measure,
        worst,
    })
}

/// Plays one scenario again, by its name: the same request gives the same finding, byte for byte.
pub fn replay(request: &OwnRequest, id: &str) -> Result<OwnFinding, OwnError> {
    let faults = parse(id)?;
    let played = || {
        let world = World::build(request)?;
        let workers = Workers::new(&world, request)?;
        let story = workers.play(&faults)?;
        Ok(OwnFinding::new(&faults, &story))
    };
    unless_cut_off(request, played())
}
