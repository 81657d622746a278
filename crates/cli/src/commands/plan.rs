//! `sealift plan`: from lists and chain to `plan.json`. Nothing is sent.

use std::path::PathBuf;

use alloy_primitives::{B256, U256, keccak256};
use sealift_engine::chain::{Answer, At, Chain, Header, Query};
use sealift_engine::planning::{self, LaneRequest, PlanError, Request};
use sealift_manifest::batch::Batches;
use sealift_manifest::canonical;
use sealift_manifest::entry::Format;
use sealift_manifest::holders::Holders;
use sealift_protocol::Plan;
use sealift_protocol::plan::{Roles, Source};
use sealift_rpc::HttpChain;
use serde_json::json;

use crate::args::{Global, PlanOptions};
use crate::commands::show;
use crate::config::{self, AmountsConfig, Config, LaneConfig, StrategyConfig};
use crate::connect;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::sizing::{self, Surroundings};
use crate::workdir::{WorkDir, read_holders};

/// Holders a batch where there is no chain to measure on.
const OFFLINE_BATCH: usize = 500;

/// Makes the plan, or with `--offline` only lists and batches.
pub(crate) fn run(global: &Global, options: &PlanOptions, output: &Output) -> Result<u8, Failure> {
    let dir = WorkDir::new(global.dir());
    if options.offline {
        return offline(&dir, options, output);
    }
    let config = require_config(&dir)?;
    refuse_overwrite(&dir)?;
    let lists = lists(&dir, &config, options)?;
    let chain = connect::node(global, Some(&config))?;
    let identity = connect::identity(&chain)?;
    if let Some(wanted) = config
        .chain
        .chain_id
        .filter(|wanted| *wanted != identity.chain_id)
    {
        let message = format!(
            "sealift.toml wants chain {wanted}, this node is of chain {}",
            identity.chain_id
        );
        return Err(
            Failure::new("sealift::chain::other_id", exit::STALE, message)
                .at(&dir.path().join(config::FILE_NAME), None)
                .next("correct chain_id or rpc in [chain]"),
        );
    }
    let newest = newest(&chain)?;
    let request = request(&config, options, &lists, &newest);
    let mut lane = 0;
    let plan = planning::plan(&chain, &request, &lists, &mut |source, rows| {
        let (legacy, materialize) = (config.lanes[lane].legacy, config.lanes[lane].materialize);
        let balance_gas = real_balance_gas(&chain, legacy, rows[0].account);
        lane += 1;
        let max_holders = config.limits.batch_holders;
        let block_gas = newest.gas_limit;
        sizing::size(
            source,
            rows,
            Surroundings {
                block_gas,
                balance_gas,
                max_holders,
                materialize,
            },
        )
    })
    .map_err(|error| plan_failure(&chain, &error))?;
    for (index, list) in lists.iter().enumerate() {
        dir.write_snapshot(index, list)?;
    }
    let bytes = canonical::to_canonical(&plan).map_err(|error| {
        Failure::new(
            "sealift::plan::number",
            exit::USAGE,
            "a number of the plan is too large",
        )
        .because(&error)
        .next("choose a nearer deadline and a shorter freeze")
    })?;
    dir.write(&dir.plan(), &bytes)?;
    let shown = show::describe(&plan, Some(&newest));
    let next = format!("next: sealift --dir {} run", dir.path().display());
    output.result(&format!("{}\n{next}", shown.text), &shown.value);
    Ok(exit::DONE)
}

fn require_config(dir: &WorkDir) -> Result<Config, Failure> {
    config::load(dir.path())?.ok_or_else(|| {
        Failure::new(
            "sealift::config::missing",
            exit::USAGE,
            "there is no sealift.toml here",
        )
        .at(&dir.path().join(config::FILE_NAME), None)
        .next("run `sealift init`, or pass --dir")
    })
}

/// A plan that a journal belongs to is history.
fn refuse_overwrite(dir: &WorkDir) -> Result<(), Failure> {
    if dir.plan().exists() && dir.journal().exists() {
        let message = "a journal belongs to the plan in this directory";
        return Err(Failure::new("sealift::plan::in_use", exit::USAGE, message)
            .at(&dir.plan(), None)
            .next("`sealift run` resumes it, `sealift abort` takes it back; plan anew elsewhere"));
    }
    Ok(())
}

/// The list of each lane; paths are relative to the directory.
fn lists(dir: &WorkDir, config: &Config, options: &PlanOptions) -> Result<Vec<Holders>, Failure> {
    let lanes = config.lanes.iter().enumerate();
    lanes
        .map(|(index, lane)| match &options.holders_file {
            Some(path) if index == 0 => read_holders(path),
            _ => read_holders(&dir.path().join(&lane.holders)),
        })
        .collect()
}

fn newest(chain: &HttpChain) -> Result<Header, Failure> {
    let origin = chain.origin();
    let missing = sealift_engine::chain::ChainError::Missing(At::Latest);
    let found = chain
        .header(At::Latest)
        .map_err(|error| connect::chain_error(&origin, &error))?;
    found.ok_or_else(|| connect::chain_error(&origin, &missing))
}

fn request(config: &Config, options: &PlanOptions, lists: &[Holders], newest: &Header) -> Request {
    let migration = &config.migration;
    let seeded = options.seed.map(|seed| keccak256(seed.to_be_bytes()));
    let random = || B256::from(rand::random::<[u8; 32]>());
    let lane = |(lane, list): (&LaneConfig, &Holders)| LaneRequest {
        legacy: lane.legacy,
        source: source(lane, list),
        pauser_role: lane.pauser_role,
        name: lane.name.clone(),
        symbol: lane.symbol.clone(),
        materialize: lane.materialize,
        snapshot_block: lane.snapshot_block,
    };
    Request {
        roles: Roles {
            owner: migration.owner,
            operator: migration.operator,
            guardian: migration.guardian,
        },
        deadline_secs: migration.deadline.0.resolve(newest.timestamp),
        max_freeze_secs: migration.max_freeze.0,
        preauthorised: migration.preauthorised,
        nonce: migration.nonce.or(seeded).unwrap_or_else(random),
        lanes: config.lanes.iter().zip(lists).map(lane).collect(),
    }
}

/// Uploaded amounts are narrow where even the whole supply fits: balances may move before the freeze.
fn source(lane: &LaneConfig, list: &Holders) -> Source {
    let narrow = list.sum() < U256::from(1) << Format::Narrow.amount_bits();
    match (lane.strategy, lane.amounts) {
        (StrategyConfig::ReadThrough, _) => Source::ReadThrough,
        (StrategyConfig::Staged, None | Some(AmountsConfig::Chain)) => Source::ChainRead,
        (StrategyConfig::Staged, Some(AmountsConfig::Uploaded)) if narrow => Source::Declared,
        (StrategyConfig::Staged, Some(AmountsConfig::Uploaded)) => Source::DeclaredWide,
    }
}

/// What the real legacy's `balanceOf` needs; unknown where the node does not estimate it.
fn real_balance_gas(
    chain: &HttpChain,
    legacy: alloy_primitives::Address,
    holder: alloy_primitives::Address,
) -> Option<u64> {
    let call = sizing::balance_of(legacy, holder);
    let query = Query::Gas {
        from: holder,
        to: Some(call.to),
        data: call.data,
    };
    match chain.read(At::Latest, &[query]).ok()?.pop()? {
        Answer::Word(gas) => Some(gas.saturating_to()),
        _ => None,
    }
}

/// What a refused plan is called, and what to do about it.
fn plan_failure(chain: &HttpChain, error: &PlanError) -> Failure {
    let (code, exit, next) = match error {
        PlanError::Chain(error) => return connect::chain_error(&chain.origin(), error),
        PlanError::Balance(sealift_engine::balances::BalanceError::Chain(error)) => {
            return connect::chain_error(&chain.origin(), error);
        }
        PlanError::Balance(_) => (
            "sealift::legacy::balances",
            exit::USAGE,
            "check that `legacy` is the token that the list is of",
        ),
        PlanError::NoContract(_) => (
            "sealift::legacy::missing",
            exit::USAGE,
            "correct `legacy` in sealift.toml, or the node",
        ),
        PlanError::NoFactory => (
            "sealift::chain::no_factory",
            exit::USAGE,
            "deploy it first: https://github.com/Arachnid/deterministic-deployment-proxy",
        ),
        PlanError::NotPausable { .. } => (
            "sealift::legacy::not_pausable",
            exit::USAGE,
            "this token cannot be frozen; the escrow strategy is for such tokens and not here yet",
        ),
        PlanError::NotExclusive { .. } => (
            "sealift::legacy::not_exclusive",
            exit::USAGE,
            "bring its control to one account that can hand it over, then plan again",
        ),
        PlanError::SumIsNotSupply { .. } => (
            "sealift::plan::sum",
            exit::STALE,
            "make the list again as of a block, and set snapshot_block to it",
        ),
        PlanError::StaleList { .. } => (
            "sealift::plan::stale_list",
            exit::STALE,
            "make the list again as of a block, and set snapshot_block to it",
        ),
        PlanError::Bites { .. } => (
            "sealift::legacy::bites",
            exit::USAGE,
            "such a token needs an adapter, which is not here yet",
        ),
        PlanError::Request(_) => (
            "sealift::plan::request",
            exit::USAGE,
            "correct [migration] in sealift.toml",
        ),
        PlanError::Sizing(_) => (
            "sealift::plan::sizing",
            exit::UNEXPECTED,
            "check the block gas limit of the chain, and the amounts of the list",
        ),
        PlanError::Constructor(_) => (
            "sealift::chain::constructor",
            exit::USAGE,
            "the chain must run the rules of Osaka or later",
        ),
    };
    Failure::new(code, exit, error).because(error).next(next)
}

/// Lists, digests and batches without a chain.
fn offline(dir: &WorkDir, options: &PlanOptions, output: &Output) -> Result<u8, Failure> {
    let path = match &options.holders_file {
        Some(path) => path.clone(),
        None => {
            let config = require_config(dir)?;
            dir.path().join(
                config
                    .lanes
                    .first()
                    .map_or(PathBuf::new(), |lane| lane.holders.clone()),
            )
        }
    };
    let list = read_holders(&path)?;
    let narrow = list.sum() < U256::from(1) << Format::Narrow.amount_bits();
    let format = if narrow { Format::Narrow } else { Format::Wide };
    let unusable = |error: &dyn std::error::Error| {
        Failure::new("sealift::holders::amount", exit::USAGE, error).at(&path, None)
    };
    let batches = Batches::split(&list, OFFLINE_BATCH).map_err(|error| unusable(&error))?;
    let digests = batches
        .digests(&list, format)
        .map_err(|error| unusable(&error))?;
    let words: Vec<u8> = digests
        .iter()
        .flat_map(|digest| digest.data_hash.0)
        .collect();
    dir.write_snapshot(0, &list)?;
    let (digest, all) = (list.digest(), keccak256(words));
    output.result(
        &format!(
            "{} holders, sum {}, {} batches of {OFFLINE_BATCH}\nlist    {digest}\nbatches {all}",
            list.len(),
            list.sum(),
            batches.len(),
        ),
        &json!({
            "type": "offline-plan",
            "holders": list.len(),
            "sum": list.sum().to_string(),
            "batches": batches.len(),
            "digest": digest,
            "batches_digest": all,
        }),
    );
    Ok(exit::DONE)
}

/// The plan of a directory, checked against the chain that it is for.
pub(crate) fn of_chain(dir: &WorkDir, chain: &HttpChain) -> Result<Plan, Failure> {
    let plan = dir.load_plan()?;
    connect::require_chain(connect::identity(chain)?, &plan)?;
    Ok(plan)
}
