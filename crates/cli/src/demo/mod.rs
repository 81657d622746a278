//! `sealift demo`: a whole migration with kills, from a token that nobody knows to a proof.
//!
//! Nothing is handed over by hand: the demo makes a legacy token, writes `sealift.toml` and a list,
//! and from there on it only types commands, in child processes of this very program, and kills them.

mod child;
mod legacy;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use sealift_engine::chain::{At, Chain};
use sealift_evm::rpc::Server;
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain};
use sealift_protocol::event::Phase;
use sealift_rpc::{Finality, HttpChain, Options};

use crate::args::{DemoOptions, Global, Strategy};
use crate::commands::devnet;
use crate::commands::status;
use crate::commands::verify;
use crate::connect;
use crate::failure::{self, Failure, exit};
use crate::output::Output;
use crate::workdir::WorkDir;
use child::{Ended, Sealift, Trigger};
use legacy::{Dice, Legacy};
use report::Summary;

/// The development accounts and what they are here.
pub(crate) const OWNER: usize = 0;
pub(crate) const OPERATOR: usize = 1;
pub(crate) const GUARDIAN: usize = 2;
pub(crate) const LEGACY_OWNER: usize = 3;

/// Environment variables of the keys, by account.
pub(crate) const KEY_VARIABLES: [&str; 4] = [
    "SEALIFT_DEMO_OWNER",
    "SEALIFT_DEMO_OPERATOR",
    "SEALIFT_DEMO_GUARDIAN",
    "SEALIFT_DEMO_LEGACY_OWNER",
];

/// Runs the demo.
pub(crate) fn run(global: &Global, options: &DemoOptions, output: &Output) -> Result<u8, Failure> {
    let kill_at = kill_at(options)?;
    let holders = match &options.holders_file {
        Some(path) => crate::workdir::read_holders(path)?,
        None => legacy::generate(options.holders, options.seed)?,
    };
    let place = Place::new(global)?;
    let node = Node::start(global)?;
    output.say(format!("node      {}", node.url));

    let started = Instant::now();
    let legacy = Legacy::deploy(&node, &holders)?;
    output.say(format!(
        "legacy    {} with {} holders, minted in {:.1} s",
        legacy.token,
        holders.len(),
        started.elapsed().as_secs_f64()
    ));
    legacy::write_files(place.path(), &node, &legacy, &holders, options)?;

    let started = Instant::now();
    let sealift = Sealift::new(place.path(), &node.url);
    sealift.plan(options.seed, output)?;
    let dir = WorkDir::new(place.path().to_owned());
    let plan = dir.load_plan()?;
    let batches = plan.batches(0, holders.len() as u64);
    output.say(format!("plan      {} batches, {}", batches, plan.digest()));
    let mut story = Story {
        kills: 0,
        wanted: options.kills,
        written: 0,
        dice: Dice::new(options.seed),
    };
    story.play(&sealift, options, kill_at, batches, output)?;

    let verdict = verify::verdict(&dir, &node.chain, &plan)?;
    let wanted = if options.abort_at.is_some() {
        Phase::Aborted
    } else {
        Phase::Committed
    };
    let mut wrong = Vec::new();
    if verdict.phase != wanted {
        wrong.push(format!("the migration is {}", verdict.phase));
    }
    if !verdict.is_right() {
        wrong.push(format!("{} balances are wrong", verdict.mismatches()));
    }
    if verdict.holders() != holders.len() as u64 {
        wrong.push(format!(
            "{} holders of {} are left",
            verdict.holders(),
            holders.len()
        ));
    }
    if verdict.digest() != holders.digest() {
        wrong.push("the entitlements are not those that were minted".to_owned());
    }
    if wanted == Phase::Aborted {
        wrong.extend(legacy.is_back(&node, &holders)?);
    }
    let state = match status::journal(&dir)? {
        Some((records, _)) => status::fold(&plan, &records)?,
        None => None,
    };
    let summary = Summary {
        strategy: options.strategy,
        verdict: &verdict,
        kills: story.kills,
        state: state.as_ref(),
        seconds: started.elapsed().as_secs_f64(),
        kept: place.kept(),
        wrong: &wrong,
    };
    summary.print(output);
    if let Some(first) = wrong.first() {
        return Err(Failure::new("sealift::demo::wrong", exit::MISMATCH, first)
            .next("run it again with --dir and look at the directory with `sealift status`"));
    }
    Ok(exit::DONE)
}

/// When the executor is killed.
#[derive(Clone, Copy, Debug)]
enum KillAt {
    Batch(u32),
    Random,
}

fn kill_at(options: &DemoOptions) -> Result<KillAt, Failure> {
    if options.kill_at == "random" {
        return Ok(KillAt::Random);
    }
    let refuse = |message: &str| {
        Failure::new("sealift::demo::kill_at", exit::USAGE, message)
            .next("pass `--kill-at random`, or a batch number with `--strategy staged`")
    };
    let batch = options.kill_at.parse();
    let batch = batch.map_err(|_| refuse("--kill-at takes a batch number or `random`"))?;
    match options.strategy {
        Strategy::Staged => Ok(KillAt::Batch(batch)),
        Strategy::ReadThrough => Err(refuse("nothing is staged in read-through")),
    }
}

/// Journal records of a migration without batches, and of a batch, about.
const RECORDS: u64 = 40;
const RECORDS_A_BATCH: u64 = 5;

/// How the migration is disturbed.
struct Story {
    kills: u32,
    wanted: u32,
    /// Journal records that killed runs have written.
    written: u64,
    dice: Dice,
}

impl Story {
    /// The next kill: at the batch that was named, at a random one of those still to come, or, where
    /// there are too few of them, after a random number of journal records.
    fn trigger(&mut self, kill_at: KillAt, from: u32, last: u32, batches: u32) -> Trigger {
        if let (KillAt::Batch(batch), 0) = (kill_at, self.kills) {
            return Trigger::Batch(batch.min(batches.saturating_sub(1)));
        }
        let left = u64::from(self.wanted - self.kills);
        let ahead = u64::from(last.saturating_sub(from));
        if ahead >= 2 * left {
            return Trigger::Batch(from + self.dice.below(ahead.div_ceil(left)) as u32);
        }
        let all = RECORDS + RECORDS_A_BATCH * u64::from(batches);
        Trigger::Records(1 + self.dice.below(all.saturating_sub(self.written) / left))
    }

    /// Runs, kills, resumes; and in the end lets it finish, or aborts.
    fn play(
        &mut self,
        sealift: &Sealift,
        options: &DemoOptions,
        kill_at: KillAt,
        batches: u32,
        output: &Output,
    ) -> Result<(), Failure> {
        // Kills that are still to come lie behind the batch that was reached.
        let mut from = 0;
        let last = options.abort_at.map_or(batches, |abort| abort.min(batches));
        while self.kills < self.wanted {
            let trigger = self.trigger(kill_at, from, last, batches);
            match sealift.run(Some(trigger), options.abort_at, output)? {
                Ended::Killed { batch, records } => {
                    self.kills += 1;
                    self.written += records;
                    from = batch.map_or(from, |batch| batch.saturating_add(1).min(last));
                    let place = match batch {
                        Some(batch) => format!("while it staged batch {batch}"),
                        None => "before it staged anything".to_owned(),
                    };
                    output.say(format!("kill -9   after {records} records, {place}"));
                }
                Ended::Stopped => return sealift.abort(output),
                Ended::Done => {
                    output.say("the run was over before the next kill");
                    return Ok(());
                }
            }
        }
        match sealift.run(None, options.abort_at, output)? {
            Ended::Stopped => sealift.abort(output),
            Ended::Done | Ended::Killed { .. } => Ok(()),
        }
    }
}

/// Where the files are: a directory that is kept, or one that is not.
struct Place {
    path: PathBuf,
    keep: bool,
}

impl Place {
    fn new(global: &Global) -> Result<Self, Failure> {
        let (path, keep) = match &global.dir {
            Some(dir) => (dir.clone(), true),
            None => {
                let name = format!("sealift-demo-{}", std::process::id());
                (std::env::temp_dir().join(name), false)
            }
        };
        if path.join("plan.json").exists() {
            let message = "there is a migration in this directory already";
            return Err(Failure::new("sealift::demo::dir", exit::USAGE, message)
                .at(&path, None)
                .next("pass --dir with an empty directory"));
        }
        std::fs::create_dir_all(&path).map_err(|error| failure::io(&path, "create", &error))?;
        Ok(Self { path, keep })
    }

    fn path(&self) -> &std::path::Path {
        &self.path
    }

    fn kept(&self) -> Option<&std::path::Path> {
        self.keep.then_some(&*self.path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The node: our own in this process, or somebody else's development node.
pub(crate) struct Node {
    pub(crate) url: String,
    pub(crate) chain: HttpChain,
    pub(crate) embedded: Option<EmbeddedChain>,
    _server: Option<Server>,
}

impl Node {
    fn start(global: &Global) -> Result<Self, Failure> {
        let (url, embedded, server) = match &global.rpc {
            Some(url) => (url.clone(), None, None),
            None => {
                let chain = EmbeddedChain::new(Config::default());
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let server = devnet::listen(chain.clone(), addr, None)?;
                (server.url(), Some(chain), Some(server))
            }
        };
        let options = Options {
            finality: Finality::Depth(0),
            ..Options::default()
        };
        let chain = HttpChain::connect(&url, options).map_err(|error| {
            Failure::new("sealift::rpc::url", exit::USAGE, &error)
                .next("pass --rpc http://127.0.0.1:8545 for a node on this machine")
        })?;
        connect::identity(&chain)?;
        Ok(Self {
            url,
            chain,
            embedded,
            _server: server,
        })
    }

    /// The shorter way to the chain, where there is one.
    pub(crate) fn port(&self) -> &dyn Chain {
        match &self.embedded {
            Some(chain) => chain,
            None => &self.chain,
        }
    }

    /// How many transactions an account has sent.
    pub(crate) fn nonce(&self, account: usize) -> Result<u64, Failure> {
        use sealift_engine::chain::{Answer, Query};
        let query = Query::Nonce(DEV_ACCOUNTS[account].address);
        let answers = self
            .port()
            .read(At::Latest, &[query])
            .map_err(|error| connect::chain_error(&self.url, &error))?;
        match answers.first() {
            Some(Answer::Word(nonce)) => Ok(nonce.saturating_to()),
            _ => Ok(0),
        }
    }
}
