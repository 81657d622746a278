//! A rehearsal: the plan itself on a copy of the real chain, measured.

use alloy_primitives::{Address, U256};
use sealift_protocol::Outcome;
use sealift_protocol::plan::{LanePlan, Plan};
use serde::{Deserialize, Serialize};

use super::lives::Story;
use super::measure::Measure;
use super::workers::Workers;
use super::world::World;
use super::{OwnError, OwnRequest};
use crate::verdict::Verdict;

/// An account that acts, as it is before the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Which.
    pub account: Address,
    /// Wei that it really has; in a rehearsal it has enough.
    pub balance: U256,
    /// Whether it is a contract; in a rehearsal it acts as if it had a key.
    pub is_contract: bool,
}

/// What came of the plan without any fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// What it cost.
    pub measure: Measure,
    /// Who acts.
    pub wallets: Vec<Wallet>,
    /// Blocks after which one was final.
    pub finality_depth: u64,
}

/// Plays the plan of a request on its scene, without any fault.
pub fn rehearse(request: &OwnRequest) -> Result<Rehearsal, OwnError> {
    let played = || {
        let world = World::build(request)?;
        if let Some(what) = drift(&request.plan, &world.plan) {
            return Err(OwnError::Drift { what });
        }
        let workers = Workers::new(&world, request)?;
        let story = ended_well(workers.play(&[])?)?;
        Ok(Rehearsal {
            measure: story.measure,
            wallets: world.wallets.clone(),
            finality_depth: request.finality_depth,
        })
    };
    unless_cut_off(request, played())
}

/// What was computed without answers of the node counts for nothing, whatever it is.
pub(super) fn unless_cut_off<T>(
    request: &OwnRequest,
    result: Result<T, OwnError>,
) -> Result<T, OwnError> {
    let beneath = request.beneath.as_ref();
    match beneath.and_then(|beneath| beneath.failure()) {
        Some(text) => Err(OwnError::Copy(text)),
        None => result,
    }
}

/// A story that ended in the first life, and well.
pub(super) fn ended_well(story: Story) -> Result<Story, OwnError> {
    let is_done = story.ended == Some(Outcome::Done) && story.lives.len() == 1;
    if is_done && story.judgement.verdict == Verdict::Safe {
        return Ok(story);
    }
    let mut wrong = story.judgement.wrong;
    wrong.extend(story.lives);
    Err(OwnError::Undisturbed { wrong })
}

/// In what the plan would be another one if it were made now, but for its chain and its lists.
fn drift(plan: &Plan, anew: &Plan) -> Option<String> {
    let mut lanes = plan.lanes.iter().zip(&anew.lanes);
    lanes.find_map(|(was, is)| {
        let LanePlan {
            legacy,
            legacy_code_hash,
            control,
            recorded_owner,
            guard_code_hash,
            ledger_code_hash,
            ..
        } = was;
        if *legacy_code_hash != is.legacy_code_hash {
            Some(format!("{legacy} has other code than was planned for"))
        } else if *recorded_owner != is.recorded_owner {
            let owner = is.recorded_owner;
            Some(format!(
                "{legacy} is controlled by {owner}, and was by {recorded_owner}"
            ))
        } else if *control != is.control {
            Some(format!(
                "{legacy} is controlled in another way than was planned for"
            ))
        } else if *guard_code_hash != is.guard_code_hash {
            Some(format!(
                "the guard of {legacy} gets other code than was planned"
            ))
        } else if *ledger_code_hash != is.ledger_code_hash {
            Some(format!(
                "the successor of {legacy} gets other code than was planned"
            ))
        } else {
            None
        }
    })
}
