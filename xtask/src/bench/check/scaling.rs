//! How the time grows with the number of batches, with faults at once, and with threads.

use anyhow::Result;
use comfy_table::{Table, presets};

use super::Bench;
use super::contenders::{LIMIT_SECS, checked, loops, sealift};
use super::subject::Subject;
use crate::bench::measure::{Sample, Spread, once_within};
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
    let mut header = vec!["what".to_owned()];
    header.extend(SIZES.iter().map(|batches| format!("{batches} batches")));
    table.set_header(header);
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
                    let mut more = format!("{:.0} sites", said.scenarios);
                    for (key, value) in &said.facts {
                        more += &format!(", {value} {key}");
                    }
                    if let Some(own) = said.seconds {
                        more += &format!(", own {own:.3} s");
                    }
                    Ok(Some((sample, more)))
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
            let sample = once_within(&command, LIMIT_SECS, log)?;
            Ok(sample.map(|sample| (sample, format!("{} scenarios", 8 * (subject.batches + 1)))))
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
type Run<'a> = &'a mut dyn FnMut(&Subject, &std::path::Path) -> Result<Option<(Sample, String)>>;

/// Measures one line of the table, from few batches to many.
fn line(
    bench: &Bench<'_>,
    table: &mut Table,
    subjects: &[Subject],
    name: String,
    run: Run<'_>,
) -> Result<Line> {
    let mut cells = vec![name.clone()];
    let mut points = Vec::new();
    let mut ended = true;
    for subject in subjects {
        if !ended {
            cells.push("not tried".to_owned());
            continue;
        }
        let log = bench.place.log(&format!("check scaling {name}"));
        match repeated(bench.place.repeats, &mut || run(subject, &log))? {
            Some(cell) => {
                say(&format!("  {name}, {}: {}", subject.batches, cell.text));
                points.push((subject.batches, cell.median));
                cells.push(cell.text);
            }
            None => {
                ended = false;
                cells.push(format!("did not end in {LIMIT_SECS} s"));
            }
        }
    }
    table.add_row(cells);
    Ok(Line { name, points })
}

struct Cell {
    text: String,
    median: f64,
}

/// Repeats a run, but begins none after the limit is used up.
fn repeated(
    repeats: usize,
    run: &mut dyn FnMut() -> Result<Option<(Sample, String)>>,
) -> Result<Option<Cell>> {
    let mut seconds: Vec<f64> = Vec::new();
    let mut peak = 0;
    let mut said = String::new();
    #[expect(clippy::cast_precision_loss, reason = "a limit of seconds is small")]
    let limit = LIMIT_SECS as f64;
    while seconds.len() < repeats && seconds.iter().sum::<f64>() < limit {
        let Some((sample, more)) = run()? else {
            return Ok(None);
        };
        seconds.push(sample.seconds);
        peak = peak.max(sample.peak_bytes);
        said = more;
    }
    let runs = seconds.len();
    Ok(Spread::of(seconds).map(|spread| Cell {
        text: format!("{}; {said}; {} MiB; {runs} runs", spread.show(), peak >> 20),
        median: spread.median,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64) -> Sample {
        Sample {
            seconds,
            peak_bytes: 3 << 20,
            cpu_seconds: seconds,
            stdout: String::new(),
        }
    }

    #[test]
    fn what_takes_long_is_repeated_less() {
        let cell = repeated(5, &mut || Ok(Some((sample(40.0), "x".into()))));
        let cell = cell.expect("no error").expect("it ended");
        assert_eq!(cell.text, "40.0 (40.0 to 40.0); x; 3 MiB; 2 runs");
        let none = repeated(5, &mut || Ok(None)).expect("no error");
        assert!(none.is_none());
    }
}
