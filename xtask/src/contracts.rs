//! The Foundry project: building it, and the artifacts that the Rust crates compile in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::process::{Workspace, say, stream, succeeds};
use crate::tally::Tally;
use crate::tools::{self, Tools};

/// Builds the contracts and writes contracts/artifacts.
pub(crate) fn generate(workspace: &Workspace) -> Result<()> {
    let tools = tools::install(workspace)?;
    build(workspace, &tools)?;
    stream(&mut artifacts(workspace))?;
    let hash = source_hash(&workspace.contracts())?;
    if recorded_hash(&workspace.contracts())? != hash {
        bail!("contracts/tools/artifacts.mjs and xtask disagree about the hash of the sources");
    }
    say(&format!("contracts/artifacts are of sources {hash}"));
    Ok(())
}

/// Builds the contracts and compares with contracts/artifacts.
pub(crate) fn check(workspace: &Workspace) -> Result<Tally> {
    let tools = tools::install(workspace)?;
    let mut tally = Tally::default();
    tally.add_runner("artifacts", fresh(workspace, &tools));
    Ok(tally)
}

/// Two checks: the committed artifacts are of the committed sources by hash, and a build gives the same
/// bytes.
pub(crate) fn fresh(workspace: &Workspace, tools: &Tools) -> Result<Tally> {
    let mut tally = Tally::default();
    match hash_matches(&workspace.contracts()) {
        Ok(()) => tally.passed += 1,
        Err(error) => tally.failed.push(format!("artifacts::hash: {error:#}")),
    }
    build(workspace, tools)?;
    if succeeds(artifacts(workspace).arg("--check"))? {
        tally.passed += 1;
    } else {
        tally.failed.push(
            "artifacts::bytes: a build differs from contracts/artifacts; run `cargo xtask contracts`"
                .to_owned(),
        );
    }
    Ok(tally)
}

/// Whether contracts/artifacts/sources.json is of the sources that are there. Needs no tools.
pub(crate) fn hash_matches(contracts: &Path) -> Result<()> {
    let (recorded, found) = (recorded_hash(contracts)?, source_hash(contracts)?);
    if recorded != found {
        bail!(
            "contracts/artifacts are of sources {recorded}, the sources are {found}; \
             run `cargo xtask contracts`"
        );
    }
    Ok(())
}

fn build(workspace: &Workspace, tools: &Tools) -> Result<()> {
    stream(tools.forge(workspace).args(["build", "--offline"]))
}

fn artifacts(workspace: &Workspace) -> Command {
    let mut command = Command::new("node");
    command
        .arg("tools/artifacts.mjs")
        .current_dir(workspace.contracts());
    command
}

fn recorded_hash(contracts: &Path) -> Result<String> {
    let path = contracts.join("artifacts/sources.json");
    let text = fs::read(&path).context("cannot read contracts/artifacts/sources.json")?;
    let sources: serde_json::Value = serde_json::from_slice(&text)?;
    Ok(sources["sha256"]
        .as_str()
        .context("contracts/artifacts/sources.json has no sha256")?
        .to_owned())
}

/// The rule that is written in contracts/tools/artifacts.mjs: SHA-256 over src/**, foundry.toml and
/// package-lock.json in ascending order of their paths, each as path, zero byte, content, zero byte.
fn source_hash(contracts: &Path) -> Result<String> {
    let mut files = vec![
        contracts.join("foundry.toml"),
        contracts.join("package-lock.json"),
    ];
    regular_files(&contracts.join("src"), &mut files)?;
    let mut named = Vec::with_capacity(files.len());
    for file in files {
        let name = file
            .strip_prefix(contracts)?
            .to_str()
            .context("a path is not UTF-8")?;
        named.push((name.replace('\\', "/"), file));
    }
    named.sort();
    let mut hash = Sha256::new();
    for (name, file) in named {
        hash.update(&name);
        hash.update([0]);
        hash.update(fs::read(&file).with_context(|| format!("cannot read {name}"))?);
        hash.update([0]);
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn regular_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            regular_files(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}
