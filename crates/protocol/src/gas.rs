//! Gas limits, and what the budget keeps back.

use crate::intent::Intent;
use crate::plan::Plan;

/// Gas that one transaction may use at most (EIP-7825).
const TX_GAS_CAP: u64 = 16_777_216;

/// Gas of an abort without its releases, and of the dearest release, that of roles (contracts/gas.md has
/// 211,470 for both).
const ABORT_GAS: u64 = 100_000;
const RELEASE_GAS: u64 = 250_000;

/// The limit of a transaction whose simulation needed `estimate`: a fifth more.
///
/// An abort gives each lane an equal share of the gas that is left, and puts a release off that needs more
/// than its share: so it takes what the dearest lane needs, as often as there are lanes.
pub(crate) fn limit(plan: &Plan, intent: Intent, estimate: u64) -> u64 {
    let padded = estimate.saturating_add(estimate / 5);
    let least = match intent {
        Intent::Abort => ABORT_GAS + RELEASE_GAS * plan.lanes.len() as u64,
        _ => 0,
    };
    padded.max(least).min(TX_GAS_CAP)
}

/// The limit of a transaction that cannot be simulated, because it stands behind others.
pub(crate) fn planned(plan: &Plan, intent: Intent) -> u64 {
    match intent {
        Intent::Stage { lane, .. } => plan.lanes[lane as usize].stage_gas,
        Intent::Materialize { lane, .. } => plan.lanes[lane as usize].materialize_gas,
        _ => TX_GAS_CAP,
    }
}

/// Gas that the budget must still pay for after an intent: the way back, unless this is a part of it.
pub(crate) fn reserve(plan: &Plan, intent: Intent) -> u64 {
    if plan.leads_back(intent) {
        0
    } else {
        (ABORT_GAS + RELEASE_GAS) * plan.lanes.len() as u64
    }
}
