//! What the chain says in the end: each account has exactly one live claim, of exactly its amount.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_engine::chain::{Answer, At, Chain, Query};
use sealift_engine::verify;
use sealift_engine::view;
use sealift_evm::EmbeddedChain;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::Outcome;
use sealift_protocol::event::Phase;
use sealift_protocol::plan::LanePlan;

use super::outside::Transfer;
use super::ports::Trusting;
use super::world::World;
use crate::verdict::Verdict;

alloy_sol_types::sol! {
    interface Probe {
        function transfer(address to, uint256 value) external returns (bool);
        function pause() external;
        function acceptOwnership() external;
    }
}

/// Where a probing transfer goes.
const SINK: Address = Address::repeat_byte(0x51);

/// What a scenario came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    /// The worst of it.
    pub(super) verdict: Verdict,
    /// Each thing that is wrong.
    pub(super) wrong: Vec<String>,
}

impl Judgement {
    fn find(&mut self, verdict: Verdict, what: String) {
        self.verdict = self.verdict.min(verdict);
        self.wrong.push(what);
    }
}

/// Judges the chain, and whether the executor is right about it.
pub(super) fn judge(
    world: &World,
    (chain, node): (&Trusting<'_>, &EmbeddedChain),
    transfers: &[Transfer],
    ended: Option<Outcome>,
    lives: &[String],
) -> Judgement {
    let mut judgement = Judgement {
        verdict: Verdict::Safe,
        wrong: Vec::new(),
    };
    let Some(phase) = phase(world, chain) else {
        judgement.find(Verdict::Stuck, "the contracts cannot be read".into());
        return judgement;
    };
    let committed = phase == Phase::Committed;
    let believed = match ended {
        Some(Outcome::Done) => committed,
        Some(Outcome::RolledBack) => matches!(phase, Phase::Aborted | Phase::None),
        None => {
            let last = lives.last().map_or("it was never started", String::as_str);
            let what = format!(
                "no end after {} starts; the migration is {phase}, and the last words are: {last}",
                lives.len()
            );
            judgement.find(Verdict::StuckBounded, what);
            // A migration that is not over is still one where it was: nobody's claim is judged by its end.
            if !committed {
                return judgement;
            }
            true
        }
    };
    if !believed {
        let what = format!("the executor believes {ended:?}, and the migration is {phase}");
        judgement.find(Verdict::Lost, what);
    }
    for (index, (lane, list)) in world.plan.lanes.iter().zip(&world.lists).enumerate() {
        let Some(expected) = moved(node, list, lane, transfers) else {
            judgement.find(
                Verdict::Misattributed,
                "more was moved than there is".into(),
            );
            continue;
        };
        balances(&mut judgement, chain, lane, phase, list, &expected);
        live_claims(&mut judgement, chain, lane, committed, &expected);
        if !committed {
            control(&mut judgement, world, chain, lane, index);
        }
    }
    judgement
}

fn sight(world: &World, chain: &Trusting<'_>) -> Option<view::Sight> {
    let header = chain.header(At::Latest).ok()??;
    view::read(chain, &world.plan, &header).ok()
}

fn phase(world: &World, chain: &Trusting<'_>) -> Option<Phase> {
    sight(world, chain).map(|sight| sight.view.phase)
}

/// The entitlements: what holders had, and what they moved themselves.
fn moved(
    chain: &EmbeddedChain,
    list: &Holders,
    lane: &LanePlan,
    transfers: &[Transfer],
) -> Option<Holders> {
    let mut rows: BTreeMap<Address, U256> = list
        .iter()
        .map(|holder| (holder.account, holder.balance))
        .collect();
    let node = chain.node();
    for transfer in transfers {
        let is_of_lane = [lane.legacy, lane.ledger].contains(&transfer.token);
        // A call of an address without code succeeds as well; only the token's own event counts.
        let has_moved = node.included(transfer.hash).is_some_and(|included| {
            let mut logs = included.outcome.logs.iter();
            logs.any(|log| log.address == transfer.token)
        });
        if is_of_lane && has_moved {
            let from = rows.entry(transfer.from).or_default();
            *from = from.checked_sub(transfer.amount)?;
            *rows.entry(transfer.to).or_default() += transfer.amount;
        }
    }
    let row = |(account, balance)| Holder { account, balance };
    let rows = rows.into_iter().filter(|(_, balance)| !balance.is_zero());
    Holders::from_rows(rows.map(row).collect()).ok()
}

/// I2 and I3: everybody has its amount in the contract that must hold it, and that is all there is.
fn balances(
    judgement: &mut Judgement,
    chain: &Trusting<'_>,
    lane: &LanePlan,
    phase: Phase,
    list: &Holders,
    expected: &Holders,
) {
    let result = match verify::result(chain, At::Latest, lane, phase, list.sum(), expected) {
        Ok(result) => result,
        Err(error) => return judgement.find(Verdict::Stuck, error.to_string()),
    };
    let short = result
        .mismatches
        .iter()
        .any(|(_, wanted, found)| found < wanted);
    let over = result
        .mismatches
        .iter()
        .any(|(_, wanted, found)| found > wanted);
    let verdict = match (short, over) {
        (true, true) => Verdict::Misattributed,
        (true, false) => Verdict::Lost,
        _ => Verdict::DoubleCounted,
    };
    for (account, wanted, found) in &result.mismatches {
        let custody = result.custody;
        let what = format!("{account} has {found} in {custody}, and is entitled to {wanted}");
        judgement.find(verdict, what);
    }
    if result.supply_after != list.sum() {
        let (after, before) = (result.supply_after, list.sum());
        let verdict = if after < before {
            Verdict::Lost
        } else {
            Verdict::DoubleCounted
        };
        judgement.find(
            verdict,
            format!("the supply was {before}, and {after} is owed now"),
        );
    }
    if result.live_twice {
        let what = format!("{} and {} are both live", lane.legacy, lane.ledger);
        judgement.find(Verdict::DoubleCounted, what);
    }
}

/// I1: each account can move its claim in exactly one of the two contracts.
fn live_claims(
    judgement: &mut Judgement,
    chain: &Trusting<'_>,
    lane: &LanePlan,
    committed: bool,
    expected: &Holders,
) {
    let call = Probe::transferCall {
        to: SINK,
        value: U256::ONE,
    };
    let data = alloy_primitives::Bytes::from(call.abi_encode());
    let probe = |from, to| Query::Call {
        from,
        to: Some(to),
        data: data.clone(),
        code_override: None,
    };
    let (live, dead) = if committed {
        (lane.ledger, lane.legacy)
    } else {
        (lane.legacy, lane.ledger)
    };
    let queries: Vec<Query> = expected
        .iter()
        .flat_map(|holder| [probe(holder.account, live), probe(holder.account, dead)])
        .collect();
    let Ok(answers) = chain.read(At::Latest, &queries) else {
        return judgement.find(Verdict::Stuck, "claims cannot be tried".into());
    };
    let moves = |answer: &Answer| match answer {
        Answer::Bytes(data) => data.len() == 32 && data.last() == Some(&1),
        _ => false,
    };
    for (holder, pair) in expected.iter().zip(answers.chunks(2)) {
        let account = holder.account;
        match (moves(&pair[0]), moves(&pair[1])) {
            (true, false) => {}
            (_, true) => {
                let what = format!("{account} can still move its claim in {dead}");
                judgement.find(Verdict::DoubleCounted, what);
            }
            (false, false) => {
                let what = format!("{account} cannot move its claim in {live}");
                judgement.find(Verdict::Stuck, what);
            }
        }
    }
}

/// The way back ends where it began: the recorded owner controls legacy, or has only to accept it.
fn control(
    judgement: &mut Judgement,
    world: &World,
    chain: &Trusting<'_>,
    lane: &LanePlan,
    index: usize,
) {
    let ask = |data: Vec<u8>| Query::Call {
        from: lane.recorded_owner,
        to: Some(lane.legacy),
        data: data.into(),
        code_override: None,
    };
    let queries = [
        ask(Probe::pauseCall {}.abi_encode()),
        ask(Probe::acceptOwnershipCall {}.abi_encode()),
    ];
    let answers = chain.read(At::Latest, &queries).unwrap_or_default();
    let is_back = answers
        .iter()
        .any(|answer| matches!(answer, Answer::Bytes(_)));
    let is_settled = sight(world, chain).is_some_and(|sight| sight.view.lanes[index].settled);
    if !is_back || !is_settled {
        let (owner, legacy) = (lane.recorded_owner, lane.legacy);
        judgement.find(
            Verdict::Stuck,
            format!("{owner} does not control {legacy} again"),
        );
    }
}
