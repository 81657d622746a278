//! `sealift run`: the driver, with everything around it that a person needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use sealift_engine::chain::{At, Chain};
use sealift_engine::contracts::Call;
use sealift_engine::driver::{Control, Driver, Exit, Parts};
use sealift_engine::signer::Signer;
use sealift_engine::view;
use sealift_journal::{Journal, Recovery, Sqlite};
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Control as PlanControl;
use sealift_protocol::record::{Binding, Record};
use sealift_protocol::{Intent, Outcome, Plan, State};
use sealift_rpc::HttpChain;
use serde_json::json;

use crate::args::{Global, RunOptions, Until};
use crate::commands::plan::of_chain;
use crate::config::{self, Config};
use crate::connect;
use crate::failure::{Failure, exit};
use crate::keys::Keys;
use crate::locks;
use crate::output::Output;
use crate::workdir::WorkDir;

mod failures;
mod progress;

pub(crate) use failures::journal_failure;
use progress::Reporter;

/// How long a suggested tip is used again.
const TIP_SECS: u64 = 12;

/// The tip where the node suggests none.
const FALLBACK_TIP_WEI: u128 = 1_000_000_000;

/// The longest pause that is not interrupted by Ctrl-C.
const PAUSE: Duration = Duration::from_millis(50);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) abort: bool,
    pub(crate) until: Option<Until>,
    pub(crate) key_env: Option<&'a str>,
}

/// Runs or resumes the plan of a directory.
pub(crate) fn run(global: &Global, options: &RunOptions, output: &Output) -> Result<u8, Failure> {
    let task = Task {
        abort: false,
        until: options.until,
        key_env: None,
    };
    execute(global, task, output)
}

/// Drives a migration forward, or back.
pub(crate) fn execute(global: &Global, task: Task<'_>, output: &Output) -> Result<u8, Failure> {
    let dir = WorkDir::new(global.dir());
    let lock = locks::dir(&dir)?;
    let config = config::load(dir.path())?;
    let keys = Keys::load(config.as_ref(), task.key_env)?;
    let plan = dir.load_plan()?;
    let snapshots = snapshots(&dir, &plan, task.abort)?;
    let chain = connect::node(global, config.as_ref())?;
    connect::require_chain(connect::identity(&chain)?, &plan)?;
    let _locks = locks::accounts(lock, &keys.accounts(), &plan, &chain.origin())?;
    of_plan(&chain, &plan)?;
    let (journal, records) = open_journal(&dir, &plan, &chain, output)?;

    let stop = Arc::new(AtomicBool::new(false));
    on_interrupt(&stop, &resume_command(&dir, task.abort))?;
    let policy = config
        .as_ref()
        .map(|config| config.limits.policy())
        .unwrap_or_default();
    let policy = sealift_protocol::Policy {
        signers: keys.accounts().into_iter().collect(),
        ..policy
    };
    let plan = Arc::new(plan);
    let context = failures::Context {
        dir: &dir,
        origin: chain.origin(),
        abort: task.abort,
        plan: plan.clone(),
    };
    let mut driver = Driver::new(Parts {
        chain: &chain,
        signer: &keys,
        journal,
        records,
        plan: plan.clone(),
        policy,
        snapshots,
        dir: dir.path().to_owned(),
    })
    .map_err(|error| context.failure(&error))?;

    let mut reporter = Reporter::new(output, plan.clone(), task.until, stop.clone());
    reporter.resume(driver.state());
    if task.abort {
        driver
            .request_abort(&mut |progress| reporter.take(progress))
            .map_err(|error| context.failure(&error))?;
    }
    let ended = drive(
        &mut driver,
        &chain,
        config.as_ref(),
        &stop,
        &mut reporter,
        &context,
    );
    reporter.finish();
    let ended = ended?;
    let started = reporter.started();
    Ok(report(output, driver.state(), &ended, started, &context))
}

fn drive(
    driver: &mut Driver<'_, HttpChain, Sqlite>,
    chain: &HttpChain,
    config: Option<&Config>,
    stop: &AtomicBool,
    reporter: &mut Reporter<'_>,
    context: &failures::Context<'_>,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    let poll =
        Duration::from_millis(config.map_or(1_000, |config| config.chain.poll_millis.max(1)));
    let (mut asked, mut tip_wei): (Option<Instant>, u128) = (None, FALLBACK_TIP_WEI);
    let reporter = std::cell::RefCell::new(reporter);
    let mut control = Control {
        stop,
        idle: &mut || {
            let until = Instant::now() + poll;
            let was_stopped = stop.load(Ordering::SeqCst);
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                reporter.borrow_mut().tick();
                // A fresh wish to stop is looked at once; after that the usual pace holds.
                if !was_stopped && stop.load(Ordering::SeqCst) {
                    break;
                }
                std::thread::sleep(left.min(PAUSE));
            }
        },
        clock: &mut || began.elapsed().as_secs(),
        progress: &mut |progress| reporter.borrow_mut().take(progress),
        tip: &mut || {
            if asked.is_none_or(|asked| asked.elapsed().as_secs() >= TIP_SECS) {
                asked = Some(Instant::now());
                tip_wei = chain.tip_wei().unwrap_or(tip_wei);
            }
            tip_wei
        },
    };
    driver
        .run(&mut control)
        .map_err(|error| context.failure(&error))
}

/// The lists of the plan. The way back needs none: then a stand-in does, which no list can be made from.
fn snapshots(dir: &WorkDir, plan: &Plan, abort: bool) -> Result<Vec<Holders>, Failure> {
    match dir.load_snapshots(plan) {
        Err(_) if abort => plan
            .lanes
            .iter()
            .map(|_| {
                let row = Holder {
                    account: Default::default(),
                    balance: U256::from(1),
                };
                Holders::from_rows(vec![row]).map_err(|error| {
                    Failure::new("sealift::holders::empty", exit::UNEXPECTED, error)
                })
            })
            .collect(),
        other => other,
    }
}

/// Refuses a legacy token whose code is not the plan's.
fn of_plan(chain: &HttpChain, plan: &Plan) -> Result<(), Failure> {
    use sealift_engine::chain::{Answer, Query};
    let queries: Vec<Query> = plan
        .lanes
        .iter()
        .map(|lane| Query::Code(lane.legacy))
        .collect();
    let answers = chain
        .read(At::Latest, &queries)
        .map_err(|error| connect::chain_error(&chain.origin(), &error))?;
    for (lane, answer) in plan.lanes.iter().zip(answers) {
        let found = match &answer {
            Answer::Bytes(code) => alloy_primitives::keccak256(code),
            _ => Default::default(),
        };
        if found != lane.legacy_code_hash {
            let message = format!(
                "the code of {} is not the one that was planned for",
                lane.legacy
            );
            return Err(
                Failure::new("sealift::chain::other_code", exit::STALE, message).next(
                    "look at what changed it; then `sealift plan` again, in a fresh directory",
                ),
            );
        }
    }
    Ok(())
}

/// Opens the journal, and says what was found.
fn open_journal(
    dir: &WorkDir,
    plan: &Plan,
    chain: &HttpChain,
    output: &Output,
) -> Result<(Journal<Sqlite>, Vec<Record>), Failure> {
    let binding = Binding {
        chain_id: plan.chain_id,
        genesis: plan.genesis,
        plan: plan.digest(),
    };
    let storage = Sqlite::open(&dir.journal()).map_err(|error| {
        Failure::new(
            "sealift::journal::open",
            exit::UNEXPECTED,
            "the journal cannot be opened",
        )
        .because(&error)
        .at(&dir.journal(), None)
        .next("check disk and permissions; a lost journal may be deleted, never edited")
    })?;
    let (journal, records, recovery) =
        Journal::open(storage, &binding).map_err(|error| journal_failure(dir, &error))?;
    match recovery {
        Recovery::Empty => {
            let phase = phase(chain, plan)?;
            if phase != Phase::None {
                output.say(format!(
                    "there is no journal, and the migration is {phase} on chain: \
                     recovering from the contract's own cursor"
                ));
                output.event(&json!({ "type": "recovered", "from": "chain", "phase": phase }));
            }
        }
        Recovery::Cut(severed) => output.say(format!(
            "the last append was interrupted before it was acknowledged; \
             dropped from record {}",
            severed.from
        )),
        Recovery::Resumed => {
            output.say(format!("resuming after {} journal records", records.len()));
        }
    }
    Ok((journal, records))
}

fn phase(chain: &HttpChain, plan: &Plan) -> Result<Phase, Failure> {
    let failed = |error| connect::chain_error(&chain.origin(), &error);
    let header = chain.header(At::Latest).map_err(failed)?;
    let missing = sealift_engine::chain::ChainError::Missing(At::Latest);
    let header = header.ok_or(missing).map_err(failed)?;
    let sight = view::read(chain, plan, &header).map_err(|error| {
        Failure::new(
            "sealift::contracts::unreadable",
            exit::NODE,
            "the contracts cannot be read",
        )
        .because(&error)
        .next("run the same command again; if it stays, the node is not to be trusted")
    })?;
    Ok(sight.view.phase)
}

/// First Ctrl-C: stop politely. Second: leave at once.
fn on_interrupt(stop: &Arc<AtomicBool>, resume: &str) -> Result<(), Failure> {
    let (stop, resume, times) = (stop.clone(), resume.to_owned(), AtomicU32::new(0));
    let handler = move || {
        use std::io::Write;
        let mut stderr = std::io::stderr();
        if times.fetch_add(1, Ordering::SeqCst) == 0 {
            stop.store(true, Ordering::SeqCst);
            let _ = writeln!(
                stderr,
                "stopping: what is under way is settled; again to leave at once"
            );
        } else {
            let _ = writeln!(stderr, "left; resume with: {resume}");
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    };
    ctrlc::set_handler(handler).map_err(|error| {
        Failure::new(
            "sealift::run::signals",
            exit::UNEXPECTED,
            "Ctrl-C cannot be handled",
        )
        .because(&error)
    })
}

/// What to type to go on.
pub(crate) fn resume_command(dir: &WorkDir, abort: bool) -> String {
    let verb = if abort { "abort" } else { "run" };
    format!("sealift --dir {} {verb}", dir.path().display())
}

/// The last word of a run, and its exit code.
fn report(
    output: &Output,
    state: &State,
    ended: &Exit,
    started: Instant,
    context: &failures::Context<'_>,
) -> u8 {
    let seconds = started.elapsed().as_secs_f64();
    let resume = resume_command(context.dir, context.abort);
    let (outcome, code, words) = match ended {
        Exit::Ended(Outcome::Done) => {
            let words = format!(
                "committed; next: sealift --dir {} verify",
                context.dir.path().display()
            );
            ("done", exit::DONE, words)
        }
        Exit::Ended(Outcome::RolledBack) => {
            let code = if context.abort {
                exit::DONE
            } else {
                exit::ROLLED_BACK
            };
            ("rolled-back", code, back_words(&context.plan))
        }
        Exit::Left => (
            "interrupted",
            exit::INTERRUPTED,
            format!("stopped; resume with: {resume}"),
        ),
        Exit::External {
            sender,
            intent,
            call,
        } => {
            external(output, *sender, *intent, call);
            let words = format!("{sender} must {intent}; then: {resume}");
            ("external", exit::PAUSED, words)
        }
    };
    let transactions = state
        .txs
        .values()
        .filter(|tx| matches!(tx.status, sealift_protocol::state::Status::Finalized { .. }))
        .count();
    output.say(words);
    let text = format!(
        "{outcome}: {transactions} transactions, {} gas, {} ETH, {seconds:.1} s",
        state.gas_used,
        crate::commands::show::ether(U256::from(state.paid_wei)),
    );
    output.result(
        &text,
        &json!({
            "type": "summary",
            "outcome": outcome,
            "resume": matches!(ended, Exit::Left | Exit::External { .. }).then_some(resume),
            "phase": state.phase(),
            "transactions": transactions,
            "gas_total": state.gas_used,
            "paid_wei": state.paid_wei.to_string(),
            "seconds": seconds,
        }),
    );
    code
}

/// The last word of the way back. An `Ownable2Step` token waits for its owner to accept.
fn back_words(plan: &Plan) -> String {
    let mut words = "rolled back: legacy is live, control is with its owner".to_owned();
    for lane in &plan.lanes {
        if lane.control == PlanControl::Ownable2Step {
            words += &format!(
                "; where {} was handed over, {} takes it back with acceptOwnership()",
                lane.legacy, lane.recorded_owner
            );
        }
    }
    words
}

/// What somebody else must send: everything that a wallet or a Safe asks for.
fn external(output: &Output, sender: alloy_primitives::Address, intent: Intent, call: &Call) {
    output.result(
        &format!(
            "from  {sender}\nto    {}\nvalue 0\ndata  {}",
            call.to, call.data
        ),
        &json!({
            "type": "external",
            "intent": intent.to_string(),
            "from": sender,
            "to": call.to,
            "value": "0",
            "data": call.data,
        }),
    );
}

/// The plan of a directory with its node; for commands that only look.
pub(crate) fn looking(global: &Global) -> Result<(WorkDir, HttpChain, Plan), Failure> {
    let dir = WorkDir::new(global.dir());
    let config = config::load(dir.path())?;
    let chain = connect::node(global, config.as_ref())?;
    let plan = of_chain(&dir, &chain)?;
    Ok((dir, chain, plan))
}
