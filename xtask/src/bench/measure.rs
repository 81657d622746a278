//! Repeats, medians, and the tables that they go into.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::Value;
use wait4::Wait4;

use crate::process::{say, spelled};

/// The exit code of `timeout` when it ended the program.
const TIMED_OUT: i32 = 124;

/// One run of a command to its end.
pub(crate) struct Sample {
    /// Wall time.
    pub(crate) seconds: f64,
    /// The largest resident set of the process or of a child that it waited for; 0 where unknown.
    pub(crate) peak_bytes: u64,
    /// Processor time of the process and of the children that it waited for, of all cores.
    pub(crate) cpu_seconds: f64,
    pub(crate) stdout: String,
}

/// Runs `command` once; stderr goes to `log`. An exit code other than 0 is an error.
pub(crate) fn once(command: &mut Command, log: &Path) -> Result<Sample> {
    let (sample, status) = ended(command, log)?;
    if !status.success() {
        bail!(
            "`{}` ended with {status}; see {}",
            spelled(command),
            log.display()
        );
    }
    Ok(sample)
}

/// As [`once`], but `None` when it has not ended after `limit_secs`. The program `timeout` ends it then.
pub(crate) fn once_within(
    command: &Command,
    limit_secs: u64,
    log: &Path,
) -> Result<Option<Sample>> {
    let mut limited = Command::new("timeout");
    limited.arg(limit_secs.to_string());
    limited.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let (sample, status) = ended(&mut limited, log)?;
    match status.code() {
        Some(0) => Ok(Some(sample)),
        Some(TIMED_OUT) => Ok(None),
        _ => bail!(
            "`{}` ended with {status}; see {}",
            spelled(command),
            log.display()
        ),
    }
}

/// Runs `command` to its end, whatever that is.
fn ended(command: &mut Command, log: &Path) -> Result<(Sample, ExitStatus)> {
    let stderr = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .with_context(|| format!("cannot start `{}`", spelled(command)))?;
    let mut stdout = Vec::new();
    child
        .stdout
        .take()
        .context("a child without stdout")?
        .read_to_end(&mut stdout)?;
    let used = child.wait4().context("cannot wait for a child")?;
    let seconds = start.elapsed().as_secs_f64();
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    let sample = Sample {
        seconds,
        peak_bytes: used.rusage.maxrss,
        cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        stdout,
    };
    Ok((sample, used.status))
}

/// The last line of `stdout` that is a JSON object.
pub(crate) fn summary(stdout: &str) -> Result<Value> {
    stdout
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok().filter(Value::is_object))
        .context("there is no JSON line at the end of stdout")
}

/// Median and range of repeats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    /// `None` of no values. The median of an even number of values is the mean of the middle two.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (first, last) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let upper = values[middle];
        let lower = if values.len().is_multiple_of(2) {
            values[middle - 1]
        } else {
            upper
        };
        Some(Self {
            median: f64::midpoint(lower, upper),
            min: first,
            max: last,
        })
    }

    fn scaled(self, factor: f64) -> Self {
        Self {
            median: self.median * factor,
            min: self.min * factor,
            max: self.max * factor,
        }
    }

    pub(crate) fn show(self) -> String {
        let digits = if self.median < 10.0 { 3 } else { 1 };
        format!(
            "{:.digits$} ({:.digits$} to {:.digits$})",
            self.median, self.min, self.max
        )
    }
}

/// A line of a report.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// The unit of `times`: seconds or milliseconds.
    unit: &'static str,
    pub(crate) times: Spread,
    repeats: usize,
    /// Peak resident set in MiB, where it was measured.
    peak_mib: Option<Spread>,
    /// What else the runs said, the same in each, or the last.
    facts: BTreeMap<String, String>,
}

/// Samples with the facts of each.
pub(crate) type Facts = BTreeMap<String, String>;

/// One of the things that are measured beside each other: a name, and a run.
pub(crate) struct Contender<'a> {
    pub(crate) name: String,
    /// Repeats that are counted, at most; what is measured once has no warm-up either.
    pub(crate) at_most: usize,
    pub(crate) run: Box<dyn FnMut() -> Result<(Sample, Facts)> + 'a>,
}

/// Who runs when in a round: each begins with another one, and every second round goes the other way, so that nobody
/// always runs after the same neighbour.
fn turns(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| {
        let turn = if round.is_multiple_of(2) {
            turn
        } else {
            count - 1 - turn
        };
        (turn + round) % count
    })
}

/// Runs all contenders `repeats` times after one warm-up, in turns, so that what slows the machine down
/// for a while slows all of them down. One that fails leaves the table with a note.
pub(crate) fn side_by_side(
    contenders: Vec<Contender<'_>>,
    repeats: usize,
    unit: &'static str,
    notes: &mut Vec<String>,
) -> Vec<Row> {
    let mut running: Vec<_> = contenders
        .into_iter()
        .map(|c| (c, Vec::new(), Facts::new(), true))
        .collect();
    for round in 0..=repeats {
        for at in turns(running.len(), round) {
            let (contender, samples, facts, is_running) = &mut running[at];
            let is_due = round <= contender.at_most && (round > 0 || contender.at_most > 1);
            if !(*is_running && is_due) {
                continue;
            }
            match (contender.run)() {
                Ok((sample, found)) => {
                    say(&format!(
                        "  {} [{round}/{repeats}]: {:.3} s",
                        contender.name, sample.seconds
                    ));
                    if round > 0 {
                        samples.push(sample);
                        *facts = found;
                    }
                }
                Err(error) => {
                    notes.push(format!("{}: no result: {error:#}", contender.name));
                    say(&format!("  {}: {error:#}", contender.name));
                    *is_running = false;
                }
            }
        }
    }
    running.retain(|(.., is_running)| *is_running);
    let factor = if unit == "ms" { 1_000.0 } else { 1.0 };
    running
        .into_iter()
        .filter_map(|(contender, samples, facts, _)| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a number of bytes is below 2^53"
            )]
            let peaks = samples
                .iter()
                .map(|s| s.peak_bytes as f64 / f64::from(1 << 20))
                .collect();
            Some(Row {
                what: contender.name,
                unit,
                times: Spread::of(samples.iter().map(|s| s.seconds).collect())?.scaled(factor),
                repeats: samples.len(),
                peak_mib: Spread::of(peaks).filter(|peak| peak.max > 0.0),
                facts,
            })
        })
        .collect()
}

/// What a bench found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) machine: String,
    pub(crate) rows: Vec<Row>,
    /// Markdown for what is not a time: tables made elsewhere, remarks.
    pub(crate) notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(name: &'static str, rows: Vec<Row>, notes: Vec<String>) -> Self {
        Self {
            name,
            machine: machine(),
            rows,
            notes,
        }
    }

    /// Prints the table, and writes it as Markdown and JSON into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let markdown = self.markdown();
        say(&markdown);
        fs::write(folder.join(format!("{}.md", self.name)), &markdown)?;
        fs::write(
            folder.join(format!("{}.json", self.name)),
            serde_json::to_vec_pretty(self)?,
        )?;
        Ok(())
    }

    fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n", self.name, self.machine);
        if let Some(unit) = self.rows.first().map(|row| row.unit) {
            let mut table = Table::new();
            table.load_style(presets::ASCII_MARKDOWN);
            let names: std::collections::BTreeSet<_> =
                self.rows.iter().flat_map(|row| row.facts.keys()).collect();
            let time = format!("{unit}, median (min to max)");
            let mut header = vec![
                "what".to_owned(),
                time,
                "ratio".into(),
                "peak MiB".into(),
                "repeats".into(),
            ];
            header.extend(names.iter().map(|name| (*name).clone()));
            table.set_header(header);
            let first = self.rows[0].times.median;
            for row in &self.rows {
                let mut cells = vec![
                    row.what.clone(),
                    row.times.show(),
                    format!("{:.2}", row.times.median / first),
                    row.peak_mib
                        .map_or_else(|| "-".to_owned(), |peak| format!("{:.0}", peak.max)),
                    row.repeats.to_string(),
                ];
                cells.extend(
                    names
                        .iter()
                        .map(|name| row.facts.get(*name).cloned().unwrap_or_default()),
                );
                table.add_row(cells);
            }
            text += &format!("\n{table}\n");
        }
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        text
    }
}

/// Processor, cores and system, for the head of a table.
fn machine() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text
            .lines()
            .find(|line| line.starts_with("model name"))?
            .to_owned();
        Some(line.split(": ").nth(1)?.to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{}, {cores} cores, {} {}",
        model.as_deref().unwrap_or("unknown processor"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// A file below `folder` in which the stderr of a contender is kept.
pub(crate) fn log(folder: &Path, name: &str) -> PathBuf {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    folder.join(format!("{name}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_spread(values: &[f64], expected: Option<(f64, f64, f64)>) {
        let expected = expected.map(|(median, min, max)| Spread { median, min, max });
        assert_eq!(Spread::of(values.to_vec()), expected);
    }

    #[test]
    fn everybody_runs_once_a_round_and_begins_one() {
        let rounds: Vec<Vec<usize>> = (0..3).map(|round| turns(3, round).collect()).collect();
        assert_eq!(rounds, [[0, 1, 2], [0, 2, 1], [2, 0, 1]]);
    }

    #[test]
    fn medians_and_ranges() {
        check_spread(&[], None);
        check_spread(&[2.0], Some((2.0, 2.0, 2.0)));
        check_spread(&[9.0, 1.0, 2.0], Some((2.0, 1.0, 9.0)));
        check_spread(&[4.0, 1.0, 2.0, 9.0], Some((3.0, 1.0, 9.0)));
    }

    fn sample(seconds: f64) -> Result<(Sample, Facts)> {
        Ok((
            Sample {
                seconds,
                peak_bytes: 1 << 20,
                cpu_seconds: seconds,
                stdout: String::new(),
            },
            Facts::new(),
        ))
    }

    #[test]
    fn the_warm_up_does_not_count_and_a_failure_is_noted() {
        let mut next = 100.0;
        let counts = Contender {
            name: "counts".into(),
            at_most: usize::MAX,
            run: Box::new(move || {
                next -= 1.0;
                sample(next)
            }),
        };
        let fails = Contender {
            name: "fails".into(),
            at_most: usize::MAX,
            run: Box::new(|| bail!("no")),
        };
        let mut notes = Vec::new();
        let rows = side_by_side(vec![counts, fails], 3, "s", &mut notes);
        assert_eq!(notes, ["fails: no result: no"]);
        assert_eq!(rows.len(), 1);
        assert_eq!(
            rows[0].times,
            Spread {
                median: 97.0,
                min: 96.0,
                max: 98.0
            }
        );
        assert_eq!(rows[0].repeats, 3);
        let report = Report::new("x", rows, notes).markdown();
        assert!(
            report.contains("| counts | 97.0 (96.0 to 98.0) "),
            "{report}"
        );
    }

    #[test]
    fn the_last_object_is_the_summary() {
        let stdout = "{\"type\":\"a\"}\n{\"type\":\"summary\"}\nbye\n3\n";
        assert_eq!(summary(stdout).expect("there is one")["type"], "summary");
        assert!(summary("bye\n").is_err());
    }
}
