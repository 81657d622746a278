//! The programs that are measured, and what each says of its own time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Bench;
use super::subject::{Subject, forge};
use crate::bench::measure::{Contender, Facts, Sample, Spread, once, once_within, summary};

/// Seconds after which one run is ended.
pub(super) const LIMIT_SECS: u64 = 60;

/// The time that each run says it took itself, and how many scenarios it decided, by contender. The first is the
/// warm-up.
#[derive(Default)]
pub(super) struct Timings(RefCell<BTreeMap<String, Vec<(f64, f64)>>>);

impl Timings {
    fn add(&self, name: &str, seconds: f64, scenarios: f64) {
        let mut all = self.0.borrow_mut();
        all.entry(name.to_owned())
            .or_default()
            .push((seconds, scenarios));
    }

    /// Median and range without the warm-up, and the scenarios of the last run.
    pub(super) fn of(&self, name: &str) -> Option<(Spread, f64)> {
        let all = self.0.borrow();
        let runs = all.get(name)?.get(1..)?;
        let spread = Spread::of(runs.iter().map(|(seconds, _)| *seconds).collect())?;
        Some((spread, runs.last()?.1))
    }
}

/// What one run said of itself.
pub(super) struct Said {
    pub(super) seconds: Option<f64>,
    pub(super) scenarios: f64,
    pub(super) facts: Facts,
}

/// `sealift check`.
pub(super) struct Checker<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) subject: &'a Subject,
    pub(super) timings: &'a Timings,
}

impl<'a> Checker<'a> {
    /// Without a declaration, every fault.
    pub(super) fn contender(
        &self,
        name: &'static str,
        declaration: Option<&'a Path>,
    ) -> Contender<'a> {
        let (bench, subject, timings) = (self.bench, self.subject, self.timings);
        let log = bench.place.log(&format!("check {name}"));
        Contender {
            name: name.to_owned(),
            at_most: usize::MAX,
            run: Box::new(move || {
                let command = sealift(bench, subject, declaration, 1, None);
                let sample = once_within(&command, LIMIT_SECS, &log)?
                    .with_context(|| format!("it did not end in {LIMIT_SECS} s"))?;
                let said = checked(&sample)?;
                if let Some(seconds) = said.seconds {
                    timings.add(name, seconds, said.scenarios);
                }
                Ok(with_cpu(sample, said.facts))
            }),
        }
    }
}

/// A check of a subject with so many faults at once; threads as the program chooses unless they are given.
pub(super) fn sealift(
    bench: &Bench<'_>,
    subject: &Subject,
    declaration: Option<&Path>,
    faults: u8,
    threads: Option<u8>,
) -> Command {
    let mut command = Command::new(&bench.sealift);
    command.args(["check", "--json", "--state"]);
    command
        .arg(&subject.state)
        .arg("--script")
        .arg(&subject.script);
    command.args(["--faults", &faults.to_string(), "--report"]);
    command.arg(bench.place.folder.join("check"));
    if let Some(file) = declaration {
        command.arg("--config").arg(file);
    }
    if let Some(threads) = threads {
        command.args(["--threads", &threads.to_string()]);
    }
    command
}

/// The summary of a check, which must be a pass: the time of a wrong verdict means nothing.
pub(super) fn checked(sample: &Sample) -> Result<Said> {
    let summary = summary(&sample.stdout)?;
    if summary["verdict"] != "SAFE" || summary["pass"] != true {
        bail!("the verdict is wrong: {summary}");
    }
    let explored = &summary["explored"];
    let micros = [&explored["micros"], &summary["micros"]]
        .into_iter()
        .find_map(Value::as_f64);
    let millis = explored["elapsed_ms"].as_f64();
    let sites = summary["coverage"].as_object().context("no coverage")?;
    let fired = sites.values().filter_map(|sites| sites["fired"].as_f64());
    let mut facts = Facts::new();
    for key in ["states", "executed"] {
        facts.insert(key.to_owned(), explored[key].to_string());
    }
    Ok(Said {
        seconds: micros
            .map(|micros| micros / 1e6)
            .or(millis.map(|ms| ms / 1e3)),
        scenarios: fired.sum(),
        facts,
    })
}

/// Loops of forge.
pub(super) struct Forge<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) batches: u32,
    pub(super) timings: &'a Timings,
}

impl<'a> Forge<'a> {
    pub(super) fn contender(&self, name: &'static str, test: &'static str) -> Contender<'a> {
        let (bench, batches, timings) = (self.bench, self.batches, self.timings);
        let log = bench.place.log(&format!("check {name}"));
        Contender {
            name: name.to_owned(),
            at_most: usize::MAX,
            run: Box::new(move || {
                let sample = once(&mut loops(bench, batches, test), &log)?;
                let own = forge_seconds(&sample.stdout)?;
                timings.add(name, own, f64::from(8 * (batches + 1)));
                Ok(with_cpu(sample, Facts::new()))
            }),
        }
    }
}

/// The test of both halves.
pub(super) fn loops(bench: &Bench<'_>, batches: u32, test: &str) -> Command {
    let mut command = forge(bench.place, &bench.tools, batches);
    command.args(["test", "--root", ".", "--json", "--match-test"]);
    command.arg(format!("^{test}"));
    command
}

/// The duration of the slowest test as forge says it: the halves run beside each other.
pub(super) fn forge_seconds(stdout: &str) -> Result<f64> {
    let start = stdout.find('{').context("forge printed no JSON")?;
    let suites: BTreeMap<String, Value> = serde_json::from_str(stdout[start..].trim())?;
    let mut slowest: Option<f64> = None;
    for (name, suite) in suites {
        let tests = suite["test_results"].as_object().into_iter().flatten();
        for (test, outcome) in tests {
            if outcome["status"] != "Success" {
                bail!("{name}, {test}: {}", outcome["reason"]);
            }
            let seconds = outcome["duration"]
                .as_str()
                .and_then(seconds)
                .with_context(|| format!("forge says no duration: {}", outcome["duration"]))?;
            slowest = Some(slowest.map_or(seconds, |slowest| slowest.max(seconds)));
        }
    }
    slowest.context("forge ran no test")
}

/// Seconds of a text such as `1m 2s 354ms 679µs 638ns`.
fn seconds(text: &str) -> Option<f64> {
    text.split_whitespace()
        .map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit())?;
            let number: f64 = part[..digits].parse().ok()?;
            let unit = match &part[digits..] {
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "µs" | "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
            Some(number * unit)
        })
        .sum()
}

/// Raw revm.
pub(super) fn replay<'a>(
    bench: &'a Bench<'a>,
    subject: &'a Subject,
    timings: &'a Timings,
    name: &'static str,
    mode: &'static str,
) -> Contender<'a> {
    let log = bench.place.log(&format!("check {name}"));
    Contender {
        name: name.to_owned(),
        at_most: usize::MAX,
        run: Box::new(move || {
            let mut command = Command::new(&bench.replay);
            command.arg(&subject.state).arg(&subject.script).arg(mode);
            let sample = once(&mut command, &log)?;
            let summary = summary(&sample.stdout)?;
            let micros = summary["micros"].as_f64().context("no time")?;
            let scenarios = summary["scenarios"].as_f64().context("no scenarios")?;
            timings.add(name, micros / 1e6, scenarios);
            let executed = summary["executed"].to_string();
            Ok(with_cpu(
                sample,
                Facts::from([("executed".to_owned(), executed)]),
            ))
        }),
    }
}

/// Adds processor time, which other programs beside this one disturb less than wall time.
fn with_cpu(sample: Sample, mut facts: Facts) -> (Sample, Facts) {
    facts.insert("CPU s".to_owned(), format!("{:.2}", sample.cpu_seconds));
    (sample, facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_seconds(text: &str, expected: Option<f64>) {
        let found = seconds(text);
        let is_near = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
            (found, expected) => found == expected,
        };
        assert!(is_near, "{text}: {found:?}");
    }

    #[test]
    fn durations_of_forge_are_read() {
        check_seconds("1m 2s 354ms 679µs 638ns", Some(62.354_679_638));
        check_seconds("7s", Some(7.0));
        check_seconds("7 s", None);
        check_seconds("1h", None);
    }

    #[test]
    fn the_slowest_half_counts_and_a_failure_is_an_error() {
        let half = |status: &str, duration: &str| serde_json::json!({"test_results": {"t()": {"status": status, "duration": duration, "reason": "no"}}});
        let both = serde_json::json!({"a": half("Success", "2s"), "b": half("Success", "3s")});
        assert_eq!(forge_seconds(&both.to_string()).ok(), Some(3.0));
        let failed = serde_json::json!({"a": half("Failure", "2s")});
        assert!(forge_seconds(&failed.to_string()).is_err());
        assert!(forge_seconds("{}").is_err());
    }

    #[test]
    fn the_warm_up_is_no_timing() {
        let timings = Timings::default();
        timings.add("a", 9.0, 1.0);
        assert!(timings.of("a").is_none());
        timings.add("a", 2.0, 808.0);
        let (spread, scenarios) = timings.of("a").expect("a timing");
        assert_eq!((spread.median, scenarios), (2.0, 808.0));
    }
}
