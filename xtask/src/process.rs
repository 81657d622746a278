//! Child processes and the places they run in.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Where things are.
pub(crate) struct Workspace {
    /// The folder of the root Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, which CARGO_TARGET_DIR may have moved.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the workspace that this program was built in.
    pub(crate) fn find() -> Result<Self> {
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = xtask
            .parent()
            .context("xtask has no parent folder")?
            .to_path_buf();
        let metadata = metadata(&root, true)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("no target_directory")?;
        Ok(Self {
            root,
            target: PathBuf::from(target),
        })
    }

    pub(crate) fn contracts(&self) -> PathBuf {
        self.root.join("contracts")
    }

    /// `cargo` with the workspace's root as its working folder.
    pub(crate) fn cargo<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root).args(args);
        command
    }
}

/// The cargo that runs this program. What cargo set for *this* package is removed from the
/// environment, because build scripts of others see it as a change and are built again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// `cargo metadata`, of the members only or of the whole graph.
pub(crate) fn metadata(root: &Path, members_only: bool) -> Result<Value> {
    let mut command = cargo();
    command
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--quiet"]);
    if members_only {
        command.arg("--no-deps");
    }
    serde_json::from_slice(&capture(&mut command)?.stdout).context("cargo metadata is not JSON")
}

/// Prints one line of prose, on stdout, so that it keeps its place among the results.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// The command as a reader would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_stem()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    command
        .get_args()
        .fold(name, |line, arg| line + " " + &arg.to_string_lossy())
}

/// Runs `command` without stdin, with its output passed through. An exit code other than 0 is an error.
pub(crate) fn stream(command: &mut Command) -> Result<()> {
    if !succeeds(command)? {
        bail!("`{}` failed", spelled(command));
    }
    Ok(())
}

/// Like [`stream`], but says whether the exit code was 0.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    say(&format!("$ {}", spelled(command)));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{}`", spelled(command)))?;
    Ok(status.success())
}

/// Runs `command` without stdin and keeps its stdout; stderr passes through. An exit code other
/// than 0 is an error.
pub(crate) fn capture(command: &mut Command) -> Result<Output> {
    let output = capture_any(command)?;
    if !output.status.success() {
        bail!("`{}` failed: {}", spelled(command), output.status);
    }
    Ok(output)
}

/// Like [`capture`], with any exit code.
pub(crate) fn capture_any(command: &mut Command) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", spelled(command)))
}

/// Whether `program args` can be started and exits with 0; its output is dropped.
pub(crate) fn exists(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
