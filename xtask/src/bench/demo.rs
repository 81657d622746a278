//! Whole migrations, one kill included. Goals, with the 252,803 holders of the UNI distribution on the
//! embedded chain: staged at most 60 s after start-up, read-through at most 20 s.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::Place;
use super::measure::{Contender, Facts, Report, Sample, once, side_by_side, summary};

const STRATEGIES: &[(&str, &[&str])] = &[
    ("read-through", &["--strategy", "read-through"]),
    ("staged, read from legacy", &["--strategy", "staged"]),
    (
        "staged, uploaded",
        &["--strategy", "staged", "--amounts", "uploaded"],
    ),
];

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let sealift = place.sealift()?;
    let holders = place.holders()?;
    let contenders = STRATEGIES.iter().map(|&(name, options)| {
        let log = place.log(&format!("demo {name}"));
        let (sealift, holders) = (&sealift, &holders);
        let run = move || {
            let mut command = Command::new(sealift);
            command
                .args(["demo", "--json", "--kills", "1"])
                .args(options);
            command
                .arg("--holders-file")
                .arg(holders)
                .arg("--dir")
                .arg(place.empty("demo")?);
            measured(&mut command, &log)
        };
        Contender {
            name: name.to_owned(),
            at_most: usize::MAX,
            run: Box::new(run),
        }
    });
    let mut notes = vec![
        "The time is that of the whole program: deploying and filling a legacy token, planning, running, \
         one SIGKILL and resuming, verifying every holder. The column `own seconds` is what the program \
         says about the migration alone. `peers` measures the same on anvil."
            .to_owned(),
    ];
    let rows = side_by_side(contenders.collect(), place.repeats, "s", &mut notes);
    Ok(Report::new("demo", rows, notes))
}

/// Runs a program whose last line is a summary as that of `sealift demo --json`, and refuses a result that
/// is wrong: the time of a wrong result means nothing.
pub(super) fn measured(command: &mut Command, log: &Path) -> Result<(Sample, Facts)> {
    let sample = once(command, log)?;
    let summary = summary(&sample.stdout)?;
    if summary["mismatches"] != 0 || summary["phase"] != "COMMITTED" {
        bail!("the result is wrong: {summary}");
    }
    let mut facts = Facts::new();
    for (key, name) in [
        ("holders", "holders"),
        ("transactions", "transactions"),
        ("gas_per_holder", "gas a holder"),
        ("kills", "kills"),
        ("seconds", "own seconds"),
    ] {
        if let Some(value) = summary.get(key) {
            facts.insert(
                name.to_owned(),
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), ToOwned::to_owned),
            );
        }
    }
    Ok((sample, facts))
}
