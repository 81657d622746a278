//! Verdicts: which states no way leads out of, and what that means for whom.

mod graph;

use std::collections::{BTreeMap, BTreeSet};

use self::graph::{Ways, can_end};

use crate::explore::{ExploreError, Explored, Relief, Retrace, Wrong};
use crate::infer::Leftover;
use crate::model::{Fault, Subject};
use crate::tally::Standing;
use alloy_primitives::U256;

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
    /// The playbook can go on for ever, and reaches no end.
    Livelock,
    /// The executor believes that it is done, and the chain has not what its record says.
    Diverged,
    /// An end can only be reached by an action outside the playbook.
    NeedsOperator,
    /// An end can only be reached by waiting longer than is declared.
    Delayed,
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
            Self::Livelock => "LIVELOCK",
            Self::Diverged => "DIVERGED",
            Self::NeedsOperator => "NEEDS-OPERATOR",
            Self::Delayed => "DELAYED",
            Self::Unmanaged => "UNMANAGED",
            Self::Transient => "TRANSIENT",
            Self::Unknown => "UNKNOWN",
            Self::Vacuous => "VACUOUS",
            Self::Safe => "SAFE",
        }
    }

    /// Whether funds are, or stay, where nobody wanted them; the others are warnings beside it.
    pub(crate) fn is_hard(self) -> bool {
        self <= Self::Delayed
    }
}

/// The cause of what nothing is known about because it is not known whose it is.
pub(crate) const CUSTODY: &str = "custody";

/// Entries of one cause that are judged, the shortest first.
const ENTRIES: usize = 256;

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
    /// The states that lead on to the best end of these: where accounts lack the least.
    pub rest: Vec<u32>,
    /// The states that lead on to where it is seen.
    pub way: Vec<u32>,
    /// The fault that made it, by name; `undisturbed` where there was none.
    pub cause: &'static str,
    /// Calls outside the playbook that lead to an end, by their indices in [`Subject::operator`].
    pub calls: Vec<usize>,
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
pub fn conclude(
    subject: &Subject,
    explored: &Explored<'_>,
    leftovers: &[Leftover],
) -> Result<Conclusion, ExploreError> {
    let good = can_end(explored);
    let ways = Ways::new(explored);
    let mut kept: BTreeMap<(Verdict, &'static str), Finding> = BTreeMap::new();
    let mut keep = |finding: Finding| {
        let key = (finding.verdict, finding.cause);
        let shorter = |old: &Finding| (finding.faults, finding.steps) < (old.faults, old.steps);
        if kept.get(&key).is_none_or(shorter) {
            kept.insert(key, finding);
        }
    };
    for at in entries(explored, &good) {
        keep(judge_entry(explored, &ways, at));
    }
    for (at, visit) in explored.visits.iter().enumerate() {
        let at = at as u32;
        let is_known = explored.open.binary_search(&at).is_err();
        if is_known && good[at as usize] && explored.assessment(at).is_over() {
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
        let note = Some(leftover.to_string());
        keep(if leftover.stays {
            Finding {
                note,
                ..found(explored, Verdict::Unmanaged, end)
            }
        } else {
            Finding {
                note,
                cause: CUSTODY,
                ..found(explored, Verdict::Vacuous, end)
            }
        });
    }
    let has_fired = explored.coverage.values().any(|sites| sites.fired > 0);
    let idle = (0..subject.actions.len()).filter(|action| !explored.acted.contains(action));
    let vacuous: Vec<String> = if !has_fired && explored.ground.limits.faults > 0 {
        vec!["no fault fired at all: everything is declared impossible".to_owned()]
    } else {
        idle.map(|action| {
            let name = &subject.actions[action].name;
            format!("the declared action {name:?} succeeded nowhere, so nothing is known about it")
        })
        .collect()
    };
    for note in vacuous {
        keep(Finding {
            note: Some(note),
            cause: "declaration",
            ..found(explored, Verdict::Vacuous, 0)
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
    relieve(subject, explored, &mut findings)?;
    // A claim that is wrong for a while matters only where nothing worse comes of it by the same cause.
    findings.sort_by_key(|found| {
        (
            !found.verdict.is_hard(),
            found.faults,
            found.steps,
            found.verdict,
        )
    });
    // What would help can make one finding of two.
    let mut told = BTreeSet::new();
    findings.retain(|found| told.insert((found.verdict, found.cause)));
    Ok(Conclusion {
        bad: good.iter().filter(|good| !**good).count(),
        findings,
    })
}

/// Says of findings without a way out what would help outside the playbook.
fn relieve(
    subject: &Subject,
    explored: &Explored<'_>,
    findings: &mut [Finding],
) -> Result<(), ExploreError> {
    let retrace = Retrace::new(explored);
    for finding in findings {
        if ![Verdict::Stuck, Verdict::StuckBounded, Verdict::Livelock].contains(&finding.verdict) {
            continue;
        }
        let ways = [(finding.node, finding.rest.as_slice())];
        let paths = retrace.paths(ways.into_iter())?;
        let node = paths[0].last().expect("a way has a start");
        match retrace.relief(node)? {
            None => {}
            Some(Relief::Wait(secs)) => {
                finding.verdict = Verdict::Delayed;
                finding.note = Some(format!(
                    "an end can be reached {secs} seconds later; {} seconds are declared",
                    subject.wait_secs
                ));
            }
            Some(Relief::Calls(calls)) => {
                finding.verdict = Verdict::NeedsOperator;
                finding.calls = calls;
            }
        }
    }
    Ok(())
}

/// States that no way leads out of, though the one before is good: the shortest ones of each cause.
fn entries(explored: &Explored<'_>, good: &[bool]) -> Vec<u32> {
    let is_entry = |at: &u32| {
        let before = explored.before(*at);
        !good[*at as usize] && before.is_none_or(|edge| good[edge.from as usize])
    };
    let mut entries: Vec<u32> = (0..good.len() as u32).filter(is_entry).collect();
    let length = |at: &u32| {
        let visit = &explored.visits[*at as usize];
        (visit.faults, visit.sent, *at)
    };
    entries.sort_unstable_by_key(length);
    let mut of_cause: BTreeMap<&'static str, usize> = BTreeMap::new();
    entries.retain(|at| {
        let known = of_cause.entry(cause(explored, *at)).or_default();
        *known += 1;
        *known <= ENTRIES
    });
    entries
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
        rest: Vec::new(),
        way: Vec::new(),
        calls: Vec::new(),
        cause: cause(explored, at),
        note: None,
    }
}

/// Judges a state that no way leads out of, though the one before it was good.
fn judge_entry(explored: &Explored<'_>, ways: &Ways<'_>, entry: u32) -> Finding {
    let closed = ways.closed_set(entry);
    let of = |at: u32| explored.assessment(at);
    // Between two steps claims may be anything; what counts is where the executor comes to rest.
    let best = closed
        .states
        .iter()
        .copied()
        .filter(|at| explored.visits[*at as usize].at_rest)
        .min_by_key(|at| of(*at).wrong())
        .unwrap_or(entry);
    let visits = || {
        closed
            .states
            .iter()
            .map(|at| &explored.visits[*at as usize])
    };
    let mut states = closed.states.iter();
    let bounded = states.any(|at| explored.bounded.binary_search(at).is_ok());
    let believed_done = visits().any(|visit| visit.believes_done);
    let stuck = || {
        if bounded {
            Verdict::StuckBounded
        } else if ways.goes_round(&closed.states) {
            Verdict::Livelock
        } else {
            Verdict::Stuck
        }
    };
    // Each asset is judged by itself, and the worst of them counts.
    let of_asset = |standing: &Standing| {
        let Standing {
            over,
            stranger_over,
            short,
            held,
        } = *standing;
        if !short.is_zero() {
            Some(if over >= short {
                Verdict::Misattributed
            } else if believed_done || held < short {
                Verdict::Lost
            } else {
                stuck()
            })
        } else if !stranger_over.is_zero() {
            Some(Verdict::Lost)
        } else {
            (!over.is_zero()).then_some(Verdict::DoubleCounted)
        }
    };
    let standings = of(best).standings.iter();
    let worst = standings
        .filter_map(|(_, standing)| of_asset(standing))
        .min();
    let verdict = worst.unwrap_or_else(|| {
        if visits().any(|visit| visit.deceived) {
            Verdict::Diverged
        } else {
            stuck()
        }
    });
    // It is seen as soon as what is wrong is as much as at the best end.
    let figures = |at: u32, figure: fn(&Standing) -> U256| -> Vec<(usize, U256)> {
        let all = of(at).standings.iter();
        all.map(|(asset, standing)| (*asset, figure(standing)))
            .filter(|(_, figure)| !figure.is_zero())
            .collect()
    };
    let same = |at: u32, figure| figures(at, figure) == figures(best, figure);
    let nobody_lacks = figures(best, |standing| standing.short).is_empty();
    let is_seen = |at: &u32| match verdict {
        Verdict::DoubleCounted => same(*at, |standing| standing.over),
        Verdict::Misattributed => {
            same(*at, |standing| standing.short) && same(*at, |standing| standing.over)
        }
        Verdict::Lost if nobody_lacks => same(*at, |standing| standing.stranger_over),
        _ => same(*at, |standing| standing.short),
    };
    let mut all = closed.states.iter().copied();
    let seen = all.find(is_seen);
    Finding {
        closed: closed.states.len(),
        rest: closed.way_to(best),
        way: closed.way_to(seen.unwrap_or(best)),
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
        .take_while(|at| explored.assessment(*at).is_over())
        .count();
    Some(format!(
        "undisturbed it lasts from step {} for {wrong} step(s), and as long as an interruption there",
        visit.next
    ))
}
