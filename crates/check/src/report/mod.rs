//! The report: what was checked, what was found, and how to see it again.

mod advice;
pub mod forge;
mod html;
mod merge;
pub mod replay;
mod standing;
mod text;
mod trace;

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::explore::{ExploreError, Explored, Limits, Retrace};
use crate::hostile::Gap;
use crate::ledger::{Asset, ExitBy, Ledger, Side};
use crate::model::{Fault, Subject};
use crate::verdict::{Conclusion, Verdict};

pub use html::html;
pub use merge::{MergeError, merge};
pub(crate) use text::grouped;
pub use text::render;

/// How a gap ends that is none of the checker: there is no place where the fault can happen.
const NO_SITE: &str = ": no site in this migration";

/// Version of the shape of `report.json`.
pub const VERSION: u32 = 1;

/// Names and decoded calls for addresses and data.
pub trait Decoder {
    /// An address as a reader knows it.
    fn name(&self, address: Address) -> String;
    /// A call, for example `migrator.migrateBatch(0)`.
    fn call(&self, to: Option<Address>, data: &[u8]) -> String;
    /// Revert data.
    fn error(&self, data: &[u8]) -> String;
}

/// A whole check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Shape of this file.
    pub version: u32,
    /// The verdict of the whole.
    pub verdict: Verdict,
    /// Whether this is a pass: SAFE, and every enumerated site fired.
    pub pass: bool,
    /// Faults at once.
    pub faults: u8,
    /// Which part of the first faults: index and count.
    pub shard: (u32, u32),
    /// A fingerprint of state, script and declaration: reports of one check agree in it.
    pub subject: String,
    /// The script.
    pub steps: Vec<StepLine>,
    /// The ledgers.
    pub ledgers: Vec<LedgerLine>,
    /// Who is judged.
    pub accounts: Vec<AccountName>,
    /// Numbers of the exploration.
    pub explored: Numbers,
    /// Fault sites by name.
    pub coverage: BTreeMap<String, SiteLine>,
    /// What was not tried, by name.
    pub gaps: Vec<String>,
    /// What is taken for granted.
    pub assumptions: Vec<String>,
    /// Value that is in nobody's reach, undisturbed, of each asset of which there is any.
    pub exposed: Vec<Exposure>,
    /// Findings, the one that matters most first.
    pub findings: Vec<FindingReport>,
}

/// A step of the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// The decoded call.
    pub call: String,
    /// The sender.
    pub from: String,
    /// Gas, undisturbed.
    pub gas: u64,
    /// File and line.
    pub place: String,
}

/// Value of an asset that is in nobody's reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// The asset.
    pub asset: String,
    /// Units of entitlement before the first step and after each.
    pub after: Vec<U256>,
}

/// A ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Its name.
    pub name: String,
    /// Its contract.
    pub contract: Address,
    /// Its side.
    pub side: String,
    /// What it is of: an account's claims are summed up within an asset.
    pub asset: String,
    /// What an account calls that moves its claim; nothing where that is not asked.
    pub exit: String,
    /// Units of entitlement a unit.
    pub rate: String,
    /// Whether it was inferred.
    pub inferred: bool,
}

/// A judged account, and what of an asset is due to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountName {
    /// As a reader knows it.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// The asset.
    pub asset: String,
    /// What is due to it, in units of entitlement.
    pub entitled: U256,
}

/// How much was explored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Distinct states.
    pub states: u64,
    /// States from which no end can be reached.
    pub bad: u64,
    /// Ways between states.
    pub edges: u64,
    /// Distinct faults at distinct states.
    pub scenarios: u64,
    /// Transactions, views and exits executed.
    pub executed: u64,
}

/// Sites of one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteLine {
    /// Places where it can happen.
    pub enumerated: u64,
    /// Places where it did.
    pub fired: u64,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingReport {
    /// Four to eight hexadecimal digits of a hash of verdict and trace.
    pub id: String,
    /// What it is.
    pub verdict: Verdict,
    /// Faults in the trace.
    pub faults: u8,
    /// Transactions in the trace.
    pub steps: u32,
    /// The last fault by name.
    pub cause: String,
    /// From the start to the state without a way out.
    pub trace: Vec<TraceLine>,
    /// Who has what there.
    pub accounts: Vec<AccountLine>,
    /// The ways back, or that there are none.
    pub recovery: String,
    /// Where the script says what went wrong.
    pub place: Option<String>,
    /// More to say.
    pub note: Option<String>,
    /// What to do about it.
    pub help: String,
    /// The trace for those who execute it elsewhere.
    #[serde(default)]
    pub replay: replay::Replay,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// A transaction's number; none for what is no transaction.
    pub number: Option<u32>,
    /// What happened.
    pub text: String,
    /// `mined`, `failed`, or nothing.
    pub outcome: String,
    /// Changes of live claims by ledger, summed over accounts: ledger and signed amount.
    pub changes: Vec<(String, String)>,
    /// Who sent it, to whom, with what: for those who replay it elsewhere.
    pub message: Option<MessageLine>,
}

/// A transaction of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLine {
    /// The sender.
    pub from: Address,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Calldata.
    pub data: alloy_primitives::Bytes,
    /// Wei.
    pub value: U256,
    /// Gas limit where the fault is one.
    pub gas: Option<u64>,
    /// Seconds that pass before it.
    pub wait_secs: u64,
}

/// What one account has of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    /// As a reader knows it.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// The asset; nothing where there is only one.
    pub asset: String,
    /// What is due.
    pub entitled: U256,
    /// What it can move, in units of entitlement.
    pub live: U256,
    /// By ledger: name, recorded, live.
    pub claims: Vec<(String, U256, U256)>,
}

/// Where a check's parts come from, for its report.
#[derive(Debug)]
pub struct Context<'a> {
    /// What was checked.
    pub subject: &'a Subject,
    /// What was found out.
    pub explored: &'a Explored<'a>,
    /// What follows.
    pub conclusion: &'a Conclusion,
    /// How much was asked for.
    pub limits: Limits,
    /// Whether the ledgers were inferred.
    pub inferred: bool,
    /// What was not tried.
    pub gaps: &'a [Gap],
}

/// Makes the report of a check.
pub fn report(context: &Context<'_>, decoder: &dyn Decoder) -> Result<Report, ExploreError> {
    let Context {
        subject,
        explored,
        conclusion,
        limits,
        ..
    } = context;
    let judge = explored.ground.judge();
    let ways = conclusion.findings.iter();
    let ways = ways.map(|found| (found.node, found.way.as_slice()));
    let paths = Retrace::new(explored).paths(ways)?;
    let coverage: BTreeMap<String, SiteLine> = explored
        .coverage
        .iter()
        .map(|(name, sites)| {
            (
                (*name).to_owned(),
                SiteLine {
                    enumerated: sites.enumerated,
                    fired: sites.fired,
                },
            )
        })
        .collect();
    let mut gaps: Vec<String> = context
        .gaps
        .iter()
        .map(|gap| {
            format!(
                "{}.{}: {}",
                decoder.name(gap.contract),
                gap.function,
                gap.reason
            )
        })
        .collect();
    for name in Fault::NAMES {
        if subject.is_off(name) {
            gaps.push(format!("{name}: declared impossible"));
        } else if limits.faults > 0 && coverage.get(name).is_none_or(|sites| sites.fired == 0) {
            gaps.push(format!("{name}{NO_SITE}"));
        }
    }
    let root = &explored.ground.path[0];
    let steps = subject
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| StepLine {
            call: decoder.call(step.to, &step.data),
            from: decoder.name(step.from),
            gas: explored.gas.get(index).copied().unwrap_or_default(),
            place: format!("{}:{}", step.place.file.display(), step.place.line),
        });
    let exposed = |(index, asset): (usize, &Asset)| Exposure {
        asset: asset.name.clone(),
        after: explored.ground.exposed(index),
    };
    let exposed = subject.assets.iter().enumerate().map(exposed);
    let entitled = |(account, asset): (usize, usize)| AccountName {
        name: decoder.name(explored.ground.accounts[account]),
        address: explored.ground.accounts[account],
        asset: subject.assets[asset].name.clone(),
        entitled: judge.due(root, account, asset),
    };
    let assets = subject.assets.len();
    let accounts = (0..subject.accounts.len())
        .flat_map(|account| (0..assets).map(move |asset| (account, asset)))
        .map(entitled)
        .filter(|line| assets == 1 || !line.entitled.is_zero());
    let verdict = conclusion.verdict();
    let fired = coverage
        .values()
        .all(|sites| sites.fired == sites.enumerated);
    Ok(Report {
        version: VERSION,
        verdict,
        pass: verdict == Verdict::Safe
            && fired
            && !explored.out_of_budget
            && !explored.coverage.is_empty(),
        faults: limits.faults,
        shard: limits.shard,
        subject: format!("{:032x}", trace::subject_print(subject)),
        steps: steps.collect(),
        ledgers: subject
            .ledgers
            .iter()
            .zip(&subject.groups)
            .enumerate()
            .filter(|(index, (_, group))| index == *group)
            .map(|(_, (ledger, _))| LedgerLine {
                name: ledger.name.clone(),
                contract: ledger.contract,
                side: match ledger.side {
                    Side::Legacy => "legacy",
                    Side::Successor => "successor",
                    Side::Wallet => "wallet",
                }
                .to_owned(),
                asset: subject.assets[ledger.asset].name.clone(),
                exit: exit(ledger, decoder) + &locks(ledger),
                rate: if ledger.rate.1 == U256::ONE {
                    ledger.rate.0.to_string()
                } else {
                    format!("{}/{}", ledger.rate.0, ledger.rate.1)
                },
                inferred: context.inferred,
            })
            .collect(),
        accounts: accounts.collect(),
        explored: Numbers {
            states: explored.visits.len() as u64,
            bad: conclusion.bad as u64,
            edges: explored.edges.len() as u64,
            scenarios: explored.scenarios(),
            executed: explored.executed,
        },
        coverage,
        gaps,
        assumptions: advice::assumptions(subject, explored, decoder),
        exposed: exposed
            .filter(|one| one.after.iter().any(|value| !value.is_zero()))
            .collect(),
        findings: conclusion
            .findings
            .iter()
            .zip(&paths)
            .map(|(finding, path)| trace::finding(context, &judge, finding, path, decoder))
            .collect(),
    })
}

/// After how many days the holder can make that call at most; nothing where it can now.
fn locks(ledger: &Ledger) -> String {
    match ledger.lock_secs / 86_400 {
        0 => String::new(),
        days => format!(", locks {} days", grouped(U256::from(days))),
    }
}

/// How a claim is moved, as it is printed; nothing where it is given away.
fn exit(ledger: &Ledger, decoder: &dyn Decoder) -> String {
    match &ledger.exit {
        ExitBy::Gift(_) | ExitBy::Always => String::new(),
        ExitBy::Call(ask) => {
            let call = decoder.call(Some(ledger.contract), &ask.data);
            // Its arguments are those of each claim.
            call.split('(').next().unwrap_or_default().to_owned()
        }
    }
}
