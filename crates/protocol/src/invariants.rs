//! The invariants of the protocol (I1 to I7 of the design) over the model of the contracts.
//!
//! Each is a function of what can be seen, and names in its error what is broken. I5 and I7 are about
//! one step and take the contracts before and after it.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use crate::contract::{Call, Contract, Lane, LegacyCall, Revert, Word};
use crate::event::Phase;

/// An account that has no role in any migration.
pub const STRANGER: Address = Address::repeat_byte(0xfe);

/// What is broken.
pub type Broken = String;

fn ensure(holds: bool, broken: impl FnOnce() -> Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(broken()) }
}

fn numbered(contract: &Contract) -> impl Iterator<Item = (u32, &Lane)> {
    (0..).zip(&contract.lanes)
}

/// Every account that has a balance or a word in a lane.
fn accounts(lane: &Lane) -> BTreeSet<Address> {
    let holders = lane.legacy.balances.keys();
    holders.chain(lane.ledger.words.keys()).copied().collect()
}

/// I1: legacy-live and successor-live are never both true.
///
/// From COMMITTED on, legacy is paused and nobody is left who could unpause it.
pub fn exclusive(contract: &Contract) -> Result<(), Broken> {
    if contract.phase != Phase::Committed {
        return Ok(());
    }
    for (index, lane) in numbered(contract) {
        ensure(lane.legacy.paused, || {
            format!("I1: legacy of lane {index} is live beside its successor")
        })?;
        ensure(lane.is_held() || lane.legacy.owner.is_zero(), || {
            format!("I1: somebody can unpause legacy of lane {index}")
        })?;
    }
    Ok(())
}

/// I2: every unit is in exactly one custody: what legacy and successor let be claimed together is the
/// supply of legacy.
pub fn custody(contract: &Contract) -> Result<(), Broken> {
    let is_moved = contract.phase == Phase::Committed;
    for (index, lane) in numbered(contract) {
        let held = lane.legacy.balances.values().sum::<U256>();
        ensure(held == lane.legacy.supply, || {
            format!("I2: balances of lane {index} are not its supply")
        })?;
        let in_legacy = if is_moved { U256::ZERO } else { held };
        let in_successor: U256 = accounts(lane)
            .into_iter()
            .map(|account| contract.successor_balance(index, account))
            .sum();
        ensure(in_legacy + in_successor == lane.legacy.supply, || {
            format!("I2: {in_legacy} in legacy, {in_successor} in the successor of lane {index}")
        })?;
    }
    Ok(())
}

/// I3: what the successor gives is the frozen supply of legacy, per lane; and per account, where the
/// contract itself reads the amounts or where `is_honest` says that the uploaded data are true.
pub fn conservation(contract: &Contract, is_honest: bool) -> Result<(), Broken> {
    if !matches!(contract.phase, Phase::Sealed | Phase::Committed) {
        return Ok(());
    }
    for (index, lane) in numbered(contract) {
        ensure(lane.supply == lane.legacy.supply, || {
            format!("I3: the frozen supply of lane {index} has changed")
        })?;
        let mut sum = U256::ZERO;
        let moved = lane.ledger.words.values();
        let is_moved = moved.into_iter().any(|word| matches!(word, Word::Live(_)));
        for account in accounts(lane) {
            let owed = contract.entitlement(index, account);
            sum += owed;
            let per_account = !is_moved && (is_honest || !lane.source.is_declared());
            ensure(!per_account || owed == lane.legacy.balance(account), || {
                format!("I3: lane {index} owes {account} {owed}, not what it had")
            })?;
        }
        ensure(sum == lane.supply, || {
            format!(
                "I3: lane {index} owes {sum} for a supply of {}",
                lane.supply
            )
        })?;
    }
    Ok(())
}

/// I4: before COMMITTED the successor can neither transfer nor be approved, and shows nothing.
pub fn inert(contract: &Contract) -> Result<(), Broken> {
    if contract.phase == Phase::Committed {
        return Ok(());
    }
    for (index, lane) in numbered(contract) {
        let is_touched = lane
            .ledger
            .words
            .values()
            .any(|w| matches!(w, Word::Live(_)));
        ensure(!is_touched && lane.ledger.latch.is_none(), || {
            format!("I4: the successor of lane {index} was touched before the decision")
        })?;
        ensure(contract.successor_supply(index).is_zero(), || {
            format!("I4: the successor of lane {index} shows a supply")
        })?;
        for account in accounts(lane) {
            let transfer = Call::SuccessorTransfer {
                lane: index,
                to: STRANGER,
                amount: U256::ZERO,
            };
            let approve = Call::SuccessorApprove {
                lane: index,
                spender: STRANGER,
            };
            for call in [transfer, approve] {
                let answer = contract.clone().apply(account, 0, 0, &call);
                ensure(answer == Err(Revert::NotLive), || {
                    format!("I4: {account} moved the successor of lane {index}: {answer:?}")
                })?;
            }
            ensure(contract.successor_balance(index, account).is_zero(), || {
                format!("I4: the successor of lane {index} shows a balance of {account}")
            })?;
        }
    }
    Ok(())
}

/// I5: the migration and its guards never move what a holder has: no call of them changes a legacy
/// balance or supply, or a successor word except by staging; and control goes nowhere but from the
/// recorded owner's guard back to the recorded owner, or to nobody.
pub fn no_arbitrary_call(before: &Contract, call: &Call, after: &Contract) -> Result<(), Broken> {
    for ((index, was), is) in numbered(before).zip(&after.lanes) {
        let is_legacy = matches!(call, Call::Legacy { lane, .. } if *lane == index);
        let same =
            was.legacy.balances == is.legacy.balances && was.legacy.supply == is.legacy.supply;
        ensure(is_legacy || same, || {
            format!("I5: {call:?} moved legacy balances of lane {index}")
        })?;
        let may_write = matches!(
            call,
            Call::Stage { lane, .. }
            | Call::StageProven { lane, .. }
            | Call::SuccessorTransfer { lane, .. }
            | Call::Materialize { lane, .. } if *lane == index
        );
        ensure(may_write || was.ledger == is.ledger, || {
            format!("I5: {call:?} wrote the successor of lane {index}")
        })?;
        let hands = matches!(call, Call::Legacy { lane, call: LegacyCall::TransferOwnership { .. } } if *lane == index);
        let owner = is.legacy.owner;
        let goes_home = was.is_held() && (owner == was.recorded_owner || owner.is_zero());
        ensure(owner == was.legacy.owner || hands || goes_home, || {
            format!("I5: {call:?} gave control of lane {index} to {owner}")
        })?;
    }
    Ok(())
}

/// I6: at or after the deadline a stranger reaches a terminal phase with one call, and every guard
/// that had control has given it back; before OPEN, the recorded owner takes control back.
pub fn recoverable(contract: &Contract, now_secs: u64) -> Result<(), Broken> {
    let now = now_secs.max(contract.deadline_secs);
    let mut next = contract.clone();
    match contract.phase {
        Phase::None => {
            for (index, lane) in numbered(contract) {
                let call = Call::Reclaim { lane: index };
                let answer = next.apply(lane.recorded_owner, 0, now, &call);
                ensure(answer.is_ok(), || format!("I6: lane {index}: {answer:?}"))?;
            }
        }
        Phase::Open | Phase::Frozen | Phase::Sealed => {
            let answer = next.apply(STRANGER, 0, now, &Call::Abort);
            ensure(answer.is_ok(), || {
                format!("I6: a stranger's abort: {answer:?}")
            })?;
        }
        Phase::Committed => return Ok(()),
        Phase::Aborted => {
            for (index, _) in numbered(contract) {
                let answer = next.apply(STRANGER, 0, now, &Call::Release { lane: index });
                ensure(answer.is_ok(), || format!("I6: lane {index}: {answer:?}"))?;
            }
        }
    }
    for ((index, was), is) in numbered(contract).zip(&next.lanes) {
        ensure(!is.is_held(), || {
            format!("I6: control of lane {index} is still with the guard")
        })?;
        let is_back = !was.guard_frozen || is.legacy.paused == was.was_paused;
        ensure(is_back, || {
            format!("I6: legacy of lane {index} is not as it was")
        })?;
    }
    Ok(())
}

/// I7: no path leaves COMMITTED or ABORTED, and an abort leaves every legacy balance as it was.
pub fn final_phase(before: &Contract, after: &Contract) -> Result<(), Broken> {
    ensure(
        !before.phase.is_terminal() || before.phase == after.phase,
        || format!("I7: {} became {}", before.phase, after.phase),
    )
}

/// I1 to I4 and I6 at one moment.
pub fn check(contract: &Contract, now_secs: u64, is_honest: bool) -> Result<(), Broken> {
    exclusive(contract)?;
    custody(contract)?;
    conservation(contract, is_honest)?;
    inert(contract)?;
    recoverable(contract, now_secs)
}

/// I5 and I7 over one call.
pub fn check_step(before: &Contract, call: &Call, after: &Contract) -> Result<(), Broken> {
    no_arbitrary_call(before, call, after)?;
    final_phase(before, after)
}
