//! The start of the program. Goal: at most 20 ms.

use std::process::Command;

use anyhow::Result;

use super::Place;
use super::measure::{Contender, Facts, Report, once, side_by_side};

/// More repeats than elsewhere, because one takes no time.
const REPEATS: usize = 31;

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let sealift = place.sealift()?;
    let log = place.log("help");
    let contender = |name: &str, mut command: Command| {
        let log = log.clone();
        Contender {
            name: name.to_owned(),
            at_most: usize::MAX,
            run: Box::new(move || Ok((once(&mut command, &log)?, Facts::new()))),
        }
    };
    let mut help = Command::new(&sealift);
    help.arg("--help");
    // The floor: what starting any process costs here.
    let mut nothing = Command::new("true");
    nothing.env_clear();
    let contenders = vec![
        contender("sealift --help", help),
        contender("true (an empty process)", nothing),
    ];
    let mut notes = Vec::new();
    let rows = side_by_side(contenders, place.repeats.max(REPEATS), "ms", &mut notes);
    Ok(Report::new("help", rows, notes))
}
