//! The corpus: every broken migration is found with its verdict, no sound one raises an alarm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealift_check::explore::{Limits, explore};
use sealift_check::fork::Fork;
use sealift_check::input::{Declaration, Scene, broadcast};
use sealift_check::interfaces::Interfaces;
use sealift_check::model::Fault;
use sealift_check::prepare::prepare;
use sealift_check::report::{Context, Decoder, render, report};
use sealift_check::verdict::{Verdict, conclude};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// What came out of a case.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Outcome {
    verdict: Verdict,
    faults: u8,
    steps: u32,
    states: u64,
    sites: u64,
}

fn check(folder: &Path) -> (Outcome, String) {
    let scene = Scene::read(&std::fs::read(folder.join("state.json")).unwrap()).unwrap();
    let script = folder.join("run-latest.json");
    let cast = broadcast::read(&std::fs::read_to_string(&script).unwrap(), &script).unwrap();
    let mut interfaces = Interfaces::read(&folder.join("artifacts")).unwrap();
    interfaces.learn(&Fork::of(&scene));
    interfaces.names.add_broadcast(&cast);
    let path = folder.join("check.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let declared = Declaration::read(&text, &path).unwrap();
    let declared = declared.resolve(&interfaces.names, &Fault::NAMES).unwrap();
    interfaces.names = declared.names.clone();
    let functions = |fork: &Fork, address| interfaces.functions(fork, address);
    let name = |address| interfaces.name(address);
    let prepared = prepare(&scene, cast.steps, &declared, &functions, &name).unwrap();
    let limits = Limits::default();
    let explored = explore(&prepared.subject, limits, &mut |_, _, _| {}).unwrap();
    let conclusion = conclude(&prepared.subject, &explored, &prepared.leftovers);
    let context = Context {
        subject: &prepared.subject,
        explored: &explored,
        conclusion: &conclusion,
        limits,
        inferred: prepared.inferred,
        gaps: &prepared.gaps,
    };
    let report = report(&context, &interfaces);
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
    let root = root();
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
                    let outcome = check(&folder);
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
