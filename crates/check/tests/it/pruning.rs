//! What is left out changes nothing: the pruned search against the one that leaves nothing out.

use std::sync::atomic::{AtomicUsize, Ordering};

use sealift_check::explore::Limits;
use sealift_check::report::{FindingReport, Report, TraceLine};
use sealift_check::verdict::Verdict;

use crate::checked::{checked_among, checked_with, corpus};

/// A finding: what it is, what made it, and with how many faults.
type Found = (String, String, u8);

fn found(finding: &FindingReport) -> Found {
    let verdict = finding.verdict.name().to_owned();
    (verdict, finding.cause.clone(), finding.faults)
}

/// Calls of strangers that a full search makes at most, over all states: else it takes hours.
const CALLS: u64 = 2_000_000;

/// How the two searches of a case differ; `None` where they do not. Where strangers could make too many calls, both
/// searches have fewer of them.
fn difference(case: &str) -> Option<String> {
    let limits = Limits::default();
    let whole = checked_with(case, limits).report;
    let mut most = (CALLS / whole.explored.states).max(1) as usize;
    let (pruned, full) = loop {
        let pruned = checked_among(case, limits, most).report;
        let limits = Limits {
            full: true,
            ..limits
        };
        let full = checked_among(case, limits, most).report;
        let is_cut_off = |report: &Report| {
            let mut all = report.findings.iter();
            all.any(|finding| finding.verdict == Verdict::Unknown)
        };
        if !is_cut_off(&full) || most == 1 {
            break (pruned, full);
        }
        most = (most / 8).max(1);
        eprintln!("{case}: {most} calls of strangers at most");
    };
    let told = |verdict: &str, cause: &str, faults: u8| {
        pruned.findings.iter().any(|other| {
            (other.verdict.name(), other.cause.as_str(), other.faults) == (verdict, cause, faults)
        })
    };
    // The full search waits for nothing as well, and what waited is another state, by its clock alone. So a way that
    // waits has a cause of its own where without the wait it is a longer way to a state of another cause.
    let is_told_sooner = |finding: &FindingReport| {
        let waits = |line: &TraceLine| line.number.is_none() && line.text.ends_with(" pass");
        finding.trace.iter().any(waits)
            && pruned.findings.iter().any(|other| {
                let sooner = (other.faults, other.steps) <= (finding.faults, finding.steps);
                other.verdict == finding.verdict && sooner
            })
    };
    // What is wrong without a fault is wrong with one that changes nothing as well, and is told once.
    let is_told_undisturbed = |finding: &FindingReport| {
        ["counterparty.stranger", "environment.delay"].contains(&finding.cause.as_str())
            && told(finding.verdict.name(), "undisturbed", 0)
    };
    // For the same reason its limit of reruns binds: what is stuck for good, or lost, is stuck within bounds.
    let bounded = |(verdict, cause, faults): &Found| {
        let mut worse = ["STUCK", "LOST"].into_iter();
        worse.find(|worse| verdict == "STUCK-BOUNDED" && told(worse, cause, *faults))
    };
    let pruned_found = pruned.findings.iter().map(found);
    let mut some: Vec<Found> = pruned_found.filter(|one| bounded(one).is_none()).collect();
    let mut all = Vec::new();
    for finding in &full.findings {
        let (verdict, cause, faults) = found(finding);
        if let Some(worse) = bounded(&(verdict.clone(), cause.clone(), faults)) {
            all.push((worse.to_owned(), cause, faults));
        } else if told(&verdict, &cause, faults)
            || !(is_told_sooner(finding) || is_told_undisturbed(finding))
        {
            all.push((verdict, cause, faults));
        }
    }
    some.sort();
    all.sort();
    all.dedup();
    // Where steps are taken at once, the way to a lesser finding may end a few of them later.
    let steps = |report: &Report| report.findings.first().map(|found| found.steps);
    let is_same = some == all
        && pruned.pass == full.pass
        && steps(&pruned) == steps(&full)
        && pruned.explored.states <= full.explored.states;
    (!is_same).then(|| format!("{case}: pruned {some:?}, full {all:?}"))
}

/// Small cases of each kind, among them one in which a stranger needs two calls and one that waits.
#[test]
fn small_cases_are_judged_the_same_in_full() {
    for case in [
        "broken/13-kwenta-changed-after-copy",
        "broken/18-wintermute-same-address",
        "broken/21-airdrop-answer-lost",
        "broken/27-marker-before-effect",
        "sound/07-atomic-disperse",
        "sound/10-release-after-deadline",
        "broken/39-send-result-ignored",
        "broken/40-ether-before-claims",
    ] {
        assert_eq!(difference(case), None);
    }
}

/// Every case of the corpus, or those whose name contains `SEALIFT_CASE`.
#[test]
fn every_case_is_judged_the_same_in_full() {
    if std::env::var_os("SEALIFT_LONG").is_none() {
        println!("skipped every_case_is_judged_the_same_in_full: SEALIFT_LONG is not set");
        return;
    }
    let mut cases = Vec::new();
    for kind in ["broken", "sound"] {
        for entry in std::fs::read_dir(corpus().join(kind)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                cases.push(format!("{kind}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    cases.sort();
    let wanted = std::env::var("SEALIFT_CASE").unwrap_or_default();
    cases.retain(|case| case.contains(&wanted));
    let next = AtomicUsize::new(0);
    let some = || {
        let mut found = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            println!("{case}");
            found.extend(difference(case).inspect(|found| println!("{found}")));
        }
        found
    };
    let found = std::thread::scope(|scope| {
        let other = scope.spawn(some);
        [some(), other.join().unwrap()].concat()
    });
    assert!(!cases.is_empty());
    assert_eq!(found, [""; 0]);
}

/// What is found does not depend on the number of threads, down to the last line.
#[test]
fn threads_change_nothing() {
    for case in [
        "broken/21-airdrop-answer-lost",
        "sound/08-batches-burn-and-mint",
    ] {
        let with = |threads: usize| {
            let threads = std::num::NonZeroUsize::new(threads).unwrap();
            let mut report = checked_with(
                case,
                Limits {
                    threads,
                    ..Limits::default()
                },
            )
            .report;
            // Threads may execute the same thing each for itself.
            report.explored.executed = 0;
            report
        };
        assert_eq!(with(1), with(3), "{case}");
    }
}
