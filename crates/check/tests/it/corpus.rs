//! The corpus: every broken migration is found with its verdict, no sound one raises an alarm.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sealift_check::explore::Limits;
use sealift_check::report::render;
use sealift_check::verdict::Verdict;

use crate::checked::{checked, checked_with, corpus};

/// What came out of a case.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Outcome {
    verdict: Verdict,
    faults: u8,
    steps: u32,
    states: u64,
    sites: u64,
}

fn check(case: &str) -> (Outcome, String) {
    let report = checked(case).report;
    let first = report.findings.first();
    let outcome = Outcome {
        verdict: report.verdict,
        faults: first.map_or(0, |finding| finding.faults),
        steps: first.map_or(0, |finding| finding.steps),
        states: report.explored.states,
        sites: report.coverage.values().map(|sites| sites.enumerated).sum(),
    };
    assert_eq!(
        report.pass,
        report.verdict == Verdict::Safe,
        "a pass is SAFE and nothing else"
    );
    (outcome, render(&report, None))
}

/// Runs the cases of one kind on two threads, against `expected.toml` and the golden counts.
fn golden(kind: &str) {
    let root = corpus();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let queue = std::sync::Mutex::new(folders.into_iter());
    let found = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(folder) = next else { return };
                    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
                    let outcome = check(&format!("{kind}/{name}"));
                    found.lock().unwrap().insert(name, outcome);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let mut wrong = String::new();
    for (name, (outcome, text)) in &found {
        let expected =
            std::fs::read_to_string(root.join(kind).join(name).join("expected.toml")).unwrap();
        let expected: toml::Table = expected.parse().unwrap();
        let same = |key: &str, value: i64| {
            expected
                .get(key)
                .and_then(toml::Value::as_integer)
                .is_none_or(|wanted| wanted == value)
        };
        if expected["verdict"].as_str() != Some(outcome.verdict.name())
            || !same("faults", i64::from(outcome.faults))
            || !same("steps", i64::from(outcome.steps))
        {
            wrong += &format!("{kind}/{name}: expected {expected}, found {outcome:?}\n{text}\n");
        }
    }
    let path = root.join(kind).join("golden.json");
    let outcomes: BTreeMap<&String, &Outcome> = found
        .iter()
        .map(|(name, (outcome, _))| (name, outcome))
        .collect();
    if std::env::var_os("SEALIFT_BLESS").is_some() {
        std::fs::write(
            &path,
            serde_json::to_string_pretty(&outcomes).unwrap() + "\n",
        )
        .unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
    let golden: BTreeMap<String, Outcome> =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let golden: BTreeMap<&String, &Outcome> = golden.iter().collect();
    assert_eq!(
        golden,
        outcomes,
        "SEALIFT_BLESS=1 writes {} anew",
        path.display()
    );
}

/// All broken migrations are found, each with the verdict, the faults and the steps that it must have.
#[test]
fn broken() {
    golden("broken");
}

/// No sound migration raises an alarm.
#[test]
fn sound() {
    golden("sound");
}

/// Two faults of which the second is a reorganisation: what holders moved goes back with the chain.
#[test]
fn a_reorganisation_takes_everything_back() {
    let limits = Limits {
        faults: 2,
        ..Limits::default()
    };
    let report = checked_with("sound/07-atomic-disperse", limits).report;
    assert_eq!(report.verdict, Verdict::Safe, "{}", render(&report, None));
}

/// What goes wrong twice is judged by the same measure: a script that was begun again and loses blocks, two holders
/// that act on their own, one that is interrupted twice.
#[test]
fn sound_cases_hold_with_two_faults() {
    for case in [
        "sound/08-batches-burn-and-mint",
        "sound/09-batches-with-cursor",
        "sound/10-release-after-deadline",
        "sound/20-ether-paid-or-nothing",
    ] {
        let limits = Limits {
            faults: 2,
            ..Limits::default()
        };
        let report = checked_with(case, limits).report;
        let first = report.findings.first();
        let found = first.map(|found| (found.verdict, found.id.clone()));
        assert!(report.pass, "{case}: {found:?}");
    }
}
