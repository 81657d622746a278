//! What comes next: a pure look at the contracts and at what is already on its way.

use alloy_primitives::Address;

use crate::effect::{Effect, Halt, Outcome};
use crate::event::{Gate, LaneView, Observation, Phase};
use crate::intent::Intent;
use crate::plan::{Control, Handover};
use crate::state::{State, Status, Tx};

/// Generations of staging in a lane, at most: what is not ours again and again is no accident.
const MAX_GENERATIONS: u32 = 5;

/// The next move of the whole migration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// These intents, in this order, as far as the window allows.
    Want(Vec<Intent>),
    /// Something that is not a transaction.
    Do(Effect),
    /// Nothing, until the chain has moved.
    Wait,
    /// The end.
    End(Outcome),
}

/// Decides from the newest view what is wanted, and from the finalized view what is safe.
///
/// Before the freeze nothing is at stake and the newest block is good enough; from the freeze on,
/// each phase begins on finalized ground.
pub(crate) fn next(state: &State, seen: &Observation) -> Result<Next, Halt> {
    let (latest, fin) = (&seen.latest, &seen.finalized);
    match latest.phase {
        Phase::Committed if fin.phase == Phase::Committed => {
            // An abort that lost the race against the commit is moot: only forward is left.
            if state.memory.abort_asked {
                return Err(Halt::AlreadyCommitted);
            }
            Ok(tails(state, seen))
        }
        Phase::Aborted if fin.phase == Phase::Aborted => Ok(release(state, seen)),
        Phase::Committed | Phase::Aborted => Ok(Next::Wait),
        Phase::None => {
            if state.aborting {
                return Ok(reclaim(state, seen));
            }
            if latest.timestamp >= state.plan.deadline_secs {
                return Err(Halt::StaleDeadline {
                    deadline_secs: state.plan.deadline_secs,
                });
            }
            Ok(prepare(seen))
        }
        _ if state.aborting || latest.timestamp >= latest.deadline_secs => {
            Ok(Next::Want(vec![Intent::Abort]))
        }
        Phase::Open => Ok(Next::Want(vec![Intent::Freeze])),
        Phase::Frozen if fin.phase == Phase::Frozen => stage(state, seen),
        Phase::Sealed if fin.phase == Phase::Sealed => {
            let commit = || past(state, seen, Gate::Commit, Intent::Commit);
            Ok(unfixed(state, seen).unwrap_or_else(commit))
        }
        Phase::Frozen | Phase::Sealed => Ok(Next::Wait),
    }
}

fn lanes(seen: &Observation) -> impl Iterator<Item = (u32, &LaneView)> {
    (0..).zip(&seen.latest.lanes)
}

/// Before OPEN: contracts, then control, then the rules.
fn prepare(seen: &Observation) -> Next {
    let mut missing = Vec::new();
    if !seen.latest.deployed {
        missing.push(Intent::DeployMigration);
    }
    for (lane, view) in lanes(seen) {
        if !view.guard_deployed {
            missing.push(Intent::DeployGuard { lane });
        }
        if !view.ledger_deployed {
            missing.push(Intent::DeployLedger { lane });
        }
    }
    if !missing.is_empty() {
        return Next::Want(missing);
    }
    for (lane, view) in lanes(seen) {
        if let Some(step) = view.handover.iter().position(|done| !done) {
            return Next::Want(vec![Intent::Handover {
                lane,
                step: step as u32,
            }]);
        }
    }
    Next::Want(vec![Intent::Open])
}

/// In FROZEN: the final lists, the declarations, the batches, the verification, the seal.
fn stage(state: &State, seen: &Observation) -> Result<Next, Halt> {
    if let Some(fix) = unfixed(state, seen) {
        return Ok(fix);
    }
    let mut wanted = Vec::new();
    for (lane, view) in lanes(seen) {
        let plan = &state.plan.lanes[lane as usize];
        let Some(list) = state.lists[lane as usize] else {
            continue;
        };
        if !plan.source.is_staged() {
            continue;
        }
        match view.ours {
            None => return Ok(Next::Wait), // the driver has not compared yet
            Some(false) => {
                let generation = view.generation;
                let intent = Intent::Restart { lane, generation };
                if generation >= MAX_GENERATIONS {
                    let attempts = generation;
                    return Err(Halt::KeepsFailing { intent, attempts });
                }
                wanted.push(intent);
                continue;
            }
            Some(true) => {}
        }
        if plan.source.is_declared() && !view.declared && list.count > 0 {
            wanted.push(Intent::Declare {
                lane,
                generation: view.generation,
            });
        }
        wanted.extend(
            (view.cursor..state.plan.batches(lane, list.count)).map(|index| Intent::Stage {
                lane,
                generation: view.generation,
                index,
            }),
        );
    }
    Ok(if wanted.is_empty() {
        past(state, seen, Gate::Seal, Intent::Seal)
    } else {
        Next::Want(wanted)
    })
}

/// The first lane whose final list is not fixed: in FROZEN, and wherever a journal was lost.
fn unfixed(state: &State, seen: &Observation) -> Option<Next> {
    let lane = state.lists.iter().position(Option::is_none)?;
    Some(Next::Do(Effect::FixList {
        lane: lane as u32,
        at: seen.finalized.at,
    }))
}

/// A gate is passed only when what lies before it was verified on finalized ground.
fn past(state: &State, seen: &Observation, gate: Gate, intent: Intent) -> Next {
    if state
        .unsettled()
        .any(|(_, tx)| matches!(tx.intent, Intent::Stage { .. }))
    {
        return Next::Wait;
    }
    let level = seen.latest.lanes.iter().zip(&seen.finalized.lanes);
    if level
        .into_iter()
        .any(|(l, f)| (l.generation, l.cursor) != (f.generation, f.cursor))
    {
        return Next::Wait;
    }
    match state.verified.get(&gate) {
        Some(_) => Next::Want(vec![intent]),
        None => Next::Do(Effect::Verify {
            gate,
            at: seen.finalized.at,
        }),
    }
}

/// After COMMITTED.
fn tails(state: &State, seen: &Observation) -> Next {
    if state.plan.lanes.iter().any(|lane| lane.materialize)
        && let Some(fix) = unfixed(state, seen)
    {
        return fix;
    }
    let mut wanted = Vec::new();
    for (lane, view) in lanes(seen) {
        if !view.settled {
            wanted.push(Intent::Retire { lane });
        }
        let chunks = (0..).zip(&view.materialized);
        wanted.extend(
            chunks
                .filter(|(_, done)| !**done)
                .map(|(index, _)| Intent::Materialize { lane, index }),
        );
    }
    finish(state, seen, wanted, Outcome::Done)
}

/// After ABORTED.
fn release(state: &State, seen: &Observation) -> Next {
    let wanted = lanes(seen)
        .filter(|(_, view)| view.guard_deployed && !view.settled)
        .map(|(lane, _)| Intent::Release { lane })
        .collect();
    finish(state, seen, wanted, Outcome::RolledBack)
}

/// Asked to go back before OPEN: whoever handed control over gets it back, also where only a part of
/// it was handed over. Ends only when nothing is in flight that could still hand it over.
fn reclaim(state: &State, seen: &Observation) -> Next {
    let mut wanted = Vec::new();
    for (lane, view) in lanes(seen) {
        let is_offered = state.plan.lanes[lane as usize].control == Control::Ownable2Step
            && view.handover == [true, false];
        if is_offered {
            wanted.push(Intent::Handover { lane, step: 1 });
        } else if !view.settled && !seen.latest.deployed {
            wanted.push(Intent::DeployMigration);
        } else if !view.settled && !view.guard_deployed {
            wanted.push(Intent::DeployGuard { lane });
        } else if !view.settled || is_unfenced(state, view, lane) {
            wanted.push(Intent::Reclaim { lane });
        }
    }
    let is_final = seen.finalized.lanes.iter().all(|lane| lane.settled);
    if !wanted.is_empty() {
        Next::Want(wanted)
    } else if is_final && !state.awaits(seen) {
        Next::End(Outcome::RolledBack)
    } else {
        Next::Wait
    }
}

/// Whether an earlier life, whose journal is lost, may have left a handover in a pool: its guard is there,
/// and this journal did not deploy it. A reclaim, which does nothing where nothing is held, competes with
/// it for the nonce of the recorded owner: once one of the two is final, the other is dead.
fn is_unfenced(state: &State, view: &LaneView, lane: u32) -> bool {
    let is_known = |tx: &Tx| match tx.intent {
        Intent::DeployGuard { lane: of } => of == lane,
        Intent::Reclaim { lane: of } => of == lane && matches!(tx.status, Status::Finalized { .. }),
        _ => false,
    };
    view.guard_deployed && !state.txs.values().any(is_known)
}

/// Whether an intent can have no effect any more that is wanted.
pub(crate) fn is_moot(state: &State, seen: &Observation, intent: Intent) -> bool {
    match seen.latest.phase {
        Phase::Committed => !intent.is_tail(),
        _ => state.is_going_back(seen) && !state.plan.leads_back(intent),
    }
}

fn finish(state: &State, seen: &Observation, wanted: Vec<Intent>, outcome: Outcome) -> Next {
    if !wanted.is_empty() {
        return Next::Want(wanted);
    }
    let settled = |lane: &LaneView| lane.settled && lane.materialized.iter().all(|done| *done);
    let guarded = |lane: &&LaneView| lane.guard_deployed;
    let is_final = seen.finalized.lanes.iter().filter(guarded).all(settled);
    if is_final && !state.awaits(seen) {
        Next::End(outcome)
    } else {
        Next::Wait
    }
}

/// Who sends an intent: the role that the contract demands, or anyone whose key is here.
pub(crate) fn sender(state: &State, seen: &Observation, intent: Intent) -> Address {
    let (plan, roles) = (&state.plan, &state.plan.roles);
    let signers = &state.policy.signers;
    let anyone = || {
        let known = [roles.operator, roles.owner, roles.guardian];
        let known = known.into_iter().find(|account| signers.contains(account));
        known
            .or_else(|| signers.first().copied())
            .unwrap_or(roles.operator)
    };
    // An abort does not wait behind what is pending: it goes out from the account with the least.
    let pending = |account: &Address| {
        let of = state.unsettled().filter(|(id, _)| id.sender == *account);
        of.filter(|(_, tx)| tx.status == Status::Pending && tx.intent != Intent::Abort)
            .count()
    };
    let freest = |known: &[Address]| {
        let known = known.iter().copied();
        known
            .filter(|account| signers.contains(account))
            .min_by_key(pending)
    };
    match intent {
        Intent::Open => roles.owner,
        Intent::Commit if plan.preauthorised => anyone(),
        Intent::Commit => roles.owner,
        Intent::Freeze | Intent::Declare { .. } | Intent::Stage { .. } | Intent::Restart { .. } => {
            roles.operator
        }
        Intent::Handover { lane, step } => {
            let lane = &plan.lanes[lane as usize];
            match lane.control.handover().get(step as usize) {
                Some(Handover::Accept) => anyone(),
                _ => lane.recorded_owner,
            }
        }
        Intent::Reclaim { lane } => plan.lanes[lane as usize].recorded_owner,
        // Only the recorded owner can free a token that refuses to unpause.
        Intent::Release { lane } => {
            let owner = plan.lanes[lane as usize].recorded_owner;
            if signers.contains(&owner) {
                owner
            } else {
                anyone()
            }
        }
        Intent::Abort if seen.latest.timestamp < seen.latest.deadline_secs => {
            freest(&[roles.owner, roles.guardian]).unwrap_or(roles.guardian)
        }
        Intent::Abort => {
            let known = freest(&[roles.operator, roles.owner, roles.guardian]);
            known.unwrap_or_else(anyone)
        }
        Intent::DeployMigration
        | Intent::DeployGuard { .. }
        | Intent::DeployLedger { .. }
        | Intent::Seal
        | Intent::Retire { .. }
        | Intent::Materialize { .. } => anyone(),
    }
}
