//! How the time grows with the number of batches, with faults at once, and with threads.

use std::path::Path;

use anyhow::Result;
use comfy_table::{Table, presets};

use super::Bench;
use super::contenders::{LIMIT_SECS, Said, checked, forge_seconds, loops, sealift};
use super::subject::Subject;
use crate::bench::measure::{Facts, Sample, Spread, once_within};
use crate::process::say;

const SIZES: [u32; 4] = [10, 30, 100, 300];

/// A line of the table and of the plot.
pub(super) struct Line {
    pub(super) name: String,
    /// Batches and median seconds, where a run ended in time.
    pub(super) points: Vec<(u32, f64)>,
}

/// The table, and its lines for the plot.
pub(super) fn run(bench: &Bench<'_>) -> Result<(String, Vec<Line>)> {
    let subjects = SIZES
        .iter()
        .map(|&batches| Subject::of(bench.place, &bench.tools, batches))
        .collect::<Result<Vec<_>>>()?;
    let threads: &[Option<u8>] = if bench.has_threads {
        &[Some(1), Some(2)]
    } else {
        &[None]
    };
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "what",
        "batches",
        "s, median (min to max)",
        "own s",
        "scenarios",
        "states",
        "peak MiB",
        "repeats",
    ]);
    let mut lines = Vec::new();
    for faults in [1, 2] {
        for threads in threads {
            let count = threads.map_or_else(String::new, |count| {
                format!(", {count} thread{}", if count == 1 { "" } else { "s" })
            });
            let plural = if faults == 1 { "" } else { "s" };
            let name = format!("sealift check, {faults} fault{plural} at once{count}");
            lines.push(line(
                bench,
                &mut table,
                &subjects,
                name,
                &mut |subject, log| {
                    let declaration = Some(subject.same_job.as_path());
                    let command = sealift(bench, subject, declaration, faults, *threads);
                    let Some(sample) = once_within(&command, LIMIT_SECS, log)? else {
                        return Ok(None);
                    };
                    let said = checked(&sample)?;
                    Ok(Some((sample, said)))
                },
            )?);
        }
    }
    let name = "forge, snapshots, 1 fault at once, 2 cores".to_owned();
    lines.push(line(
        bench,
        &mut table,
        &subjects,
        name,
        &mut |subject, log| {
            let command = loops(bench, subject.batches, "tableSnapshot");
            let Some(sample) = once_within(&command, LIMIT_SECS, log)? else {
                return Ok(None);
            };
            let said = Said {
                seconds: Some(forge_seconds(&sample.stdout)?),
                scenarios: f64::from(8 * (subject.batches + 1)),
                facts: Facts::new(),
            };
            Ok(Some((sample, said)))
        },
    )?);
    let threads = if bench.has_threads {
        ""
    } else {
        " One thread: this `sealift check` has no --threads."
    };
    Ok((
        format!(
            "Seconds of the whole command, median (min to max), the same job; a run is ended after {LIMIT_SECS} s, \
             and what takes long is repeated less.{threads}\n\n{table}"
        ),
        lines,
    ))
}

/// One run: `None` where it did not end in time.
type Run<'a> = &'a mut dyn FnMut(&Subject, &Path) -> Result<Option<(Sample, Said)>>;

/// Measures one line, from few batches to many; each is a row of the table.
fn line(
    bench: &Bench<'_>,
    table: &mut Table,
    subjects: &[Subject],
    name: String,
    run: Run<'_>,
) -> Result<Line> {
    let mut points = Vec::new();
    let mut ended = true;
    for subject in subjects {
        let log = bench.place.log(&format!("check scaling {name}"));
        let found = if ended {
            repeated(bench.place.repeats, &mut || run(subject, &log))?
        } else {
            None
        };
        let mut row = vec![name.clone(), subject.batches.to_string()];
        match found {
            Some(found) => {
                points.push((subject.batches, found.whole.median));
                row.extend(found.cells());
            }
            None if ended => row.push(format!("did not end in {LIMIT_SECS} s")),
            None => row.push("not tried".to_owned()),
        }
        ended = ended && points.last().is_some_and(|(n, _)| *n == subject.batches);
        say(&format!("  {}", row.join(", ")));
        table.add_row(row);
    }
    Ok(Line { name, points })
}

/// What repeats of one run found.
struct Found {
    whole: Spread,
    own: Option<Spread>,
    /// What the last one said.
    said: Said,
    peak_bytes: u64,
    runs: usize,
}

impl Found {
    fn cells(&self) -> [String; 6] {
        let states = self.said.facts.get("states").cloned();
        [
            self.whole.show(),
            self.own
                .map_or_else(String::new, |own| format!("{:.3}", own.median)),
            format!("{:.0}", self.said.scenarios),
            states.unwrap_or_default(),
            (self.peak_bytes >> 20).to_string(),
            self.runs.to_string(),
        ]
    }
}

/// Repeats a run, but begins none after the limit is used up.
fn repeated(
    repeats: usize,
    run: &mut dyn FnMut() -> Result<Option<(Sample, Said)>>,
) -> Result<Option<Found>> {
    let (mut seconds, mut own) = (Vec::new(), Vec::new());
    let mut peak_bytes = 0;
    let mut last = None;
    #[expect(clippy::cast_precision_loss, reason = "a limit of seconds is small")]
    let limit = LIMIT_SECS as f64;
    while seconds.len() < repeats && seconds.iter().sum::<f64>() < limit {
        let Some((sample, said)) = run()? else {
            return Ok(None);
        };
        seconds.push(sample.seconds);
        own.extend(said.seconds);
        peak_bytes = peak_bytes.max(sample.peak_bytes);
        last = Some(said);
    }
    let runs = seconds.len();
    Ok(Spread::of(seconds).zip(last).map(|(whole, said)| Found {
        whole,
        own: Spread::of(own),
        said,
        peak_bytes,
        runs,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_repeated_less() {
        let run = |seconds| {
            let sample = Sample {
                seconds,
                peak_bytes: 3 << 20,
                cpu_seconds: seconds,
                stdout: String::new(),
            };
            let said = Said {
                seconds: None,
                scenarios: 8.0,
                facts: Facts::from([("states".to_owned(), "9".to_owned())]),
            };
            Ok(Some((sample, said)))
        };
        let found = repeated(5, &mut || run(40.0)).expect("no error");
        let cells = found.expect("it ended").cells();
        assert_eq!(cells, ["40.0 (40.0 to 40.0)", "", "8", "9", "3", "2"]);
        let none = repeated(5, &mut || Ok(None)).expect("no error");
        assert!(none.is_none());
    }
}
