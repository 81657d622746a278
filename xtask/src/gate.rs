//! `cargo xtask gate`: what takes longer than a test may.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use comfy_table::{Table, presets};

use crate::process::{Workspace, exists, say, stream};
use crate::tally::Tally;
use crate::tools;

const CARGO_DENY: &str = "0.20.2";
const TYPOS: &str = "1.52.0";
const CARGO_MUTANTS: &str = "27.1.0";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The steps to run; all of them when none is named.
    steps: Vec<String>,
    /// Names the steps.
    #[arg(long)]
    list: bool,
    /// Which part of the mutants to try, as K/N.
    #[arg(long, default_value = "0/16")]
    shard: String,
    /// Times that the executor is killed against a real anvil.
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// Which part of the pairs of faults to play, as I/N from 1.
    #[arg(long, default_value = "1/1")]
    pairs: String,
    /// Factor for the number of generated cases of property tests.
    #[arg(long, default_value_t = 4096)]
    cases: u32,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace, &Args) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "deny",
        about: "cargo-deny: licences, bans and sources of dependencies",
        run: deny,
    },
    Step {
        name: "typos",
        about: "typos: spelling",
        run: typos,
    },
    Step {
        name: "slither",
        about: "Slither: static analysis of the contracts",
        run: slither,
    },
    Step {
        name: "halmos",
        about: "Halmos: symbolic checks of the contracts",
        run: halmos,
    },
    Step {
        name: "invariants",
        about: "forge's invariant tests, four times as long",
        run: invariants,
    },
    Step {
        name: "long",
        about: "the long configurations of the Rust tests, optimised",
        run: long,
    },
    Step {
        name: "pairs",
        about: "every pair of faults of Sealift's own migrations, optimised, a strategy after another",
        run: pairs,
    },
    Step {
        name: "kills",
        about: "SIGKILL of the real binary against anvil, over and over",
        run: kills,
    },
    Step {
        name: "mutants",
        about: "cargo-mutants on protocol, journal and engine",
        run: mutants,
    },
];

/// Runs the steps that were asked for and prints a table of them.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    if args.list {
        STEPS
            .iter()
            .for_each(|step| say(&format!("{:<10} {}", step.name, step.about)));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = args
        .steps
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        bail!("there is no step {name}; see `cargo xtask gate --list`");
    }
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["step", "result", "seconds"]);
    let mut tally = Tally::default();
    for step in STEPS {
        if !args.steps.is_empty() && !args.steps.iter().any(|name| name == step.name) {
            continue;
        }
        say(&format!("== {}: {}", step.name, step.about));
        let start = Instant::now();
        let result = (step.run)(workspace, args);
        let seconds = format!("{:.1}", start.elapsed().as_secs_f64());
        let verdict = if result.is_ok() { "passed" } else { "failed" };
        table.add_row([step.name, verdict, &seconds]);
        let passed = result.map(|()| Tally {
            passed: 1,
            ..Tally::default()
        });
        tally.add_runner(step.name, passed);
    }
    say(&table.to_string());
    Ok(tally.finish())
}

/// A program from crates.io, in .tools/bin of the workspace, installed when it is not there at this version.
fn installed(workspace: &Workspace, package: &str, binary: &str, version: &str) -> Result<PathBuf> {
    let folder = workspace.root.join(".tools");
    let path = folder
        .join("bin")
        .join(format!("{binary}{}", std::env::consts::EXE_SUFFIX));
    let record = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    if !path.is_file() || !record.contains(&format!("\"{package} {version} ")) {
        let mut install = workspace.cargo(["install", "--locked", "--version", version, "--root"]);
        // Its own target folder: the profile and the lock file of the workspace are not meant for it.
        stream(
            install
                .arg(&folder)
                .arg(package)
                .env("CARGO_TARGET_DIR", folder.join("target")),
        )?;
    }
    Ok(path)
}

fn in_root(workspace: &Workspace, program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&workspace.root);
    command
}

fn deny(workspace: &Workspace, _: &Args) -> Result<()> {
    let program = installed(workspace, "cargo-deny", "cargo-deny", CARGO_DENY)?;
    stream(in_root(workspace, &program).args(["check", "bans", "licenses", "sources"]))?;
    say(
        "deny: advisories are not checked here: they need the advisory database from the network; \
         `cargo deny check advisories` does it",
    );
    Ok(())
}

fn typos(workspace: &Workspace, _: &Args) -> Result<()> {
    let program = installed(workspace, "typos-cli", "typos", TYPOS)?;
    stream(&mut in_root(workspace, &program))
}

/// A program of contracts/requirements.txt, from a virtual environment in .tools, with forge on its path, in
/// a copy of the contracts: Slither cleans forge's output, and Halmos needs another build.
fn python(workspace: &Workspace, name: &str) -> Result<Command> {
    let tools = tools::install(workspace)?;
    let environment = workspace.root.join(".tools/python");
    let folder = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let requirements = workspace.contracts().join("requirements.txt");
    let wanted =
        fs::read_to_string(&requirements).context("there is no contracts/requirements.txt")?;
    let stamp = environment.join("requirements.txt");
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        stream(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
        stream(
            Command::new(folder.join("pip"))
                .args(["install", "--quiet", "-r"])
                .arg(&requirements),
        )?;
        fs::write(&stamp, &wanted).context("cannot write the stamp of the Python tools")?;
    }
    let mut path = vec![folder.clone()];
    path.extend(tools.forge.parent().map(ToOwned::to_owned));
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let mut command = Command::new(folder.join(name));
    command
        .current_dir(copy_of_contracts(workspace, name)?)
        .env("PATH", std::env::join_paths(path)?);
    Ok(command)
}

/// A fresh copy of what git knows of contracts/, with the installed packages linked into it.
fn copy_of_contracts(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let (from, to) = (
        workspace.contracts(),
        workspace.target.join("gate").join(name),
    );
    if to.exists() {
        fs::remove_dir_all(&to).with_context(|| format!("cannot empty {}", to.display()))?;
    }
    for entry in ignore::WalkBuilder::new(&from)
        .require_git(false)
        .git_global(false)
        .build()
    {
        let entry = entry.context("cannot walk the contracts")?;
        let target = to.join(entry.path().strip_prefix(&from)?);
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            fs::create_dir_all(&target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    link(&from.join("node_modules"), &to.join("node_modules"))?;
    Ok(to)
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    std::os::unix::fs::symlink(from, to).context("cannot link node_modules")
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    bail!("this step runs on Unix only")
}

fn slither(workspace: &Workspace, _: &Args) -> Result<()> {
    stream(python(workspace, "slither")?.arg("."))
}

fn halmos(workspace: &Workspace, _: &Args) -> Result<()> {
    for (contract, more) in [
        ("ConservationSymbolicTest", &[][..]),
        ("MigrationSymbolicTest", &["--loop", "3"]),
    ] {
        let mut command = python(workspace, "halmos")?;
        command
            .args(["--contract", contract, "--solver-timeout-assertion", "60s"])
            .args(more);
        stream(command.env("FOUNDRY_DYNAMIC_TEST_LINKING", "false"))?;
    }
    Ok(())
}

fn invariants(workspace: &Workspace, _: &Args) -> Result<()> {
    let mut command = tools::install(workspace)?.forge(workspace);
    command.args(["test", "--offline", "--match-contract", "InvariantsTest"]);
    stream(command.env("FOUNDRY_INVARIANT_RUNS", "256"))
}

/// `cargo nextest run` with the long profile.
fn runner(workspace: &Workspace) -> Result<Command> {
    if !exists(&mut workspace.cargo(["nextest", "--version"])) {
        bail!("cargo-nextest is needed: `cargo install cargo-nextest --locked`");
    }
    Ok(workspace.cargo(["nextest", "run", "--no-fail-fast", "--profile", "long"]))
}

fn nextest(workspace: &Workspace, more: &[&str], env: &[(&str, String)]) -> Result<()> {
    let mut command = runner(workspace)?;
    let tools = tools::install(workspace)?;
    command
        .args(more)
        .envs(env.iter().map(|(name, value)| (name, value)));
    command
        .env("SEALIFT_ANVIL", tools.anvil)
        .env("SEALIFT_CAST", tools.cast)
        .env("SEALIFT_FORGE", tools.forge);
    stream(&mut command)
}

fn long(workspace: &Workspace, args: &Args) -> Result<()> {
    let env = [
        ("SEALIFT_LONG", "1".to_owned()),
        ("SEALIFT_CASES", args.cases.to_string()),
    ];
    nextest(workspace, &["--workspace", "--release"], &env)
}

/// Each strategy has a test, which uses all cores by itself and needs no other program.
fn pairs(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut command = runner(workspace)?;
    command.args(["--package", "sealift-check", "--release", "--no-capture"]);
    command.args(["--no-tests", "fail", "safe_under_pairs_of_faults"]);
    stream(command.env("SEALIFT_PAIRS", &args.pairs))
}

fn kills(workspace: &Workspace, args: &Args) -> Result<()> {
    let env = [("SEALIFT_KILLS", args.kills.to_string())];
    nextest(
        workspace,
        &["--package", "sealift", "--no-tests", "fail", "kill"],
        &env,
    )
}

fn mutants(workspace: &Workspace, args: &Args) -> Result<()> {
    let program = installed(workspace, "cargo-mutants", "cargo-mutants", CARGO_MUTANTS)?;
    let mut command = in_root(workspace, &program);
    command.args([
        "mutants",
        "--timeout",
        "120",
        "--no-shuffle",
        "--baseline",
        "run",
    ]);
    command
        .args(["--shard", &args.shard, "--output"])
        .arg(workspace.target.join("mutants"));
    for package in ["sealift-protocol", "sealift-journal", "sealift-engine"] {
        command.args(["--package", package]);
    }
    stream(&mut command)
}
