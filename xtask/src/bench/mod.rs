//! `cargo xtask bench`: numbers, measured side by side. A number is printed, never asserted.

mod check;
mod demo;
mod gas;
mod help;
mod measure;
mod node;
mod peers;
mod plan;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{Workspace, say, stream};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The benches to run; all of them when none is named.
    names: Vec<String>,
    /// Names the benches.
    #[arg(long)]
    list: bool,
    /// Repeats of a measurement, after one warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Holders for `demo` and `peers`: a CSV file with the header `holder,balance`, or .csv.zst
    /// [default: 10,000 generated ones]
    #[arg(long, value_name = "F")]
    holders_file: Option<PathBuf>,
}

/// What every bench is given.
pub(crate) struct Place<'a> {
    workspace: &'a Workspace,
    repeats: usize,
    holders_file: Option<PathBuf>,
    /// Where results, logs and generated input go: target/bench.
    folder: PathBuf,
}

impl Place<'_> {
    /// The released `sealift`, built when it is not.
    fn sealift(&self) -> Result<PathBuf> {
        stream(&mut self.workspace.cargo([
            "build",
            "--release",
            "--package",
            "sealift",
            "--bin",
            "sealift",
        ]))?;
        Ok(self
            .workspace
            .target
            .join("release")
            .join(format!("sealift{}", std::env::consts::EXE_SUFFIX)))
    }

    fn log(&self, name: &str) -> PathBuf {
        measure::log(&self.folder, name)
    }

    /// An empty folder of this name below [`Place::folder`].
    fn empty(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The text of a file of holders, unpacked where its name ends in `.zst`.
    fn text(&self, holders: &Path) -> Result<String> {
        let file = std::fs::File::open(holders).context("there is no such file of holders")?;
        let is_packed = holders.extension().is_some_and(|name| name == "zst");
        let text = if is_packed {
            zstd::decode_all(file)
                .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
        } else {
            io::read_to_string(file)
        };
        text.with_context(|| format!("cannot read {}", holders.display()))
    }

    /// The file of holders that was asked for, or a generated one.
    fn holders(&self) -> Result<PathBuf> {
        match &self.holders_file {
            Some(file) => Ok(file.clone()),
            None => plan::holders(&self.folder, 10_000),
        }
    }
}

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Place<'_>) -> Result<measure::Report>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "help",
        about: "the start of the program: `sealift --help`",
        run: help::run,
    },
    Bench {
        name: "plan",
        about: "1,000,000 holders in a CSV to batches",
        run: plan::run,
    },
    Bench {
        name: "demo",
        about: "whole migrations with one kill, on the embedded chain",
        run: demo::run,
    },
    Bench {
        name: "peers",
        about: "the same holders on the same anvil by ethers and forge script",
        run: peers::run,
    },
    Bench {
        name: "check",
        about: "every single fault of 100 batches by the checker, forge loops and raw revm",
        run: check::run,
    },
    Bench {
        name: "gas",
        about: "the gas table of the contracts",
        run: gas::run,
    },
];

/// Runs the benches that were asked for.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.list {
        BENCHES
            .iter()
            .for_each(|bench| say(&format!("{:<6} {}", bench.name, bench.about)));
        return Ok(());
    }
    if let Some(name) = args
        .names
        .iter()
        .find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no bench {name}; see `cargo xtask bench --list`");
    }
    let folder = workspace.target.join("bench");
    std::fs::create_dir_all(&folder).context("cannot create target/bench")?;
    let holders_file = args
        .holders_file
        .as_deref()
        .map(Path::canonicalize)
        .transpose();
    let holders_file = holders_file.context("there is no such file of holders")?;
    let place = Place {
        workspace,
        repeats: args.repeats as usize,
        holders_file,
        folder,
    };
    for bench in BENCHES {
        if args.names.is_empty() || args.names.iter().any(|name| name == bench.name) {
            say(&format!("== {}: {}", bench.name, bench.about));
            (bench.run)(&place)?.write(&place.folder)?;
        }
    }
    Ok(())
}
