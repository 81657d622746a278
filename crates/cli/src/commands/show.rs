//! `sealift show`: the plan in words, with predictions.

use alloy_primitives::U256;
use sealift_engine::chain::{At, Chain, Header};
use sealift_protocol::Plan;
use sealift_protocol::plan::{Control, LanePlan, Source};
use serde_json::{Value, json};

use crate::args::Global;
use crate::config;
use crate::connect;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::times;
use crate::workdir::WorkDir;

/// Seconds between blocks that predictions assume: a slot of Ethereum.
const SLOT_SECS: u64 = 12;

/// Blocks until a block is final on Ethereum: two epochs of 32 slots, and a few.
pub(crate) const FINALITY_BLOCKS: u64 = 70;

/// Gas of a transaction that is not a batch, about: deployments are the largest of them.
const OTHER_GAS: u64 = 900_000;

/// The plan as text and as a value.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// Shows the plan; the node is asked for the base fee where it answers.
pub(crate) fn run(global: &Global, output: &Output) -> Result<u8, Failure> {
    let dir = WorkDir::new(global.dir());
    let plan = dir.load_plan()?;
    let config = config::load(dir.path())?;
    let newest = connect::node(global, config.as_ref())
        .ok()
        .filter(|chain| {
            chain
                .identity()
                .is_ok_and(|found| connect::require_chain(found, &plan).is_ok())
        })
        .and_then(|chain| chain.header(At::Latest).ok().flatten());
    let shown = describe(&plan, newest.as_ref());
    output.result(&shown.text, &shown.value);
    Ok(exit::DONE)
}

/// What a lane will need.
struct Prediction {
    batches: u64,
    stage_gas: u64,
    materialize_gas: u64,
}

fn predict(plan: &Plan, index: usize, lane: &LanePlan) -> Prediction {
    let count = lane.snapshot.count;
    let batches = u64::from(plan.batches(index as u32, count));
    // The gas limit of a full batch, a holder at a time.
    let a_holder = |gas: u64, size: u32| gas.div_ceil(u64::from(size.max(1)));
    let stage_gas = match batches {
        0 => 0,
        _ => a_holder(lane.stage_gas, lane.batch_size).saturating_mul(count),
    };
    let materialize_gas = match lane.materialize {
        true => a_holder(lane.materialize_gas, lane.materialize_size).saturating_mul(count),
        false => 0,
    };
    Prediction {
        batches,
        stage_gas,
        materialize_gas,
    }
}

/// Puts a plan into words; with a header, what it will cost.
pub(crate) fn describe(plan: &Plan, newest: Option<&Header>) -> Shown {
    let digest = plan.digest();
    let mut text = format!(
        "plan {digest}\n\
         chain {}, migration {}\n\
         owner {}, operator {}, guardian {}\n\
         deadline {}, longest freeze {}{}\n",
        plan.chain_id,
        plan.migration,
        plan.roles.owner,
        plan.roles.operator,
        plan.roles.guardian,
        times::show(plan.deadline_secs),
        times::show_duration(plan.max_freeze_secs),
        if plan.preauthorised {
            ", anybody may commit what is sealed"
        } else {
            ""
        },
    );
    let (mut batches, mut gas, mut transactions) = (0, 0, 4);
    let mut lanes = Vec::new();
    for (index, lane) in plan.lanes.iter().enumerate() {
        let prediction = predict(plan, index, lane);
        batches += prediction.batches;
        gas += prediction.stage_gas + prediction.materialize_gas;
        let chunks = match lane.materialize {
            true => lane
                .snapshot
                .count
                .div_ceil(u64::from(lane.materialize_size.max(1))),
            false => 0,
        };
        let declared = u64::from(lane.source.is_declared());
        let handover = lane.control.handover().len() as u64;
        transactions += 3 + handover + declared + prediction.batches + chunks;
        text += &describe_lane(index, lane, &prediction);
        lanes.push(json!({
            "legacy": lane.legacy, "successor": lane.ledger, "guard": lane.guard,
            "source": source_name(lane.source), "holders": lane.snapshot.count,
            "sum": lane.snapshot.sum.to_string(), "batches": prediction.batches,
            "batch_holders": if lane.source.is_staged() { Some(lane.batch_size) } else { None },
            "list_digest": lane.snapshot.digest,
        }));
    }
    let holders: u64 = plan.lanes.iter().map(|lane| lane.snapshot.count).sum();
    let other = (transactions - batches) * OTHER_GAS;
    let total = gas + other;
    text += &format!(
        "gas: about {gas} for holders ({} a holder) and at most {other} for everything else\n",
        gas.div_ceil(holders.max(1)),
    );
    let cost = newest.map(|newest| U256::from(total) * U256::from(newest.base_fee));
    if let (Some(cost), Some(newest)) = (cost, newest) {
        let gwei = newest.base_fee as f64 / 1e9;
        text += &format!(
            "cost: at most about {} ETH at {gwei:.3} gwei base fee\n",
            ether(cost)
        );
    }
    let per_block = newest.map_or(3, |newest| {
        let largest = plan
            .lanes
            .iter()
            .map(|lane| lane.stage_gas)
            .max()
            .unwrap_or(1);
        (newest.gas_limit / largest.max(1)).max(1)
    });
    let freeze_blocks = batches.div_ceil(per_block) + 2 * FINALITY_BLOCKS + 2;
    let freeze = freeze_blocks * SLOT_SECS;
    text += &format!(
        "freeze: about {} = ({batches} batches / {per_block} a block + 2 x {FINALITY_BLOCKS} blocks \
         to finality + seal + commit) x {SLOT_SECS} s\n",
        times::show_duration(freeze),
    );
    let value = json!({
        "type": "plan", "digest": digest, "chain_id": plan.chain_id, "migration": plan.migration,
        "lanes": lanes, "holders": holders, "batches": batches, "transactions": transactions,
        "gas_holders": gas, "gas_other": other,
        "cost_wei": cost.map(|cost| cost.to_string()), "freeze_secs": freeze,
        "deadline_secs": plan.deadline_secs,
    });
    Shown { text, value }
}

fn describe_lane(index: usize, lane: &LanePlan, prediction: &Prediction) -> String {
    let control = match lane.control {
        Control::Ownable => "its owner",
        Control::Ownable2Step => "its owner (two steps)",
        Control::Roles { .. } => "its roles",
    };
    let mut text = format!(
        "lane {index}: {} ({}), {} decimals, {}\n\
         \x20 legacy    {} controlled by {control}, {}\n\
         \x20 successor {}\n\
         \x20 guard     {}\n\
         \x20 list      {} holders, sum {}, as of block {}, digest {}\n",
        lane.name,
        lane.symbol,
        lane.decimals,
        source_name(lane.source),
        lane.legacy,
        lane.recorded_owner,
        lane.ledger,
        lane.guard,
        lane.snapshot.count,
        lane.snapshot.sum,
        lane.snapshot.block.number,
        lane.snapshot.digest,
    );
    if lane.source.is_staged() {
        text += &format!(
            "  batches   {} of {} holders, {} gas at most each ({} a holder)\n",
            prediction.batches,
            lane.batch_size,
            lane.stage_gas,
            lane.stage_gas.div_ceil(u64::from(lane.batch_size.max(1))),
        );
    }
    text
}

/// A source as users write it.
pub(crate) fn source_name(source: Source) -> &'static str {
    match source {
        Source::ReadThrough => "read-through",
        Source::ChainRead => "staged, amounts read by the contract",
        Source::Declared => "staged, amounts uploaded",
        Source::DeclaredWide => "staged, wide amounts uploaded",
    }
}

/// Wei as ether, six places.
pub(crate) fn ether(wei: U256) -> String {
    let micro = wei / U256::from(1_000_000_000_000u64);
    let million = U256::from(1_000_000);
    format!("{}.{:0>6}", micro / million, (micro % million).to_string())
}
