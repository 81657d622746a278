//! What is left out changes nothing: the pruned search against the one that leaves nothing out.

use std::sync::atomic::{AtomicUsize, Ordering};

use sealift_check::explore::Limits;
use sealift_check::report::Report;

use crate::checked::{checked_with, corpus};

type Found = (String, String, u8);

/// Each finding: what it is, what made it, and with how many faults.
fn findings(report: &Report) -> Vec<Found> {
    let mut found: Vec<_> = report
        .findings
        .iter()
        .map(|found| {
            let verdict = found.verdict.name().to_owned();
            (verdict, found.cause.clone(), found.faults)
        })
        .collect();
    found.sort();
    found
}

#[track_caller]
fn compare(case: &str) {
    let limits = Limits::default();
    let pruned = checked_with(case, limits).report;
    let full = checked_with(
        case,
        Limits {
            full: true,
            ..limits
        },
    )
    .report;
    let (some, mut all) = (findings(&pruned), findings(&full));
    // Waiting for nothing makes a script that is begun again look like another one, and its limit bind: what is stuck
    // for good, or lost, is stuck within bounds there.
    for (verdict, cause, faults) in &mut all {
        for worse in ["STUCK", "LOST"] {
            let told = (worse.to_owned(), cause.clone(), *faults);
            if verdict == "STUCK-BOUNDED" && some.contains(&told) {
                worse.clone_into(verdict);
            }
        }
    }
    all.sort();
    all.dedup();
    // What is wrong without a fault is wrong with one that changes nothing as well, and is told once.
    all.retain(|found| {
        let (verdict, cause, ..) = found;
        let changes_nothing = cause == "counterparty.stranger" || cause == "environment.delay";
        let is_told = |(known, how, ..): &Found| known == verdict && how == "undisturbed";
        some.contains(found) || !(changes_nothing && some.iter().any(is_told))
    });
    assert_eq!(some, all, "{case}");
    assert_eq!(pruned.pass, full.pass, "{case}");
    // Where steps are taken at once, the way to a lesser finding may end a few of them later.
    let steps = |report: &Report| report.findings.first().map(|found| found.steps);
    assert_eq!(steps(&pruned), steps(&full), "{case}");
    assert!(pruned.explored.states <= full.explored.states, "{case}");
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
        compare(case);
    }
}

/// Every case of the corpus.
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
    let next = AtomicUsize::new(0);
    let some = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            println!("{case}");
            compare(case);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(some);
        some();
    });
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
