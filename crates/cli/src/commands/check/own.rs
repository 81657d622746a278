//! `sealift check --plan`: a migration of Sealift's own under every fault, with the driver of production.

use std::fmt::Write as _;
use std::path::Path;

use sealift_check::own::{self, OwnError, OwnFinding, OwnProgress, OwnReport, OwnRequest};
use sealift_check::verdict::Verdict;
use serde_json::json;

use super::progress::Progress;
use super::{REPORT, no_parts, put, scene};
use crate::args::CheckOptions;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::workdir::WorkDir;

/// What a finding is replayed with.
const COMMAND: &str = "sealift check --plan plan.json";

/// Checks the plan, prints, and answers with the exit code.
pub(super) fn run(options: &CheckOptions, output: &Output) -> Result<u8, Failure> {
    let path = options.plan.as_deref().expect("the caller looked");
    let request = request(options, path)?;
    let failed = |error: OwnError| cannot(&error, path);
    if let Some(id) = &options.replay {
        let finding = own::replay(&request, id).map_err(failed)?;
        output.result(
            &told(&finding, COMMAND),
            &json!({ "type": "finding", "finding": finding }),
        );
        return Ok(if finding.verdict == Verdict::Safe {
            exit::DONE
        } else {
            exit::COUNTEREXAMPLE
        });
    }
    let mut tell = tell(output);
    let report = own::check(&request, &mut tell).map_err(failed)?;
    drop(tell);
    finish(&report, &options.report, output)
}

/// Whether a report is one of a plan.
pub(super) fn is_report(text: &str) -> bool {
    serde_json::from_str::<OwnReport>(text).is_ok()
}

/// Joins the reports of all parts of a check of a plan, prints, and answers with the exit code.
pub(super) fn merge(texts: &[String], folder: &Path, output: &Output) -> Result<u8, Failure> {
    let read = |text: &String| serde_json::from_str::<OwnReport>(text);
    let parts: Result<Vec<OwnReport>, _> = texts.iter().map(read).collect();
    let parts = parts.map_err(|error| no_parts(&error))?;
    let whole = own::merge(&parts).map_err(|error| no_parts(&error))?;
    finish(&whole, folder, output)
}

/// Writes and prints a report; the exit code says whether it is a pass.
fn finish(report: &OwnReport, folder: &Path, output: &Output) -> Result<u8, Failure> {
    let mut bytes = serde_json::to_vec_pretty(report).expect("a report has string keys only");
    bytes.push(b'\n');
    let written = put(folder, REPORT, &bytes)?;
    for finding in &report.findings {
        output.event(&json!({ "type": "finding", "finding": finding }));
    }
    output.result(
        &render(report, COMMAND),
        &json!({
            "type": "summary", "verdict": report.verdict, "pass": report.verdict == Verdict::Safe,
            "scenarios": report.scenarios, "coverage": report.coverage, "shard": report.shard,
            "findings": report.findings.len(), "report": written.display().to_string(),
        }),
    );
    output.say(format!("report: {}", written.display()));
    Ok(match report.verdict {
        Verdict::Safe => exit::DONE,
        Verdict::Unknown | Verdict::Vacuous => exit::UNEXPECTED,
        _ => exit::COUNTEREXAMPLE,
    })
}

/// Tells how far the scenarios are.
pub(crate) fn tell(output: &Output) -> impl FnMut(OwnProgress) {
    let mut progress = Progress::new(output);
    move |now| {
        let OwnProgress { done, of, bad } = now;
        progress.tell(
            |secs| {
                let rate = done as f64 / secs;
                format!("{done} of {of} scenarios ({rate:.0} a second), {bad} bad")
            },
            || json!({ "type": "progress", "scenarios": done, "of": of, "bad": bad }),
        );
    }
}

/// The directory of a plan.
pub(crate) fn directory(path: &Path) -> Result<WorkDir, Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let dir = WorkDir::new(folder.unwrap_or(Path::new(".")).to_owned());
    if dir.plan().file_name() != path.file_name() {
        return Err(Failure::new(
            "sealift::check::plan",
            exit::USAGE,
            "a plan is called plan.json",
        )
        .at(path, None)
        .next("give the plan.json of a directory that `sealift plan` wrote"));
    }
    Ok(dir)
}

fn request(options: &CheckOptions, path: &Path) -> Result<OwnRequest, Failure> {
    let dir = directory(path)?;
    let plan = dir.load_plan()?;
    let lists = dir.load_snapshots(&plan)?;
    let mut request = OwnRequest::new(plan, lists);
    request.scene = options.state.as_deref().map(scene).transpose()?;
    request.faults = options.faults;
    request.shard = options.shard.unwrap_or((0, 1));
    request.random = (options.scenarios > 0).then_some((options.seed, options.scenarios));
    Ok(request)
}

/// A report in words; `command` replays a finding of it.
pub(crate) fn render(report: &OwnReport, command: &str) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text += &told(finding, command);
        text.push('\n');
    }
    let (enumerated, fired) = report.coverage.values().fold((0, 0), |(all, some), sites| {
        (all + sites.enumerated, some + sites.fired)
    });
    let on = if report.stand_in {
        "a stand-in of legacy"
    } else {
        "the state given"
    };
    let _ = writeln!(
        text,
        "{}: {} scenarios on {on}, {fired} of {enumerated} fault sites fired, {} starts at most",
        report.verdict.name(),
        report.scenarios,
        report.most_starts,
    );
    for (name, sites) in report
        .coverage
        .iter()
        .filter(|(_, sites)| !sites.unfired.is_empty())
    {
        let _ = writeln!(
            text,
            "  gap: {name} never fired at {}",
            sites.unfired.join(", ")
        );
    }
    if report.out_of_budget > 0 {
        let _ = writeln!(
            text,
            "  gap: {} scenarios were not played",
            report.out_of_budget
        );
    }
    for (action, times) in &report.actions {
        let _ = writeln!(
            text,
            "  a person did what the program asked for: {action}, {times} times"
        );
    }
    text
}

/// A finding in words.
pub(crate) fn told(finding: &OwnFinding, command: &str) -> String {
    let mut text = format!(
        "{} {}   seen {} times\n",
        finding.verdict.name(),
        finding.id,
        finding.times
    );
    for (number, start) in finding.starts.iter().enumerate() {
        let _ = writeln!(text, "{:>3}  {start}", number + 1);
    }
    for wrong in &finding.wrong {
        let _ = writeln!(text, "  wrong: {wrong}");
    }
    let _ = writeln!(text, "replay: {command} --replay {}", finding.id);
    text
}

fn cannot(error: &OwnError, path: &Path) -> Failure {
    let failure = Failure::new(
        "sealift::check::plan",
        exit::USAGE,
        "this plan cannot be checked",
    )
    .because(error)
    .at(path, None);
    match error {
        OwnError::Fault(_) => {
            failure.next("give an id as a report has it, such as executor.crash-after@12")
        }
        OwnError::Undisturbed { .. } => {
            failure.next("run `sealift show`, and look at the deadline and the roles")
        }
        _ => failure.next("run `sealift plan` again with this version"),
    }
}
