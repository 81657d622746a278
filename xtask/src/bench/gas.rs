//! The gas table, which a test of the contracts keeps true.

use std::fs;

use anyhow::{Context, Result};

use super::Place;
use super::measure::Report;

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let path = place.workspace.contracts().join("gas.md");
    let table = fs::read_to_string(path).context("there is no contracts/gas.md")?;
    Ok(Report::new("gas", Vec::new(), vec![table]))
}
