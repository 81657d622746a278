//! Verdicts: which states no way leads out of, and what that means for whom.

use std::collections::BTreeMap;

use crate::explore::{Explored, Wrong};
use crate::infer::Leftover;
use crate::model::{Fault, Subject};

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
pub fn conclude(subject: &Subject, explored: &Explored<'_>, leftovers: &[Leftover]) -> Conclusion {
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
    for (at, visit) in explored.visits.iter().enumerate() {
        let at = at as u32;
        let parent_is_good = explored
            .before(at)
            .is_none_or(|edge| good[edge.from as usize]);
        if !good[at as usize] && parent_is_good {
            keep(judge_entry(explored, &forward, at));
        } else if good[at as usize] && !explored.assessment(at).over.is_zero() {
            keep(Finding {
                note: duration(explored, at),
                ..found(explored, Verdict::Transient, at)
            });
        }
        if let Some(insolvency) = &visit.insolvent {
            keep(Finding {
                note: Some(format!(
                    "custodian {:?} holds {} and owes {}",
                    subject.custodians[insolvency.custodian].name, insolvency.held, insolvency.owed
                )),
                ..found(explored, Verdict::Lost, at)
            });
        }
    }
    let end = subject.steps.len() as u32;
    for leftover in leftovers {
        keep(Finding {
            note: Some(leftover.to_string()),
            ..found(explored, Verdict::Unmanaged, end)
        });
    }
    if explored.out_of_budget {
        keep(Finding {
            cause: "limit",
            note: Some(format!(
                "the limit of {} states was reached",
                explored.ground.limits.states
            )),
            ..found(explored, Verdict::Unknown, 0)
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

/// What is wrong with a state by itself.
fn found(explored: &Explored<'_>, verdict: Verdict, at: u32) -> Finding {
    let visit = &explored.visits[at as usize];
    Finding {
        verdict,
        node: at,
        faults: visit.faults,
        steps: visit.sent,
        closed: 0,
        best: at,
        cause: cause(explored, at),
        note: None,
    }
}

/// Backward reachability from the ends, over everything but faults (CTL: EF goal).
fn can_end(explored: &Explored<'_>) -> Vec<bool> {
    let mut backward: Vec<Vec<u32>> = vec![Vec::new(); explored.visits.len()];
    for edge in explored.edges.iter().filter(|edge| edge.wrong.is_none()) {
        backward[edge.to as usize].push(edge.from);
    }
    let mut good: Vec<bool> = (0..explored.visits.len() as u32)
        .map(|at| explored.assessment(at).goal)
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

fn ways_back(explored: &Explored<'_>) -> Vec<Vec<u32>> {
    let mut forward: Vec<Vec<u32>> = vec![Vec::new(); explored.visits.len()];
    for edge in explored.edges.iter().filter(|edge| edge.wrong.is_none()) {
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

fn judge_entry(explored: &Explored<'_>, forward: &[Vec<u32>], entry: u32) -> Finding {
    let closed = closed_set(forward, entry);
    let of = |at: u32| explored.assessment(at);
    // Between two steps claims may be anything; what counts is where the executor comes to rest.
    let best = closed
        .iter()
        .copied()
        .filter(|at| explored.visits[*at as usize].at_rest)
        .min_by_key(|at| (of(*at).short, of(*at).over, *at))
        .unwrap_or(entry);
    let bounded = closed
        .iter()
        .any(|at| explored.bounded.binary_search(at).is_ok());
    let believed_done = closed
        .iter()
        .any(|at| explored.visits[*at as usize].believes_done);
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
    Finding {
        closed: closed.len(),
        best,
        ..found(explored, verdict, entry)
    }
}

/// The name of the last fault on the way to a state.
fn cause(explored: &Explored<'_>, mut at: u32) -> &'static str {
    while let Some(edge) = explored.before(at) {
        if let Some(Wrong::Fault(name)) = edge.wrong {
            return Fault::name_of(name);
        }
        at = edge.from;
    }
    "undisturbed"
}

/// For how many steps claims stay wrong, undisturbed, from a state on.
fn duration(explored: &Explored<'_>, at: u32) -> Option<String> {
    let visit = &explored.visits[at as usize];
    if visit.faults > 0 {
        return None;
    }
    let wrong = (at..explored.ground.path.len() as u32)
        .take_while(|at| !explored.assessment(*at).over.is_zero())
        .count();
    Some(format!(
        "undisturbed it lasts from step {} for {wrong} step(s), and as long as an interruption there",
        visit.next
    ))
}
