//! `sealift check`: every fault of somebody's migration, and every way back from it.

pub(crate) mod own;
mod progress;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealift_check::explore::{self, ExploreError, Limits, explore};
use sealift_check::fork::Fork;
use sealift_check::input::{Declaration, Explain, Names, Scene, Step, broadcast};
use sealift_check::interfaces::{ArtifactError, Interfaces};
use sealift_check::model::Fault;
use sealift_check::prepare::{PrepareError, prepare, undisturbed_failure};
use sealift_check::report::{self, Context, Decoder, Report};
use sealift_check::verdict::{Verdict, conclude};
use serde_json::json;

use self::progress::Progress;
use crate::args::{CheckCommand, CheckOptions};
use crate::failure::{Failure, exit};
use crate::output::Output;

/// The report that programs read, and the one that people do.
const REPORT: &str = "report.json";
const PAGE: &str = "report.html";

/// Reports larger than this are not read back.
const MAX_REPORT_BYTES: u64 = 256 << 20;

/// Checks, prints, and answers with the exit code.
pub(crate) fn run(options: &CheckOptions, output: &Output) -> Result<u8, Failure> {
    match &options.command {
        Some(CheckCommand::Merge { reports, report }) => merge(reports, report, output),
        None if options.plan.is_some() => own::run(options, output),
        None => check(options, output),
    }
}

fn check(options: &CheckOptions, output: &Output) -> Result<u8, Failure> {
    let scene = scene(options.state.as_deref().expect("the parser asks for it"))?;
    let mut interfaces = match &options.artifacts {
        Some(folder) => Interfaces::read(folder).map_err(|error| artifacts(&error, folder))?,
        None => Interfaces::default(),
    };
    interfaces.learn(&Fork::of(&scene));
    let mut steps: Vec<Step> = Vec::new();
    if let Some(script) = &options.script {
        let text = text(script)?;
        let read = broadcast::read(&text, script)
            .map_err(|error| explained(&error, script, Some(&text)))?;
        interfaces.names.add_broadcast(&read);
        steps = read.steps;
    }
    let declared = declaration(options.config.as_deref(), &interfaces.names)?;
    interfaces.names = declared.names.clone();
    if steps.is_empty() {
        steps.clone_from(&declared.steps);
    } else if !declared.steps.is_empty() {
        return Err(Failure::new(
            "sealift::check::script",
            exit::USAGE,
            "there are two scripts: --script and [[step]]",
        )
        .next("leave one of them out"));
    }
    let functions = |fork: &Fork, address| interfaces.functions(fork, address);
    let name = |address| interfaces.name(address);
    let threads = options.threads();
    let prepared = prepare(&scene, steps.clone(), &declared, &functions, &name, threads)
        .map_err(|error| cannot(&error, &steps, &interfaces, options))?;
    let limits = Limits {
        faults: options.faults,
        states: options.states,
        shard: options.shard.unwrap_or((0, 1)),
        threads,
        ..Limits::default()
    };
    let failed = |error: ExploreError| cannot(&error.into(), &steps, &interfaces, options);
    let mut progress = Progress::new(output);
    let explored = explore(&prepared.subject, &prepared.known, limits, &mut |now| {
        tell(&mut progress, now);
    })
    .map_err(failed)?;
    let conclusion = conclude(&prepared.subject, &explored, &prepared.leftovers).map_err(failed)?;
    let took = progress.elapsed();
    drop(progress);
    let context = Context {
        subject: &prepared.subject,
        explored: &explored,
        conclusion: &conclusion,
        limits,
        inferred: prepared.inferred,
        gaps: &prepared.gaps,
    };
    let whole = report::report(&context, &interfaces).map_err(failed)?;
    if let Some(folder) = &options.emit_forge {
        let allocs = report::forge::allocs(&scene, &prepared.subject.start);
        let only = options.replay.as_deref();
        emit(&whole, only, (&scene, &allocs), folder, output)?;
    }
    match &options.replay {
        None => {
            let path = write(&whole, &options.report)?;
            finish(&whole, output, &path, Some(took))
        }
        Some(id) => {
            let Some(found) = whole.findings.iter().find(|finding| finding.id == *id) else {
                let known: Vec<&str> = whole
                    .findings
                    .iter()
                    .map(|finding| finding.id.as_str())
                    .collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                let message = format!("this check has no finding {id:?}; it has {known}");
                return Err(Failure::new("sealift::check::replay", exit::USAGE, message)
                    .next("give the same state, script and limits as when it was found"));
            };
            let value = json!({ "type": "finding", "finding": found });
            output.result(&report::render(&whole, Some(id)), &value);
            Ok(exit::COUNTEREXAMPLE)
        }
    }
}

fn merge(paths: &[PathBuf], folder: &Path, output: &Output) -> Result<u8, Failure> {
    let texts = paths.iter().map(|path| report_text(path));
    let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
    if texts.iter().any(|text| own::is_report(text)) {
        return own::merge(&texts, folder, output);
    }
    let mut reports = Vec::new();
    for (path, text) in paths.iter().zip(&texts) {
        let read: Report = serde_json::from_str(text)
            .map_err(|error| no_report(path, "this is no report of a check").because(&error))?;
        reports.push(read);
    }
    let whole = report::merge(&reports).map_err(|error| no_parts(&error))?;
    let path = write(&whole, folder)?;
    finish(&whole, output, &path, None)
}

fn no_parts(error: &(dyn std::error::Error + 'static)) -> Failure {
    let message = "these reports are not the parts of one check";
    Failure::new("sealift::check::merge", exit::USAGE, message)
        .because(error)
        .next("run every shard I/N of the same check with the same version, and give each report once")
}

fn no_report(path: &Path, message: impl Into<String>) -> Failure {
    Failure::new("sealift::check::report", exit::USAGE, message.into())
        .at(path, None)
        .next("give the report.json that `sealift check --shard` wrote")
}

/// A report that is not too large to be read back.
fn report_text(path: &Path) -> Result<String, Failure> {
    let size = fs::metadata(path)
        .map_err(|error| unreadable(path, &error))?
        .len();
    if size > MAX_REPORT_BYTES {
        let message = format!("a report has at most {MAX_REPORT_BYTES} bytes");
        return Err(no_report(path, message));
    }
    text(path)
}

/// Prints a report; the exit code says whether it is a pass.
fn finish(
    whole: &Report,
    output: &Output,
    path: &Path,
    took: Option<Duration>,
) -> Result<u8, Failure> {
    for finding in &whole.findings {
        output.event(&json!({ "type": "finding", "finding": finding }));
    }
    output.result(
        &report::render(whole, None),
        &json!({
            "type": "summary", "verdict": whole.verdict, "pass": whole.pass, "faults": whole.faults,
            "explored": whole.explored, "coverage": whole.coverage, "gaps": whole.gaps,
            "findings": whole.findings.len(), "report": path.display().to_string(),
            "micros": took.map(|took| took.as_micros() as u64),
        }),
    );
    output.say(format!("report: {}", path.display()));
    Ok(match whole.verdict {
        _ if whole.pass => exit::DONE,
        // Nothing was found, and not everything was looked at.
        Verdict::Unknown | Verdict::Vacuous | Verdict::Safe => exit::UNEXPECTED,
        _ => exit::COUNTEREXAMPLE,
    })
}

fn tell(progress: &mut Progress<'_>, now: explore::Progress) {
    let explore::Progress {
        states,
        scenarios,
        open,
    } = now;
    progress.tell(
        |secs| {
            let rate = scenarios as f64 / secs;
            format!("{scenarios} faults fired ({rate:.0} a second), {states} states, {open} open")
        },
        || json!({ "type": "progress", "states": states, "scenarios": scenarios, "open": open }),
    );
}

fn write(whole: &Report, folder: &Path) -> Result<PathBuf, Failure> {
    let mut json = serde_json::to_vec_pretty(whole).expect("a report has string keys only");
    json.push(b'\n');
    put(folder, PAGE, report::html(whole).as_bytes())?;
    put(folder, REPORT, &json)
}

pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    let failed = |error: std::io::Error| {
        Failure::new(
            "sealift::check::report",
            exit::UNEXPECTED,
            "a file of the report cannot be written",
        )
        .because(&error)
        .at(&path, None)
        .next("give a folder that can be written")
    };
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(&path, bytes).map_err(failed)?;
    Ok(path)
}

/// Writes findings as forge tests; one that cannot be expressed is named.
fn emit(
    whole: &Report,
    only: Option<&str>,
    (scene, allocs): (&Scene, &str),
    folder: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let chosen = whole
        .findings
        .iter()
        .filter(|finding| only.is_none_or(|id| finding.id == id));
    for finding in chosen {
        match report::forge::forge_test(whole, finding, scene) {
            Ok(text) => {
                let name = format!("{}.t.sol", report::forge::contract_name(finding));
                let path = put(folder, &name, text.as_bytes())?;
                output.say(format!("forge test: {}", path.display()));
            }
            Err(error) => output.say(format!(
                "forge test: none for {}: {}",
                error.id, error.reason
            )),
        }
    }
    put(folder, report::forge::ALLOCS_FILE, allocs.as_bytes()).map(|_| ())
}

fn declaration(
    path: Option<&Path>,
    names: &Names,
) -> Result<sealift_check::input::Resolved, Failure> {
    let file = path.unwrap_or(Path::new("check.toml"));
    let text = match path {
        Some(path) => text(path)?,
        None => String::new(),
    };
    let failed = |error: &dyn Explain| explained(error, file, Some(&text));
    let declaration = Declaration::read(&text, file).map_err(|error| failed(&error))?;
    declaration
        .resolve(names, &Fault::NAMES)
        .map_err(|error| failed(&error))
}

/// Why a migration cannot be checked, in words, with the place.
fn cannot(
    error: &PrepareError,
    steps: &[Step],
    interfaces: &Interfaces,
    options: &CheckOptions,
) -> Failure {
    if let Some((step, data)) = undisturbed_failure(error) {
        let call = interfaces.call(steps[step].to, &steps[step].data);
        let message = format!(
            "step {} of the script fails without any fault: {call}",
            step + 1
        );
        let place = &steps[step].place;
        let reason = std::io::Error::other(interfaces.error(data));
        return Failure::new("sealift::check::undisturbed", exit::USAGE, message)
            .because(&reason)
            .at(&place.file, Some(place.line as u64))
            .next("take the state from just before the script was sent, and look that the script is whole");
    }
    let failure = Failure::new(
        "sealift::check::subject",
        exit::USAGE,
        "this migration cannot be checked",
    )
    .because(error);
    let failure = match &options.config {
        Some(path) => failure.at(path, None),
        None => failure,
    };
    match error {
        PrepareError::NothingMoves(_) => failure.next(
            "declare where claims are held: [[claim]] in check.toml, and --config check.toml",
        ),
        PrepareError::Explore(ExploreError::NothingDue) => failure.next(
            "look at the view, the exit and the rate of each [[claim]] of check.toml: what no holder can move is due to nobody",
        ),
        PrepareError::NoSteps => {
            failure.next("give the broadcast file with --script, or [[step]]s in check.toml")
        }
        _ => failure
            .next("look at the [[claim]]s of check.toml: the contract, the view and the side"),
    }
}

fn explained(error: &dyn Explain, file: &Path, text: Option<&str>) -> Failure {
    let failure = Failure::new(error.code(), exit::USAGE, error);
    let failure = match error.source() {
        Some(source) => failure.because(source),
        None => failure,
    };
    let failure = match (error.span(), text) {
        (Some(span), Some(text)) => failure.within(file, text, span.start, span.len()),
        _ => failure.at(file, error.line().map(|line| line as u64)),
    };
    failure.next(error.next())
}

fn artifacts(error: &ArtifactError, folder: &Path) -> Failure {
    Failure::new(
        "sealift::check::artifacts",
        exit::USAGE,
        "the artifacts cannot be read",
    )
    .because(error)
    .at(folder, None)
    .next("give forge's `out` folder, or leave --artifacts out")
}

pub(crate) fn scene(path: &Path) -> Result<Scene, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    Scene::read(&bytes).map_err(|error| explained(&error, path, None))
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        "sealift::check::file",
        exit::USAGE,
        "the file cannot be read",
    )
    .because(error)
    .at(path, None)
    .next("look at the path")
}
