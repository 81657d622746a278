//! `sealift verify`: every holder, from the chain alone.
//!
//! The list is the plan's snapshot brought up to the freeze by the token's own logs; it is complete
//! because it adds up to the supply that the freeze recorded. It is compared with the contract that
//! must hold it, at the block of the decision: later transfers are nobody's business here.

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolEvent;
use sealift_engine::abi::migration::Migration;
use sealift_engine::chain::{At, Chain, ChainError, Header, LogFilter};
use sealift_engine::list::{self, ListError};
use sealift_engine::verify::{self, LaneResult, VerifyError};
use sealift_engine::view;
use sealift_protocol::Plan;
use sealift_protocol::event::{BlockId, Phase};
use sealift_rpc::HttpChain;
use serde_json::json;

use crate::args::Global;
use crate::commands::run::looking;
use crate::connect;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::workdir::WorkDir;

/// Mismatches that are shown.
const SHOWN: usize = 10;

/// What a migration has come to.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) phase: Phase,
    pub(crate) block: BlockId,
    pub(crate) lanes: Vec<LaneResult>,
}

impl Verdict {
    pub(crate) fn holders(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.holders).sum()
    }

    pub(crate) fn mismatches(&self) -> usize {
        self.lanes.iter().map(|lane| lane.mismatches.len()).sum()
    }

    pub(crate) fn is_right(&self) -> bool {
        let right = |lane: &LaneResult| {
            lane.mismatches.is_empty()
                && !lane.live_twice
                && lane.supply_before == lane.supply_after
        };
        self.lanes.iter().all(right)
    }

    /// Depends on the final entitlements only.
    pub(crate) fn digest(&self) -> B256 {
        match &self.lanes[..] {
            [lane] => lane.digest,
            lanes => keccak256(
                lanes
                    .iter()
                    .flat_map(|lane| lane.digest.0)
                    .collect::<Vec<u8>>(),
            ),
        }
    }
}

/// Verifies, prints, and answers with the exit code.
pub(crate) fn run(global: &Global, output: &Output) -> Result<u8, Failure> {
    let (dir, chain, plan) = looking(global)?;
    let verdict = verdict(&dir, &chain, &plan)?;
    let mut text = format!("{} at block {}\n", verdict.phase, verdict.block.number);
    for (index, lane) in verdict.lanes.iter().enumerate() {
        text += &format!(
            "lane {index}: {} holders in {}, {} mismatches\n\
             \x20 supply before {}\n  supply after  {}\n",
            lane.holders,
            lane.custody,
            lane.mismatches.len(),
            lane.supply_before,
            lane.supply_after,
        );
        for (account, expected, found) in lane.mismatches.iter().take(SHOWN) {
            text += &format!("  {account} must have {expected} and has {found}\n");
        }
        if lane.live_twice {
            text += "  both contracts are live: the same balance counts twice\n";
        }
    }
    let right = verdict.is_right();
    text += &format!("state digest {}\n", verdict.digest());
    text += if right {
        "every balance is right\n"
    } else {
        "this is not what was promised\n"
    };
    let lanes: Vec<_> = verdict
        .lanes
        .iter()
        .map(|lane| {
            json!({
                "holders": lane.holders, "custody": lane.custody,
                "supply_before": lane.supply_before.to_string(),
                "supply_after": lane.supply_after.to_string(),
                "mismatches": lane.mismatches.len(), "live_twice": lane.live_twice,
                "digest": lane.digest,
            })
        })
        .collect();
    output.result(
        &text,
        &json!({
            "type": "summary", "phase": verdict.phase, "block": verdict.block.number,
            "holders": verdict.holders(), "mismatches": verdict.mismatches(),
            "right": right, "lanes": lanes, "state_digest": verdict.digest(),
        }),
    );
    Ok(if right { exit::DONE } else { exit::MISMATCH })
}

/// Compares every holder of every lane.
pub(crate) fn verdict(dir: &WorkDir, chain: &HttpChain, plan: &Plan) -> Result<Verdict, Failure> {
    let failed = |error: &ChainError| connect::chain_error(&chain.origin(), error);
    let missing = ChainError::Missing(At::Finalized);
    let fin = chain
        .header(At::Finalized)
        .map_err(|error| failed(&error))?;
    let fin = fin.ok_or_else(|| failed(&missing))?;
    let sight = view::read(chain, plan, &fin).map_err(|error| {
        Failure::new(
            "sealift::contracts::unreadable",
            exit::NODE,
            "the contracts cannot be read",
        )
        .because(&error)
        .next("run the same command again")
    })?;
    let phase = sight.view.phase;
    if !phase.is_terminal() {
        let message = format!("nothing is decided yet: the migration is {phase}");
        return Err(
            Failure::new("sealift::verify::undecided", exit::PAUSED, message)
                .next("`sealift run` goes on, `sealift abort` goes back"),
        );
    }
    let decided = decision(chain, plan, phase, sight.view.frozen_block, &fin)?;
    let frozen = match sight.view.frozen_block {
        // Aborted before anything was frozen.
        0 => decided,
        number => {
            let header = chain
                .header(At::Number(number))
                .map_err(|error| failed(&error))?;
            header
                .ok_or_else(|| failed(&ChainError::Missing(At::Number(number))))?
                .id()
        }
    };
    let snapshots = dir.load_snapshots(plan)?;
    let mut lanes = Vec::new();
    for ((lane, snapshot), seen) in plan.lanes.iter().zip(&snapshots).zip(&sight.view.lanes) {
        let supply = match sight.view.frozen_block {
            0 => supply(chain, decided, lane.legacy).map_err(|error| failed(&error))?,
            _ => seen.supply,
        };
        // After COMMITTED legacy still is as it was at the freeze, and nodes keep newer states longer.
        let at = if phase == Phase::Committed {
            decided
        } else {
            frozen
        };
        let list =
            list::catch_up(chain, lane, snapshot, at, supply).map_err(|error| match &error {
                ListError::Balance(sealift_engine::balances::BalanceError::Chain(error)) => {
                    failed(error)
                }
                _ => Failure::new(
                    "sealift::verify::list",
                    exit::MISMATCH,
                    "the list cannot be rebuilt",
                )
                .because(&error)
                .next("ask an archive node: the state of the freeze may be gone from this one"),
            })?;
        let result = verify::result(chain, At::Hash(decided.hash), lane, phase, supply, &list);
        lanes.push(result.map_err(|error| {
            match &error {
                VerifyError::Chain(error) => failed(error),
                _ => Failure::new(
                    "sealift::verify::balances",
                    exit::MISMATCH,
                    "balances cannot be read",
                )
                .because(&error)
                .next("ask an archive node: the state of the decision may be gone from this one"),
            }
        })?);
    }
    Ok(Verdict {
        phase,
        block: decided,
        lanes,
    })
}

/// The block of the decision, by its event.
fn decision(
    chain: &HttpChain,
    plan: &Plan,
    phase: Phase,
    since: u64,
    fin: &Header,
) -> Result<BlockId, Failure> {
    let topic0 = match phase {
        Phase::Committed => Migration::Committed::SIGNATURE_HASH,
        _ => Migration::Aborted::SIGNATURE_HASH,
    };
    let first = plan
        .lanes
        .iter()
        .map(|lane| lane.snapshot.block.number)
        .min()
        .unwrap_or(0);
    let filter = LogFilter {
        address: plan.migration,
        topic0,
        from: since.max(first),
        to: fin.number,
    };
    let logs = chain
        .logs(&filter)
        .map_err(|error| connect::chain_error(&chain.origin(), &error))?;
    let log = logs.first().ok_or_else(|| {
        Failure::new(
            "sealift::verify::no_event",
            exit::NODE,
            "the event of the decision is missing",
        )
        .next("ask another node: this one does not have all logs")
    })?;
    Ok(BlockId {
        number: log.block,
        hash: log.block_hash,
    })
}

fn supply(
    chain: &HttpChain,
    at: BlockId,
    token: alloy_primitives::Address,
) -> Result<U256, ChainError> {
    use alloy_sol_types::SolCall;
    use sealift_engine::abi::Legacy::totalSupplyCall;
    use sealift_engine::chain::{Answer, Query};
    let query = Query::Call {
        from: Default::default(),
        to: Some(token),
        data: totalSupplyCall {}.abi_encode().into(),
        code_override: None,
    };
    match chain.read(At::Hash(at.hash), &[query])?.pop() {
        Some(Answer::Bytes(data)) => totalSupplyCall::abi_decode_returns(&data)
            .map_err(|error| ChainError::Refused(error.to_string())),
        _ => Err(ChainError::Refused("totalSupply() reverts".into())),
    }
}
