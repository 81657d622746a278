//! Repeats, medians, and the tables that they go into.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::process::say;

/// What a bench found.
#[derive(Serialize)]
pub(crate) struct Report {
    name: &'static str,
}

impl Report {
    /// Prints the table and writes it as Markdown and JSON into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).context("cannot create the folder of the benches")?;
        say(self.name);
        Ok(())
    }
}
