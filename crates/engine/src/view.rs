//! The contracts after one block.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use sealift_protocol::event::{Header, LaneView, Phase, View};
use sealift_protocol::plan::{Control, Handover, LanePlan, Plan};

use crate::abi::Legacy;
use crate::abi::guard::PausableGuard;
use crate::abi::migration::{IMigration, Migration};
use crate::balances::BalanceError;
use crate::chain::{Answer, At, Chain, ChainError, Query};

/// What the chain says that the core does not need, beside what it needs.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What the core needs.
    pub view: View,
    /// The lanes as the contract keeps them; empty before the freeze.
    pub staged: Vec<IMigration::LaneState>,
    /// The head that `commit` takes; zero before SEALED.
    pub sealed_head: B256,
    /// Why a lane's control is not exclusive; empty where it is.
    pub not_exclusive: Vec<String>,
}

/// Why the contracts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The chain does not answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A successor does not say which of its holders are materialized.
    #[error(transparent)]
    Holders(#[from] BalanceError),
    /// A contract answers with something that is not its interface.
    #[error("{contract} at {address} does not answer {call} as it must")]
    Answer {
        /// Which contract.
        contract: &'static str,
        /// Where.
        address: Address,
        /// Which call.
        call: &'static str,
    },
}

impl ViewError {
    /// Whether looking again may help. A contract that does not answer counts: nodes that mine while
    /// they answer (anvil does) mix two blocks, so that code is there and the call finds none.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Chain(error) | Self::Holders(BalanceError::Chain(error)) => error.is_retryable(),
            Self::Holders(_) => false,
            Self::Answer { .. } => true,
        }
    }
}

/// A call without sender.
pub(crate) fn query(to: Address, call: &impl SolCall) -> Query {
    let data = Bytes::from(call.abi_encode());
    Query::Call {
        from: Address::ZERO,
        to: Some(to),
        data,
        code_override: None,
    }
}

/// A call's answer, where it has the right shape.
pub(crate) fn decode<T: SolCall>(answer: &Answer) -> Option<T::Return> {
    match answer {
        Answer::Bytes(data) if !data.is_empty() => T::abi_decode_returns(data).ok(),
        _ => None,
    }
}

/// Reads everything after the block of `header`.
pub fn read<C: Chain + ?Sized>(
    chain: &C,
    plan: &Plan,
    header: &Header,
) -> Result<Sight, ViewError> {
    let at = At::Hash(header.hash);
    let lanes = &plan.lanes;
    let mut queries = vec![Query::Code(plan.migration)];
    queries.extend(
        lanes
            .iter()
            .flat_map(|l| [Query::Code(l.guard), Query::Code(l.ledger)]),
    );
    let codes = chain.read(at, &queries)?;
    let exists = |index: usize| matches!(&codes[index], Answer::Bytes(code) if !code.is_empty());

    let mut sight = Sight {
        view: View {
            at: header.id(),
            timestamp: header.timestamp,
            deployed: exists(0),
            phase: Phase::None,
            deadline_secs: plan.deadline_secs,
            frozen_block: 0,
            lanes: Vec::new(),
        },
        staged: Vec::new(),
        sealed_head: B256::ZERO,
        not_exclusive: Vec::new(),
    };
    if sight.view.deployed {
        read_migration(chain, plan, at, &mut sight)?;
    }
    for (index, lane) in lanes.iter().enumerate() {
        let (guard, ledger) = (exists(1 + 2 * index), exists(2 + 2 * index));
        read_lane(chain, lane, at, (guard, ledger), index, &mut sight)?;
    }
    Ok(sight)
}

fn read_migration<C: Chain + ?Sized>(
    chain: &C,
    plan: &Plan,
    at: At,
    sight: &mut Sight,
) -> Result<(), ViewError> {
    let queries = [
        query(plan.migration, &Migration::phaseCall {}),
        query(plan.migration, &Migration::deadlineCall {}),
        query(plan.migration, &Migration::frozenBlockCall {}),
        query(plan.migration, &Migration::sealedHeadCall {}),
    ];
    let answers = chain.read(at, &queries)?;
    let wrong = |call| ViewError::Answer {
        contract: "the migration",
        address: plan.migration,
        call,
    };
    let phase = decode::<Migration::phaseCall>(&answers[0]).ok_or(wrong("phase()"))?;
    sight.view.phase = Phase::try_from(phase).map_err(|_| wrong("phase()"))?;
    if sight.view.phase == Phase::None {
        return Ok(());
    }
    let deadline = decode::<Migration::deadlineCall>(&answers[1]).ok_or(wrong("deadline()"))?;
    sight.view.deadline_secs = deadline.saturating_to();
    let block = decode::<Migration::frozenBlockCall>(&answers[2]).ok_or(wrong("frozenBlock()"))?;
    sight.view.frozen_block = block.saturating_to();
    sight.sealed_head =
        decode::<Migration::sealedHeadCall>(&answers[3]).ok_or(wrong("sealedHead()"))?;
    let queries: Vec<Query> = (0..plan.lanes.len())
        .map(|lane| {
            query(
                plan.migration,
                &Migration::laneCall {
                    lane_: U256::from(lane),
                },
            )
        })
        .collect();
    for answer in chain.read(at, &queries)? {
        sight
            .staged
            .push(decode::<Migration::laneCall>(&answer).ok_or(wrong("lane()"))?);
    }
    Ok(())
}

fn read_lane<C: Chain + ?Sized>(
    chain: &C,
    lane: &LanePlan,
    at: At,
    (guard_deployed, ledger_deployed): (bool, bool),
    index: usize,
    sight: &mut Sight,
) -> Result<(), ViewError> {
    let handover = lane.control.handover();
    let admin = B256::ZERO;
    let role = lane.control.role();
    let has = |role, account| query(lane.legacy, &Legacy::hasRoleCall { role, account });
    let queries = [
        query(lane.legacy, &Legacy::ownerCall {}),
        query(lane.legacy, &Legacy::pendingOwnerCall {}),
        has(role, lane.guard),
        has(admin, lane.guard),
        has(role, lane.recorded_owner),
        has(admin, lane.recorded_owner),
        query(lane.guard, &PausableGuard::exclusiveCall {}),
        query(lane.guard, &PausableGuard::frozenCall {}),
    ];
    let answers = chain.read(at, &queries)?;
    let owner = decode::<Legacy::ownerCall>(&answers[0]);
    let pending = decode::<Legacy::pendingOwnerCall>(&answers[1]);
    let granted = |index: usize| decode::<Legacy::hasRoleCall>(&answers[index]).unwrap_or(false);
    let guard_owns = owner == Some(lane.guard);
    let done = |step: &Handover| match *step {
        Handover::TransferOwnership => guard_owns || pending == Some(lane.guard),
        Handover::Accept => guard_owns,
        Handover::Grant(role) => granted(if role == admin { 3 } else { 2 }),
        Handover::Renounce(role) => !granted(if role == admin { 5 } else { 4 }),
    };
    let holds_control = match lane.control {
        Control::Ownable | Control::Ownable2Step => {
            guard_owns && pending != Some(lane.recorded_owner)
        }
        Control::Roles { .. } => granted(2) || granted(3),
    };
    let (exclusive, reason) = if guard_deployed {
        match decode::<PausableGuard::exclusiveCall>(&answers[6]) {
            Some(answer) => (answer.ok, reason_text(answer.reason)),
            None => {
                let (contract, address) = ("the guard", lane.guard);
                return Err(ViewError::Answer {
                    contract,
                    address,
                    call: "exclusive()",
                });
            }
        }
    } else {
        (false, String::new())
    };
    let freezes = decode::<PausableGuard::frozenCall>(&answers[7]).unwrap_or(false);
    let staged = sight.staged.get(index);
    let phase = sight.view.phase;
    sight.view.lanes.push(LaneView {
        guard_deployed,
        ledger_deployed,
        handover: handover.iter().map(done).collect(),
        exclusive,
        settled: !(holds_control || freezes && phase == Phase::Aborted),
        generation: staged.map_or(0, |lane| lane.generation),
        cursor: staged.map_or(0, |lane| lane.cursor),
        declared: staged.is_some_and(|lane| lane.declaredBatches > 0),
        supply: staged.map_or(U256::ZERO, |lane| lane.supply),
        ours: None,
        materialized: Vec::new(),
    });
    sight.not_exclusive.push(reason);
    Ok(())
}

/// A guard's reason: ASCII, padded with zero bytes.
fn reason_text(word: B256) -> String {
    word.iter()
        .take_while(|byte| byte.is_ascii_graphic())
        .map(|byte| char::from(*byte))
        .collect()
}
