//! `sealift rehearse`: the whole plan on a copy of the real state, undisturbed and under every single fault.

mod ground;
mod words;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use sealift_check::own::{self, OwnError, OwnRequest, Rehearsal};
use sealift_check::verdict::Verdict;
use sealift_engine::planning::PlanError;
use sealift_protocol::Plan;
use sealift_rpc::Finality;
use serde_json::json;

use crate::args::{Global, RehearseOptions};
use crate::commands::check::{self, put};
use crate::commands::show;
use crate::config::{self, Config};
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::workdir::WorkDir;
use ground::Ground;
use words::Terms;

/// What programs read.
const REPORT: &str = "rehearsal.json";

/// Wei per gas where neither the user nor a chain names a price: 1 gwei.
const DEFAULT_GAS_PRICE_WEI: u128 = 1_000_000_000;

/// Rehearses, prints, and answers with the exit code.
pub(crate) fn run(
    global: &Global,
    options: &RehearseOptions,
    output: &Output,
) -> Result<u8, Failure> {
    let dir = directory(global, options)?;
    let plan = dir.load_plan()?;
    let snapshots = dir.load_snapshots(&plan)?;
    let config = config::load(dir.path())?;
    let mut ground = match &options.state {
        Some(path) => Ground::of_file(path, snapshots)?,
        None => Ground::of_chain(global, options, config.as_ref(), &dir, &plan, snapshots)?,
    };
    let played = play(&dir, &plan, &ground, config.as_ref(), options, output);
    // What was read serves the next rehearsal, however this one went.
    let kept = ground.keep(&dir);
    let code = played?;
    kept?;
    Ok(code)
}

/// The directory of the plan; and one state, not two.
fn directory(global: &Global, options: &RehearseOptions) -> Result<WorkDir, Failure> {
    if options.state.is_some() && (global.rpc.is_some() || options.block.is_some()) {
        let message = "there are two states: --state, and --rpc or --block";
        return Err(
            Failure::new("sealift::rehearse::two_states", exit::USAGE, message)
                .next("leave one of them out"),
        );
    }
    match &options.plan {
        Some(path) => check::own::directory(path),
        None => Ok(WorkDir::new(global.dir())),
    }
}

fn request(
    plan: &Plan,
    ground: &Ground,
    config: Option<&Config>,
    options: &RehearseOptions,
) -> OwnRequest {
    let mut request = OwnRequest::new(plan.clone(), ground.lists.clone());
    request.scene = Some(ground.scene.clone());
    request.beneath = ground.beneath.clone();
    request.block_secs = options.block_time;
    request.faults = options.faults;
    request.budget = options.budget.unwrap_or(u64::MAX);
    request.policy = config
        .map(|config| config.limits.policy())
        .unwrap_or_default();
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    request.threads = options.threads.unwrap_or_else(cores).get();
    request
}

fn play(
    dir: &WorkDir,
    plan: &Plan,
    ground: &Ground,
    config: Option<&Config>,
    options: &RehearseOptions,
    output: &Output,
) -> Result<u8, Failure> {
    let request = request(plan, ground, config, options);
    let failed = |error: OwnError| cannot(&error, ground, dir);
    if let Some(id) = &options.replay {
        let finding = own::replay(&request, id).map_err(failed)?;
        output.result(
            &check::own::told(&finding, "sealift rehearse"),
            &json!({ "type": "finding", "finding": finding }),
        );
        return Ok(match finding.verdict {
            Verdict::Safe => exit::DONE,
            _ => exit::COUNTEREXAMPLE,
        });
    }
    let terms = terms(ground, options, output);
    let real = OwnRequest {
        finality_depth: finality_depth(config, options),
        ..request.clone()
    };
    output.say(format!(
        "block {} of chain {}: undisturbed first",
        ground.scene.number, plan.chain_id
    ));
    let began = Instant::now();
    let rehearsal = own::rehearse(&real).map_err(failed)?;
    let each = began.elapsed();
    let scene = &ground.scene;
    let size = ground.size();
    output.event(&json!({
        "type": "copy", "origin": ground.origin, "chain_id": plan.chain_id, "block": scene.number,
        "accounts": size.map(|(accounts, _)| accounts), "words": size.map(|(_, words)| words),
    }));
    let read = size.map_or(String::new(), |(accounts, words)| {
        format!(": {accounts} accounts and {words} words of it were read")
    });
    output.say(format!("the state is {}{read}", ground.origin));
    output.result(
        &words::table(plan, &rehearsal, &terms),
        &words::value(plan, &rehearsal, &terms),
    );
    refuse_empty(plan, &rehearsal, &terms, dir)?;
    if options.faults == 0 {
        return finish(plan, ground, &rehearsal, None, &terms, options, output);
    }
    output.say(format!(
        "every single fault now; an undisturbed run took {:.1} s",
        each.as_secs_f64()
    ));
    let mut tell = check::own::tell(output);
    let measured = own::check_measured(&request, &mut tell).map_err(failed)?;
    drop(tell);
    finish(
        plan,
        ground,
        &rehearsal,
        Some(&measured),
        &terms,
        options,
        output,
    )
}

/// What gas costs, and who says so.
fn terms(ground: &Ground, options: &RehearseOptions, output: &Output) -> Terms {
    let given = options.gas_price.map(|gwei| (gwei * 1e9).round() as u128);
    let (gas_price_wei, whose) = match (given, ground.gas_price_wei) {
        (Some(wei), _) => (wei, "as asked for"),
        (None, Some(wei)) => (wei, "base fee and tip at that block"),
        (None, None) => (
            DEFAULT_GAS_PRICE_WEI,
            "a default, for a state has no price; --gas-price sets it",
        ),
    };
    let gwei = gas_price_wei as f64 / 1e9;
    output.say(format!("gas price {gwei} gwei, {whose}"));
    Terms {
        gas_price_wei,
        block_secs: options.block_time,
    }
}

/// Blocks until one is final: as asked for, as configured, else as on Ethereum.
fn finality_depth(config: Option<&Config>, options: &RehearseOptions) -> u64 {
    let configured = config.map(|config| config.chain.finality.0);
    options.finality.unwrap_or(match configured {
        Some(Finality::Depth(depth)) => depth,
        _ => show::FINALITY_BLOCKS,
    })
}

/// Real wallets pay for the real run.
fn refuse_empty(
    plan: &Plan,
    rehearsal: &Rehearsal,
    terms: &Terms,
    dir: &WorkDir,
) -> Result<(), Failure> {
    let short: Vec<String> = words::dues(rehearsal, terms)
        .iter()
        .filter(|due| due.is_short())
        .map(|due| {
            let account = due.wallet.account;
            format!(
                "{account} ({}) has {} ETH and pays {} ETH",
                words::role(plan, account),
                show::ether(due.wallet.balance),
                show::ether(due.cost)
            )
        })
        .collect();
    if short.is_empty() {
        return Ok(());
    }
    let reason = std::io::Error::other(short.join("; "));
    Err(Failure::new(
        "sealift::rehearse::wallet",
        exit::USAGE,
        "a wallet cannot pay for its part of the migration",
    )
    .because(&reason)
    .at(&dir.plan(), None)
    .next("fund it and rehearse again (a kept copy does not see it: delete rehearsal-state.json), or give the price that you expect with --gas-price"))
}

/// The last words, the report and the exit code.
fn finish(
    plan: &Plan,
    ground: &Ground,
    rehearsal: &Rehearsal,
    measured: Option<&own::Measured>,
    terms: &Terms,
    options: &RehearseOptions,
    output: &Output,
) -> Result<u8, Failure> {
    let worst = measured.map(|measured| words::worst_value(rehearsal, measured, terms));
    let report = json!({
        "version": 1, "plan": plan.digest(), "chain_id": plan.chain_id,
        "block": ground.scene.number, "undisturbed": words::value(plan, rehearsal, terms),
        "faults": measured.map(|measured| &measured.report), "worst": worst,
    });
    let mut bytes = serde_json::to_vec_pretty(&report).expect("a report has string keys only");
    bytes.push(b'\n');
    let written = put(&options.report, REPORT, &bytes)?;
    let (verdict, mut text) = match measured {
        None => (
            Verdict::Safe,
            "undisturbed, the plan comes to a good end; no fault was tried\n".to_owned(),
        ),
        Some(measured) => {
            for finding in &measured.report.findings {
                output.event(&json!({ "type": "finding", "finding": finding }));
            }
            let text = check::own::render(&measured.report, "sealift rehearse")
                + &words::worst(rehearsal, measured, terms);
            (measured.report.verdict, text)
        }
    };
    text += "assumed: wallets are filled where faults are tried, and nobody but the executor and the faults sends anything\n";
    output.result(
        &text,
        &json!({
            "type": "summary", "verdict": verdict, "pass": verdict == Verdict::Safe,
            "faults": options.faults,
            "scenarios": measured.map_or(0, |measured| measured.report.scenarios),
            "coverage": measured.map(|measured| &measured.report.coverage),
            "findings": measured.map_or(0, |measured| measured.report.findings.len()),
            "worst": worst, "report": written.display().to_string(),
        }),
    );
    output.say(format!("report: {}", written.display()));
    Ok(match verdict {
        Verdict::Safe => exit::DONE,
        Verdict::Unknown | Verdict::Vacuous => exit::UNEXPECTED,
        _ => exit::COUNTEREXAMPLE,
    })
}

/// Why nothing can be rehearsed, with the place and what to do.
fn cannot(error: &OwnError, ground: &Ground, dir: &WorkDir) -> Failure {
    let origin = Path::new(&ground.origin);
    let failure = |code, exit, message: &str| {
        Failure::new(code, exit, message)
            .because(error)
            .at(origin, None)
    };
    match error {
        OwnError::Copy(_) => failure(
            "sealift::rehearse::copy",
            exit::NODE,
            "the copy needs more of the chain than it holds, and the node does not give it",
        )
        .next("run the same command again with --rpc; where the node has forgotten the block, delete the copy first"),
        OwnError::Drift { .. } => failure(
            "sealift::rehearse::drift",
            exit::STALE,
            "the plan is not for this state",
        )
        .next("look at what changed legacy; then `sealift plan` again, in a fresh directory"),
        OwnError::Plan(PlanError::NoContract(legacy)) => {
            ground::no_contract(*legacy).at(origin, None)
        }
        OwnError::Plan(PlanError::SumIsNotSupply { .. } | PlanError::StaleList { .. }) => failure(
            "sealift::rehearse::list",
            exit::STALE,
            "the holder list of the plan is not of this state",
        )
        .next("dump the state at the block that the list is as of, or make the list and the plan again"),
        OwnError::Plan(_) => failure(
            "sealift::rehearse::plan",
            exit::USAGE,
            "on this state there would be no plan",
        )
        .next("give the state of the block before the migration; else `sealift plan` says more"),
        OwnError::Undisturbed { .. } => failure(
            "sealift::rehearse::undisturbed",
            exit::USAGE,
            "on this state the plan does not come to a good end, without any fault",
        )
        .next("run `sealift show`, and look at the deadline, the roles and [limits]"),
        OwnError::Fault(_) => failure(
            "sealift::rehearse::replay",
            exit::USAGE,
            "there is no such scenario",
        )
        .next("give an id as a report has it, such as executor.crash-after@12"),
        _ => Failure::new(
            "sealift::rehearse::plan",
            exit::USAGE,
            "this plan cannot be rehearsed",
        )
        .because(error)
        .at(&dir.plan(), None)
        .next("run `sealift plan` again with this version"),
    }
}
