//! What can be typed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Moves every holder of a legacy token to its successor: all of them, or none.
#[derive(Debug, Parser)]
#[command(
    name = "sealift",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 unexpected, 2 usage or input, \
                  20 counterexample, 21 verification mismatch, \
                  22 stale plan or drift, 30 somebody else must act, 31 rolled back, 40 node, \
                  50 locked, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// The directory of the migration: sealift.toml, plan.json, journal [default: .]
    #[arg(long, global = true, value_name = "D")]
    pub(crate) dir: Option<PathBuf>,
    /// Results as NDJSON on stdout, a version line first
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The node to talk to, instead of SEALIFT_RPC or the one in sealift.toml
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) rpc: Option<String>,
}

impl Global {
    /// The directory of the migration.
    pub(crate) fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| PathBuf::from("."))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes a commented sealift.toml; never overwrites one
    Init(InitOptions),
    /// Reads holder lists, questions the chain and writes plan.json; sends nothing
    Plan(PlanOptions),
    /// Shows the plan in words
    Show,
    /// Runs the plan, or resumes it after any interruption
    Run(RunOptions),
    /// Shows journal and chain without touching either
    Status,
    /// Brings everything back: legacy live again, control with its owner
    Abort(AbortOptions),
    /// Compares every holder with the chain, from the chain alone
    Verify,
    /// Finds every atomic failure of somebody's migration before it runs
    Check(CheckOptions),
    /// Plays the plan on a copy of the real state, undisturbed and under every single fault; sends nothing
    Rehearse(RehearseOptions),
    /// Serves the embedded chain as JSON-RPC on loopback
    Devnet(DevnetOptions),
    /// Migrates a generated token end to end, with kills, and proves the result
    Demo(DemoOptions),
    /// Prints a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct InitOptions {
    /// The legacy token to write into the file
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) legacy: Option<alloy_primitives::Address>,
}

#[derive(Args, Debug)]
pub(crate) struct PlanOptions {
    /// The holder list of lane 0, instead of the one in sealift.toml (.csv, .csv.zst, .parquet)
    #[arg(long, value_name = "F")]
    pub(crate) holders_file: Option<PathBuf>,
    /// Derives the migration's nonce from this number instead of from randomness
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// No chain: only normalises the list and cuts it into batches (for measurements)
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RunOptions {
    /// Stops as Ctrl-C does once this is reached: `frozen`, `sealed`, or `batch:N`
    #[arg(long, value_name = "POINT", value_parser = parse_until)]
    pub(crate) until: Option<Until>,
}

/// Where a run stops on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Legacy is frozen.
    Frozen,
    /// Staging is sealed.
    Sealed,
    /// This batch (of any lane) is bound to a transaction.
    Batch(u32),
}

fn parse_until(text: &str) -> Result<Until, String> {
    match text {
        "frozen" => Ok(Until::Frozen),
        "sealed" => Ok(Until::Sealed),
        other => other
            .strip_prefix("batch:")
            .and_then(|number| number.parse().ok())
            .map(Until::Batch)
            .ok_or_else(|| "write `frozen`, `sealed` or `batch:N`".to_owned()),
    }
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AbortOptions {
    /// A further key, in this environment variable; after the deadline any key will do
    /// [default: SEALIFT_KEY, where it is set]
    #[arg(long, value_name = "VAR")]
    pub(crate) key_env: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DevnetOptions {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8545)]
    pub(crate) port: u16,
    /// Loads the chain from this file, and saves it there
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// A block every so many seconds (fractions allowed), instead of one for each transaction
    #[arg(long, value_name = "SECONDS")]
    pub(crate) block_time: Option<f64>,
    /// Blocks on top of a block until it is final
    #[arg(long, value_name = "BLOCKS", default_value_t = 0)]
    pub(crate) finality_depth: u64,
    /// EIP-155 chain id
    #[arg(long, value_name = "ID", default_value_t = 31_337)]
    pub(crate) chain_id: u64,
}

/// How the successor gets its balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// The successor reads the frozen legacy token: O(1) transactions for any number of holders
    ReadThrough,
    /// Balances are written into the successor in batches, before the decision
    Staged,
}

impl Strategy {
    /// As written in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReadThrough => "read-through",
            Self::Staged => "staged",
        }
    }
}

/// Where staged amounts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Amounts {
    /// The successor reads them from the frozen legacy token
    Chain,
    /// They are uploaded and declared
    Uploaded,
}

impl Amounts {
    /// As written in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Uploaded => "uploaded",
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// How many holders are generated
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) holders: usize,
    /// Holders from a file instead (.csv, .csv.zst, .parquet)
    #[arg(long, value_name = "F", conflicts_with = "holders")]
    pub(crate) holders_file: Option<PathBuf>,
    /// How the successor gets its balances; `staged` uploads batches and shows kills between them
    #[arg(long, value_enum, default_value_t = Strategy::ReadThrough)]
    pub(crate) strategy: Strategy,
    /// Where staged amounts come from
    #[arg(long, value_enum, default_value_t = Amounts::Chain)]
    pub(crate) amounts: Amounts,
    /// Kills the executor while it stages this batch, or at random (any record in read-through)
    #[arg(long, value_name = "BATCH|random", default_value = "random")]
    pub(crate) kill_at: String,
    /// How often it is killed; 0 for an undisturbed run
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub(crate) kills: u32,
    /// Aborts the migration at this batch (in read-through: once legacy is frozen)
    #[arg(long, value_name = "BATCH")]
    pub(crate) abort_at: Option<u32>,
    /// Decides holders, amounts and moments; the same seed gives the same state digest
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Holders a batch at most; what fits into a transaction where absent
    #[arg(long, value_name = "N")]
    pub(crate) batch_holders: Option<u32>,
}

/// A migration of anybody's: a state, and the script that is to run on it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct CheckOptions {
    #[command(subcommand)]
    pub(crate) command: Option<CheckCommand>,
    /// A migration of Sealift's own: the plan.json of a directory, with the snapshots beside it
    #[arg(long, value_name = "F", conflicts_with_all = ["script", "config", "artifacts", "emit_forge"])]
    pub(crate) plan: Option<PathBuf>,
    /// The state before the script: `anvil --dump-state`, its compressed form, or {block, accounts}
    #[arg(long, value_name = "F", required_unless_present = "plan")]
    pub(crate) state: Option<PathBuf>,
    /// The broadcast file of `forge script` (run-latest.json); else the [[step]]s of the declaration
    #[arg(long, value_name = "F")]
    pub(crate) script: Option<PathBuf>,
    /// What cannot be inferred: ledgers, playbook, actions (check.toml)
    #[arg(long, value_name = "F")]
    pub(crate) config: Option<PathBuf>,
    /// Compiled contracts, for names and functions (forge's `out`); else they are read from bytecode
    #[arg(long, value_name = "D")]
    pub(crate) artifacts: Option<PathBuf>,
    /// Faults at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) faults: u8,
    /// With --plan: draws scenarios of 3 to 6 faults with this seed
    #[arg(long, value_name = "S", requires = "plan", default_value_t = 1)]
    pub(crate) seed: u64,
    /// With --plan: how many scenarios are drawn beyond those of --faults
    #[arg(long, value_name = "N", requires = "plan", default_value_t = 0)]
    pub(crate) scenarios: u64,
    /// States at most; a check that reaches it is no pass
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    pub(crate) states: usize,
    /// Threads that explore; what is found does not depend on it [default: one for each core]
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Only this part of the first faults: `I/N`, I from 1
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    pub(crate) shard: Option<(u32, u32)>,
    /// Where report.json and report.html are written
    #[arg(long, value_name = "D", default_value = ".")]
    pub(crate) report: PathBuf,
    /// Writes each finding as a forge test into this folder (the `test` folder of a Foundry project)
    #[arg(long, value_name = "D", conflicts_with = "shard")]
    pub(crate) emit_forge: Option<PathBuf>,
    /// Shows this finding only, whole; writes no report
    #[arg(long, value_name = "ID")]
    pub(crate) replay: Option<String>,
}

impl CheckOptions {
    /// Threads that explore.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(cores)
    }
}

/// The state is that of --state, else of the node: --rpc, SEALIFT_RPC or the one in sealift.toml. What is read of a
/// node is kept as rehearsal-state.json in the directory of the plan, and the next rehearsal stands on the same block.
#[derive(Args, Debug)]
pub(crate) struct RehearseOptions {
    /// The plan.json, with the snapshots beside it [default: that of --dir]
    #[arg(long, value_name = "F")]
    pub(crate) plan: Option<PathBuf>,
    /// The state in a file: `anvil --dump-state`, its compressed form, or {block, accounts}
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// The block of the node to stand on [default: that of the kept copy, else the newest]
    #[arg(long, value_name = "N")]
    pub(crate) block: Option<u64>,
    /// Seconds from one block to the next
    #[arg(long, value_name = "SECS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) block_time: u64,
    /// What a unit of gas costs, in gwei [default: base fee and tip at that block; 1 with --state]
    #[arg(long, value_name = "GWEI", value_parser = parse_gwei)]
    pub(crate) gas_price: Option<f64>,
    /// Blocks until one is final [default: a depth in sealift.toml, else 70 as on Ethereum]
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u64).range(0..=1000))]
    pub(crate) finality: Option<u64>,
    /// 1 tries every single fault, 0 none
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub(crate) faults: u8,
    /// Scenarios at most; a rehearsal that reaches it is no pass
    #[arg(long, value_name = "N")]
    pub(crate) budget: Option<u64>,
    /// Threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Where rehearsal.json is written
    #[arg(long, value_name = "D", default_value = ".")]
    pub(crate) report: PathBuf,
    /// Shows this scenario only, whole; writes no report
    #[arg(long, value_name = "ID")]
    pub(crate) replay: Option<String>,
}

fn parse_gwei(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(gwei) if (0.0..=1e9).contains(&gwei) => Ok(gwei),
        _ => Err("write gwei as a number, such as 12.5".to_owned()),
    }
}

/// What is done with reports.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Joins the reports of all shards of one check into one
    Merge {
        /// The reports
        #[arg(required = true, value_name = "F")]
        reports: Vec<PathBuf>,
        /// Where report.json and report.html are written
        #[arg(long, value_name = "D", default_value = ".")]
        report: PathBuf,
    },
}

fn parse_shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text
        .split_once('/')
        .and_then(|(shard, of)| Some((shard.parse::<u32>().ok()?, of.parse::<u32>().ok()?)));
    match parts {
        Some((shard, of)) if shard >= 1 && shard <= of => Ok((shard - 1, of)),
        _ => Err("write `1/4` for the first of four parts".to_owned()),
    }
}
