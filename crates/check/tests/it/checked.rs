//! Cases of the corpus, checked.

use std::path::{Path, PathBuf};

use sealift_check::explore::{Limits, explore};
use sealift_check::fork::Fork;
use sealift_check::input::{Declaration, Scene, Step, broadcast};
use sealift_check::interfaces::Interfaces;
use sealift_check::model::Fault;
use sealift_check::prepare::prepare;
use sealift_check::report::{Context, Report, report};
use sealift_check::verdict::conclude;

/// What a check had, and what it found.
pub(crate) struct Checked {
    /// The state.
    pub(crate) scene: Scene,
    /// The same with the checker's cast in it.
    pub(crate) start: Fork,
    /// The script.
    pub(crate) steps: Vec<Step>,
    /// The report.
    pub(crate) report: Report,
}

/// The corpus.
pub(crate) fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// Checks a case, for example `broken/21-airdrop`.
pub(crate) fn checked(case: &str) -> Checked {
    checked_with(case, Limits::default())
}

/// Checks a case as thoroughly as `limits` say.
pub(crate) fn checked_with(case: &str, limits: Limits) -> Checked {
    checked_among(case, limits, usize::MAX)
}

/// Checks a case with no more calls of strangers than this, taken at equal distances; the script's own are the last.
pub(crate) fn checked_among(case: &str, limits: Limits, most: usize) -> Checked {
    let folder = corpus().join(case);
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
    let name = |address| sealift_check::report::Decoder::name(&interfaces, address);
    let steps = cast.steps.clone();
    let mut prepared = prepare(
        &scene,
        cast.steps,
        &declared,
        &functions,
        &name,
        limits.threads,
    )
    .unwrap();
    let calls = &mut prepared.subject.hostile;
    let distance = calls.len().div_ceil(most).max(1);
    *calls = std::mem::take(calls)
        .into_iter()
        .rev()
        .step_by(distance)
        .collect();
    calls.reverse();
    let explored = explore(&prepared.subject, &prepared.known, limits, &mut |_| {}).unwrap();
    let conclusion = conclude(&prepared.subject, &explored, &prepared.leftovers).unwrap();
    let context = Context {
        subject: &prepared.subject,
        explored: &explored,
        conclusion: &conclusion,
        limits,
        inferred: prepared.inferred,
        gaps: &prepared.gaps,
    };
    Checked {
        report: report(&context, &interfaces).unwrap(),
        start: prepared.subject.start.clone(),
        scene,
        steps,
    }
}
