//! The `sealift` binary: the only crate of the workspace that prints.
//!
//! Nothing heavy happens before the arguments are parsed, so that `--help` answers at once.

mod args;
mod commands;
mod config;
mod connect;
mod demo;
mod failure;
mod keys;
mod locks;
mod output;
mod sizing;
mod times;
mod workdir;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;

/// The checker makes and drops small things by the million, on several threads. Without huge pages: they would be
/// cleared whole for what is used of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json);
    match run(&cli, &output) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit())
        }
    }
}

fn run(cli: &Cli, output: &Output) -> Result<u8, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(options) => commands::init::run(global, options, output),
        Command::Plan(options) => commands::plan::run(global, options, output),
        Command::Show => commands::show::run(global, output),
        Command::Run(options) => commands::run::run(global, options, output),
        Command::Status => commands::status::run(global, output),
        Command::Abort(options) => commands::abort::run(global, options, output),
        Command::Verify => commands::verify::run(global, output),
        Command::Check(options) => commands::check::run(options, output),
        Command::Rehearse(options) => commands::rehearse::run(global, options, output),
        Command::Devnet(options) => commands::devnet::run(options, output),
        Command::Demo(options) => demo::run(global, options, output),
        Command::Completions { shell } => {
            output.completions(*shell);
            Ok(0)
        }
    }
}
