//! `cargo xtask`: the one place for developer commands.
#![allow(
    clippy::print_stdout,
    reason = "printing is what these commands are for"
)]

mod bench;
mod ci;
mod contracts;
mod corpus;
mod forge;
mod gate;
mod libtest;
mod nextest;
mod process;
mod tally;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::Workspace;

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Developer commands of Sealift",
    version
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what the tests need: solc, forge, anvil and cast from npm, into contracts/node_modules.
    Tools,
    /// Builds the contracts and regenerates contracts/artifacts.
    Contracts {
        /// Changes nothing: builds, and fails when the committed artifacts differ.
        #[arg(long)]
        check: bool,
    },
    /// Builds the checker's corpus and generates the state and the broadcast of each case.
    Corpus(corpus::Args),
    /// Runs every test: contracts, Rust, documentation, real anvil, tidy. Ends in a line that counts.
    Test,
    /// Formatting, lints, documentation, then `test`.
    Ci,
    /// Checks the repository itself: crate edges, file lengths, artifacts, README commands.
    Tidy,
    /// Runs what takes longer than a test may: audits, long test configurations, mutants.
    Gate(gate::Args),
    /// Measures, side by side; prints Markdown and writes target/bench. Never asserts a number.
    Bench(bench::Args),
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Tools => tools::install(&workspace).map(|_| ExitCode::SUCCESS),
        Command::Contracts { check: false } => {
            contracts::generate(&workspace).map(|()| ExitCode::SUCCESS)
        }
        Command::Contracts { check: true } => contracts::check(&workspace).map(|t| t.finish()),
        Command::Corpus(args) => corpus::run(&workspace, &args).map(|t| t.finish()),
        Command::Test => Ok(test::run(&workspace).finish()),
        Command::Ci => Ok(ci::run(&workspace).finish()),
        Command::Tidy => Ok(tidy::run(&workspace).finish()),
        Command::Gate(args) => gate::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args).map(|()| ExitCode::SUCCESS),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether `line`, the words after `cargo xtask`, is a command that this program accepts.
fn accepts(line: &[&str]) -> Result<(), String> {
    Cli::try_parse_from(std::iter::once("cargo xtask").chain(line.iter().copied()))
        .map(drop)
        .map_err(|error| {
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
}
