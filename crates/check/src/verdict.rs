//! Verdicts: which states no way leads out of, and what that means for whom.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use sealift_evm::{Machine, Moment};

use crate::explore::Explored;
use crate::infer::Leftover;
use crate::ledger::{Ledger, Side, view};
use crate::model::{Action, Mode, Node, Subject};

/// How a migration is judged (FAULTS: verdicts).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Verdict {
    /// An entitlement without backing, or backing that nobody will move.
    Lost,
    /// Claimable on both sides.
    DoubleCounted,
    /// The total is conserved, the owner is wrong.
    Misattributed,
    /// Assets exist; everything was explored; no end can be reached.
    Stuck,
    /// No end within the bounds.
    StuckBounded,
    /// An end can only be reached by an action outside the playbook.
    NeedsOperator,
    /// A balance that no claim covers stays behind.
    Unmanaged,
    /// Claims are wrong between two steps, and come right again on every way.
    Transient,
    /// The budget ran out.
    Unknown,
    /// A fault never fired, so nothing is known about it.
    Vacuous,
    /// Every reachable state backs every entitlement, and an end stays reachable.
    Safe,
}

impl Verdict {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "LOST",
            Self::DoubleCounted => "DOUBLE-COUNTED",
            Self::Misattributed => "MISATTRIBUTED",
            Self::Stuck => "STUCK",
            Self::StuckBounded => "STUCK-BOUNDED",
            Self::NeedsOperator => "NEEDS-OPERATOR",
            Self::Unmanaged => "UNMANAGED",
            Self::Transient => "TRANSIENT",
            Self::Unknown => "UNKNOWN",
            Self::Vacuous => "VACUOUS",
            Self::Safe => "SAFE",
        }
    }

    /// Whether funds are, or stay, where nobody wanted them; the others are warnings beside it.
    pub(crate) fn is_hard(self) -> bool {
        self <= Self::NeedsOperator
    }
}

/// What is wrong, and the shortest way to it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is.
    pub verdict: Verdict,
    /// The first state from which no end can be reached; the trace leads here.
    pub node: u32,
    /// Faults on the way.
    pub faults: u8,
    /// Transactions on the way.
    pub steps: u32,
    /// How many states can be reached from there by the playbook: the closed set without an end.
    pub closed: usize,
    /// The best of these states: where accounts lack the least.
    pub best: u32,
    /// The fault that made it, by name; `undisturbed` where there was none.
    pub cause: &'static str,
    /// More to say.
    pub note: Option<String>,
}

/// All that follows from an exploration.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// Findings, the one that matters most first: one for each verdict and cause.
    pub findings: Vec<Finding>,
    /// How many states no end can be reached from.
    pub bad: usize,
    /// For each state whether an end can be reached.
    pub good: Vec<bool>,
}

impl Conclusion {
    /// The verdict of the whole.
    pub fn verdict(&self) -> Verdict {
        self.findings
            .first()
            .map_or(Verdict::Safe, |finding| finding.verdict)
    }
}

/// Draws the conclusions.
pub fn conclude(subject: &Subject, explored: &Explored, leftovers: &[Leftover]) -> Conclusion {
    let good = can_end(explored);
    let forward = ways_back(explored);
    let mut kept: BTreeMap<(Verdict, &'static str), Finding> = BTreeMap::new();
    let mut keep = |finding: Finding| {
        let key = (finding.verdict, finding.cause);
        let shorter = |old: &Finding| (finding.faults, finding.steps) < (old.faults, old.steps);
        if kept.get(&key).is_none_or(shorter) {
            kept.insert(key, finding);
        }
    };
    for (at, node) in explored.nodes.iter().enumerate() {
        let at = at as u32;
        let parent_is_good = node
            .parent
            .as_ref()
            .is_none_or(|parent| good[parent.node as usize]);
        let assessment = &explored.assessments[at as usize];
        if !good[at as usize] && parent_is_good {
            keep(judge_entry(explored, &forward, at));
        } else if good[at as usize] && !assessment.over.is_zero() {
            keep(Finding {
                verdict: Verdict::Transient,
                node: at,
                faults: node.faults,
                steps: node.sent,
                closed: 0,
                best: at,
                cause: cause(explored, at),
                note: duration(explored, at),
            });
        }
    }
    insolvencies(subject, explored)
        .into_iter()
        .for_each(&mut keep);
    let end = explored
        .nodes
        .iter()
        .position(|node| node.record.next == subject.steps.len())
        .unwrap_or_default() as u32;
    for leftover in leftovers {
        keep(Finding {
            verdict: Verdict::Unmanaged,
            node: end,
            faults: 0,
            steps: explored.nodes[end as usize].sent,
            closed: 0,
            best: end,
            cause: "undisturbed",
            note: Some(leftover.to_string()),
        });
    }
    if explored.out_of_budget {
        keep(Finding {
            verdict: Verdict::Unknown,
            node: 0,
            faults: 0,
            steps: 0,
            closed: 0,
            best: 0,
            cause: "limit",
            note: Some(format!(
                "the limit of {} states was reached",
                explored.nodes.len()
            )),
        });
    }
    let mut findings: Vec<Finding> = kept.into_values().collect();
    // A claim that is wrong for a while matters only where nothing worse comes of it by the same cause.
    findings.sort_by_key(|found| {
        (
            !found.verdict.is_hard(),
            found.faults,
            found.steps,
            found.verdict,
        )
    });
    Conclusion {
        bad: good.iter().filter(|good| !**good).count(),
        findings,
        good,
    }
}

/// Backward reachability from the ends, over everything but faults (CTL: EF goal).
fn can_end(explored: &Explored) -> Vec<bool> {
    let mut backward: Vec<Vec<u32>> = vec![Vec::new(); explored.nodes.len()];
    for edge in explored.edges.iter().filter(|edge| !edge.is_fault) {
        backward[edge.to as usize].push(edge.from);
    }
    let mut good: Vec<bool> = explored
        .assessments
        .iter()
        .map(|assessment| assessment.goal)
        .collect();
    let mut open: Vec<u32> = (0..good.len() as u32)
        .filter(|at| good[*at as usize])
        .collect();
    while let Some(at) = open.pop() {
        for from in &backward[at as usize] {
            if !std::mem::replace(&mut good[*from as usize], true) {
                open.push(*from);
            }
        }
    }
    good
}

fn ways_back(explored: &Explored) -> Vec<Vec<u32>> {
    let mut forward: Vec<Vec<u32>> = vec![Vec::new(); explored.nodes.len()];
    for edge in explored.edges.iter().filter(|edge| !edge.is_fault) {
        forward[edge.from as usize].push(edge.to);
    }
    forward
}

/// All states that the playbook leads to from one state, itself included.
fn closed_set(forward: &[Vec<u32>], from: u32) -> Vec<u32> {
    let mut found = vec![from];
    let mut seen: std::collections::BTreeSet<u32> = found.iter().copied().collect();
    let mut at = 0;
    while at < found.len() {
        for next in &forward[found[at] as usize] {
            if seen.insert(*next) {
                found.push(*next);
            }
        }
        at += 1;
    }
    found
}

fn judge_entry(explored: &Explored, forward: &[Vec<u32>], entry: u32) -> Finding {
    let closed = closed_set(forward, entry);
    let of = |at: u32| &explored.assessments[at as usize];
    let best = closed
        .iter()
        .copied()
        .min_by_key(|at| (of(*at).short, of(*at).over, *at))
        .unwrap_or(entry);
    let bounded = closed
        .iter()
        .any(|at| explored.bounded.binary_search(at).is_ok());
    // Where a key is lost the others do what they can, and nobody believes that it is all.
    let believed_done = closed.iter().any(|at| {
        let Node { record, lost, .. } = &explored.nodes[*at as usize];
        record.next >= explored.gas.len() && record.mode != Mode::Stopped && lost.is_none()
    });
    let (short, over) = (of(best).short, of(best).over);
    let verdict = if !short.is_zero() {
        if over >= short {
            Verdict::Misattributed
        } else if believed_done || of(best).held < short {
            Verdict::Lost
        } else if bounded {
            Verdict::StuckBounded
        } else {
            Verdict::Stuck
        }
    } else if !of(best).stranger_over.is_zero() {
        Verdict::Lost
    } else if !over.is_zero() {
        Verdict::DoubleCounted
    } else if bounded {
        Verdict::StuckBounded
    } else {
        Verdict::Stuck
    };
    let node = &explored.nodes[entry as usize];
    Finding {
        verdict,
        node: entry,
        faults: node.faults,
        steps: node.sent,
        closed: closed.len(),
        best,
        cause: cause(explored, entry),
        note: None,
    }
}

/// The name of the last fault on the way to a state.
fn cause(explored: &Explored, mut at: u32) -> &'static str {
    while let Some(parent) = &explored.nodes[at as usize].parent {
        if let Action::Fault(_, fault) = &parent.action {
            return fault.name();
        }
        at = parent.node;
    }
    "undisturbed"
}

/// For how many steps claims stay wrong, undisturbed, from a state on.
fn duration(explored: &Explored, at: u32) -> Option<String> {
    let node = &explored.nodes[at as usize];
    if node.faults > 0 {
        return None;
    }
    let wrong = explored.nodes[at as usize..]
        .iter()
        .zip(&explored.assessments[at as usize..])
        .take_while(|(node, assessment)| node.faults == 0 && !assessment.over.is_zero())
        .count();
    Some(format!(
        "undisturbed it lasts from step {} for {wrong} step(s), and as long as an interruption there",
        node.record.next
    ))
}

/// States in which a custodian holds less than it must.
fn insolvencies(subject: &Subject, explored: &Explored) -> Vec<Finding> {
    let mut found = Vec::new();
    if subject.custodians.is_empty() {
        return found;
    }
    let mut machine = Machine::new(subject.moment.chain_id);
    let mut known: std::collections::BTreeMap<(usize, u128), U256> = BTreeMap::new();
    let width = subject.ledgers.len();
    for (at, node) in explored.nodes.iter().enumerate() {
        for (index, custodian) in subject.custodians.iter().enumerate() {
            let held = *known
                .entry((index, node.fork.print()))
                .or_insert_with(|| match custodian.asset {
                    None => {
                        use sealift_evm::Snapshot;
                        node.fork
                            .account(custodian.account)
                            .map_or(U256::ZERO, |account| account.balance)
                    }
                    Some(asset) => held_by(
                        &mut machine,
                        &node.fork,
                        &subject.moment,
                        asset,
                        custodian.account,
                    ),
                });
            let owed = (0..explored.judged).fold(U256::ZERO, |sum, account| {
                let row = &node.claims[account * width..][..width];
                custodian.covers.iter().fold(sum, |sum, ledger| {
                    sum.saturating_add(subject.ledgers[*ledger].worth(row[*ledger].recorded))
                })
            });
            if owed > held.saturating_add(subject.tolerance) {
                found.push(Finding {
                    verdict: Verdict::Lost,
                    node: at as u32,
                    faults: node.faults,
                    steps: node.sent,
                    closed: 0,
                    best: at as u32,
                    cause: cause(explored, at as u32),
                    note: Some(format!(
                        "custodian {:?} holds {held} and owes {owed}",
                        custodian.name
                    )),
                });
            }
        }
    }
    found
}

fn held_by(
    machine: &mut Machine<crate::fork::Fork>,
    fork: &crate::fork::Fork,
    moment: &Moment,
    asset: Address,
    who: Address,
) -> U256 {
    let ledger = Ledger::erc20(String::new(), asset, Side::Wallet);
    view(machine, fork, moment, &ledger, who)
        .0
        .unwrap_or_default()
}
