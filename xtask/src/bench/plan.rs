//! A million holders in a CSV to batches. Goal: at most 2 s and 400 MiB on two cores.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::Place;
use super::measure::{Contender, Facts, Report, once, side_by_side};

const HOLDERS: usize = 1_000_000;

/// What is measured. The file and the folder of the migration come after it.
const COMMAND: &[&str] = &["plan", "--offline", "--json", "--holders-file"];

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let sealift = place.sealift()?;
    let holders = holders(&place.folder, HOLDERS)?;
    let log = place.log("plan");
    let plan = || {
        let folder = place.empty("plan")?;
        let mut command = Command::new(&sealift);
        command.args(COMMAND).arg(&holders).arg("--dir").arg(folder);
        Ok((once(&mut command, &log)?, Facts::new()))
    };
    // The floor of anything that looks at every byte once.
    let read = || {
        Ok((
            once(Command::new("sha256sum").arg(&holders), &log)?,
            Facts::new(),
        ))
    };
    let contenders = vec![
        Contender {
            name: "sealift plan --offline".into(),
            at_most: usize::MAX,
            run: Box::new(plan),
        },
        Contender {
            name: "sha256sum of the same file".into(),
            at_most: usize::MAX,
            run: Box::new(read),
        },
    ];
    let mut notes = vec![format!(
        "{HOLDERS} holders, {} bytes, unsorted.",
        fs::metadata(&holders)?.len()
    )];
    let rows = side_by_side(contenders, place.repeats, "s", &mut notes);
    Ok(Report::new("plan", rows, notes))
}

/// A CSV of `count` generated holders below `folder`, the same each time: account and amount are the first
/// 20 and the next 10 bytes of the SHA-256 of their number, so that accounts are in no order.
pub(super) fn holders(folder: &Path, count: usize) -> Result<PathBuf> {
    let path = folder.join(format!("holders-{count}.csv"));
    if path.is_file() {
        return Ok(path);
    }
    let unfinished = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&unfinished)?);
    writeln!(out, "holder,balance")?;
    for number in 0..count {
        let (account, amount) = holder(number as u64);
        writeln!(out, "{account},{amount}")?;
    }
    out.into_inner()?.sync_all()?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

/// An account in lower-case hex and an amount from 1 to 2^80.
fn holder(number: u64) -> (String, u128) {
    let hash = Sha256::digest(number.to_be_bytes());
    let account = hash[..20]
        .iter()
        .fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    let amount = hash[20..30]
        .iter()
        .fold(0_u128, |amount, byte| amount << 8 | u128::from(*byte));
    (account, amount + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_the_same_each_time() {
        let expected = ("0xaf5570f5a1810b7af78caf4bc70a660f0df51e42".to_owned(), 0);
        assert_eq!(holder(0).0, expected.0);
        assert_ne!(holder(0), holder(1));
        assert!((0..1000).all(|number| holder(number).1 > 0));
    }
}
