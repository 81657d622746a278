//! Every single fault of 100 batches, each with the way to the end: the checker, loops of forge, raw revm.
//! Goals: 70 times the best loop of forge that does the same, all single faults below 1 s, all pairs below 60 s.

mod contenders;
mod plot;
mod scaling;
mod subject;

use std::path::PathBuf;

use anyhow::Result;
use comfy_table::{Table, presets};

use self::contenders::{Checker, Forge, Timings, replay};
use self::subject::Subject;
use super::Place;
use super::measure::{Report, Row, side_by_side};
use crate::process::{capture, stream};
use crate::tools::{self, Tools};

/// Batches of the table; the scaling has others too.
const BATCHES: u32 = 100;

/// What each contender is called; the others are compared with the first.
const OURS: &str = "sealift check, the same job";
const SNAPSHOT: &str = "forge, snapshots";

/// What all contenders need.
struct Bench<'a> {
    place: &'a Place<'a>,
    tools: Tools,
    sealift: PathBuf,
    replay: PathBuf,
    /// Whether `sealift check` has `--threads`.
    has_threads: bool,
}

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let bench = Bench::new(place)?;
    let subject = Subject::of(place, &bench.tools, BATCHES)?;
    // forge compiles here, so that no contender is measured while it does.
    let mut build = subject::forge(place, &bench.tools, BATCHES);
    stream(build.args(["build", "--root", "."]))?;

    let timings = Timings::default();
    let checker = Checker {
        bench: &bench,
        subject: &subject,
        timings: &timings,
    };
    let forge = Forge {
        bench: &bench,
        batches: BATCHES,
        timings: &timings,
    };
    let contenders = vec![
        checker.contender(OURS, Some(&subject.same_job)),
        checker.contender("sealift check, every way to go on", Some(&subject.all_ways)),
        checker.contender("sealift check, every fault", None),
        forge.contender("forge, replay from setUp", "tableReplay"),
        forge.contender(SNAPSHOT, "tableSnapshot"),
        forge.contender("forge, snapshots, looks at the end only", "tableEndOnly"),
        forge.contender("forge, snapshots, no way to the end", "test_safety"),
        replay(&bench, &subject, &timings, "raw revm, replay", "replay"),
        replay(
            &bench,
            &subject,
            &timings,
            "raw revm, snapshots",
            "snapshot",
        ),
    ];
    let mut notes = vec![WHAT.to_owned()];
    let rows = side_by_side(contenders, place.repeats, "s", &mut notes);
    notes.push(own_times(&rows, &timings));
    notes.extend(ratios(&rows, &timings));
    let (scaling, lines) = scaling::run(&bench)?;
    notes.push(scaling);
    let file = place.folder.join("check.svg");
    plot::draw(&file, &lines)?;
    notes.push("The plot is check.svg, beside this file.".to_owned());
    Ok(Report::new("check", rows, notes))
}

impl<'a> Bench<'a> {
    fn new(place: &'a Place<'a>) -> Result<Self> {
        let sealift = place.sealift()?;
        let mut build = place.workspace.cargo(["build", "--release"]);
        stream(build.args(["--package", "sealift-check", "--example", "replay"]))?;
        let name = format!("release/examples/replay{}", std::env::consts::EXE_SUFFIX);
        let mut help = std::process::Command::new(&sealift);
        let help = capture(help.args(["check", "--help"]))?.stdout;
        Ok(Self {
            place,
            tools: tools::install(place.workspace)?,
            sealift,
            replay: place.workspace.target.join(name),
            has_threads: String::from_utf8_lossy(&help).contains("--threads"),
        })
    }
}

/// What each contender says of itself: the time without start, reading, compiling and writing.
fn own_times(rows: &[Row], timings: &Timings) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "what",
        "own seconds, median (min to max)",
        "scenarios",
        "scenarios a second",
    ]);
    for row in rows {
        let Some((own, scenarios)) = timings.of(&row.what) else {
            continue;
        };
        table.add_row([
            row.what.clone(),
            own.show(),
            format!("{scenarios:.0}"),
            format!("{:.0}", scenarios / own.median),
        ]);
    }
    format!(
        "Time as each program says itself, without its start, and scenarios decided in it:\n\n{table}"
    )
}

/// How much longer than ours the loops of forge take.
fn ratios(rows: &[Row], timings: &Timings) -> Vec<String> {
    let row = |name: &str| rows.iter().find(|row| row.what == name);
    let Some(ours) = row(OURS) else {
        return Vec::new();
    };
    let same_job = ["forge, replay from setUp", SNAPSHOT];
    let best = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| row(name))
            .min_by(|a, b| a.times.median.total_cmp(&b.times.median))
    };
    let mut lines = Vec::new();
    for (what, names) in [
        (
            "the best loop of forge that does the same job",
            &same_job[..],
        ),
        (
            "the one that looks at the end only",
            &["forge, snapshots, looks at the end only"],
        ),
        (
            "the one without any way to the end",
            &["forge, snapshots, no way to the end"],
        ),
        ("raw revm from the start", &["raw revm, replay"]),
    ] {
        let Some(other) = best(names) else { continue };
        let whole = other.times.median / ours.times.median;
        let own = match (timings.of(&other.what), timings.of(OURS)) {
            (Some((theirs, _)), Some((ours, _))) => {
                format!(", own times {:.1}", theirs.median / ours.median)
            }
            _ => String::new(),
        };
        lines.push(format!("Against {what}: whole command {whole:.1}{own}."));
    }
    vec![lines.join(" ")]
}

const WHAT: &str = "100 batches of five holders, 205,880 gas each; OpenZeppelin tokens, solc 0.8.37 with the optimizer, \
Osaka. 101 crash points with eight faults each: the executor dies before it sends; a batch is mined and the answer \
is lost; a batch reverts; is dropped; is mined twice; is mined after the next one; gets too little gas; a stranger \
sends the last batch early. Then the executor sends every batch without a good receipt. Every one of 500 accounts \
is looked at after the fault (both balances make up the entitlement) and at the end (all of it is in the successor). \
forge runs two contracts on two cores, one case of a table test for each crash point, from the state after setUp, \
because one loop takes longer; it was compiled before. raw revm reads balances from storage, without a call.\n\n\
What does not map one to one: after the last batch forge and revm let the fault happen to that batch once more, \
where the checker has no step left, so that it has 800 sites (a crash, a revert and a drop of one batch leave one \
state of the chain behind, and three of the executor). Too little gas is one limit for forge and revm; the checker \
looks for every limit at which the outcome changes, unless every caller fails with what it calls. The checker looks at every \
account in every state on the way, not only twice, and merges equal states, which is what it gains by. `every way \
to go on` also retries without looking, goes on by position, and begins again; `every fault` is `sealift check` \
without a declaration: reorganisations, inner calls, delays, lost keys, holders' transfers, and a stranger's calls of \
every function.";
