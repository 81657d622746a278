//! `cargo xtask bench`: numbers, measured side by side. A number is printed, never asserted.

mod measure;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::process::{Workspace, say};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The benches to run; all of them when none is named.
    names: Vec<String>,
    /// Names the benches.
    #[arg(long)]
    list: bool,
    /// Repeats a measurement, after one warm-up.
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// Holders for `demo` and `peers`: a CSV file with the header `holder,balance`.
    #[arg(long)]
    holders_file: Option<PathBuf>,
}

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace, &Args) -> Result<measure::Report>,
}

const BENCHES: &[Bench] = &[];

/// Runs the benches that were asked for.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.list {
        BENCHES
            .iter()
            .for_each(|bench| say(&format!("{:<8} {}", bench.name, bench.about)));
        return Ok(());
    }
    if let Some(name) = args
        .names
        .iter()
        .find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no bench {name}; see `cargo xtask bench --list`");
    }
    for bench in BENCHES {
        if args.names.is_empty() || args.names.iter().any(|name| name == bench.name) {
            say(&format!("== {}: {}", bench.name, bench.about));
            (bench.run)(workspace, args)?.write(&workspace.target.join("bench"))?;
        }
    }
    Ok(())
}
