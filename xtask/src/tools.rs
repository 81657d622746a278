//! The pinned tools from npm: solc, forge, anvil, cast, and the OpenZeppelin sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{Workspace, capture, say, stream};

/// The first Node that the scripts of contracts/tools run on.
const NODE_MAJOR: u32 = 20;

/// Where npm puts Foundry's packages.
const FOUNDRY: &str = "node_modules/@foundry-rs/";

/// Native programs of Foundry, installed below contracts/node_modules.
pub(crate) struct Tools {
    pub(crate) forge: PathBuf,
    pub(crate) anvil: PathBuf,
    pub(crate) cast: PathBuf,
}

impl Tools {
    /// forge in the folder of the contracts: it looks for its compiler from where it is started, not from
    /// the root of the project.
    pub(crate) fn forge(&self, workspace: &Workspace) -> Command {
        let mut command = Command::new(&self.forge);
        command.current_dir(workspace.contracts());
        command
    }
}

/// Installs what contracts/package-lock.json pins, when it is not there already.
pub(crate) fn install(workspace: &Workspace) -> Result<Tools> {
    check_node()?;
    let contracts = workspace.contracts();
    if difference(&contracts)?.is_some() {
        npm_install(&contracts)?;
    }
    if let Some(difference) = difference(&contracts)? {
        bail!("contracts/node_modules is not what package-lock.json says: {difference}");
    }
    tools(&contracts)
}

/// Installs what `folder`/package-lock.json pins, without the install scripts of packages.
///
/// Not `npm ci`: Foundry's packages name one optional package a platform, a mirror may not carry all of
/// them, and `npm ci` refuses a lock file in which one is missing. `npm install --no-save` takes versions
/// and hashes from the lock file too, and leaves it as it is.
pub(crate) fn npm_install(folder: &Path) -> Result<()> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(npm);
    command.args([
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    stream(command.current_dir(folder)).context("the tools could not be installed from npm")
}

fn check_node() -> Result<()> {
    let output = capture(Command::new("node").arg("--version"))
        .context("Node is needed to compile the contracts")?;
    let version = String::from_utf8_lossy(&output.stdout);
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or_default();
    match major.parse::<u32>() {
        Ok(major) if major >= NODE_MAJOR => Ok(()),
        _ => bail!(
            "Node {NODE_MAJOR} or newer is needed, this is {}",
            version.trim()
        ),
    }
}

/// Foundry's names for this operating system and processor.
fn platform(os: &str, arch: &str) -> Result<String> {
    let os_name = match os {
        "linux" => "linux",
        "macos" => "darwin",
        "windows" => "win32",
        _ => bail!("Foundry publishes no npm package for {os}"),
    };
    let arch_name = match (os, arch) {
        (_, "x86_64") => "amd64",
        ("linux" | "macos", "aarch64") => "arm64",
        _ => bail!("Foundry publishes no npm package for {os} on {arch}"),
    };
    Ok(format!("{os_name}-{arch_name}"))
}

fn tools(contracts: &Path) -> Result<Tools> {
    let platform = platform(std::env::consts::OS, std::env::consts::ARCH)?;
    let find = |tool: &str| {
        let path = contracts
            .join(FOUNDRY)
            .join(format!("{tool}-{platform}"))
            .join("bin")
            .join(format!("{tool}{}", std::env::consts::EXE_SUFFIX));
        if path.is_file() {
            Ok(path)
        } else {
            bail!("npm installed no {tool} for {platform}")
        }
    };
    Ok(Tools {
        forge: find("forge")?,
        anvil: find("anvil")?,
        cast: find("cast")?,
    })
}

/// The first difference between what is pinned and what npm recorded as installed, or `None`.
fn difference(contracts: &Path) -> Result<Option<String>> {
    let pinned = read(&contracts.join("package-lock.json"))?;
    let installed = match read(&contracts.join("node_modules/.package-lock.json")) {
        Ok(installed) => installed,
        Err(_) => return Ok(Some("nothing is installed".to_owned())),
    };
    let difference = compare(&pinned, &installed)?;
    if let Some(difference) = &difference {
        say(&format!("tools: {difference}"));
    }
    Ok(difference)
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Compares version and hash of every package of two lock files. Packages marked optional are those of
/// other platforms: they may be absent, and [`tools`] looks for the ones that matter.
fn compare(pinned: &Value, installed: &Value) -> Result<Option<String>> {
    let packages = |lock: &Value| lock["packages"].as_object().cloned();
    let pinned = packages(pinned).context("package-lock.json has no packages")?;
    let installed = packages(installed).unwrap_or_default();
    for (name, package) in pinned.iter().filter(|(name, _)| !name.is_empty()) {
        match installed.get(name) {
            None if package["optional"] == true => {}
            None => return Ok(Some(format!("{name} is missing"))),
            Some(found) => {
                if found["version"] != package["version"]
                    || found["integrity"] != package["integrity"]
                {
                    return Ok(Some(format!(
                        "{name} is {}, not {}",
                        found["version"], package["version"]
                    )));
                }
            }
        }
    }
    // The package of a platform that the lock file does not know is bound by the version of its parent.
    let foreign = |name: &&String| !pinned.contains_key(*name) && !name.starts_with(FOUNDRY);
    Ok(installed
        .keys()
        .find(foreign)
        .map(|name| format!("{name} is not pinned")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check_platform(os: &str, arch: &str, expected: Option<&str>) {
        assert_eq!(platform(os, arch).ok().as_deref(), expected);
    }

    #[test]
    fn platforms_are_those_that_foundry_publishes() {
        check_platform("linux", "x86_64", Some("linux-amd64"));
        check_platform("linux", "aarch64", Some("linux-arm64"));
        check_platform("macos", "aarch64", Some("darwin-arm64"));
        check_platform("windows", "x86_64", Some("win32-amd64"));
        check_platform("windows", "aarch64", None);
        check_platform("linux", "riscv64", None);
        check_platform("freebsd", "x86_64", None);
    }

    #[track_caller]
    fn check_difference(installed: Value, expected: Option<&str>) {
        let pinned = json!({"packages": {
            "": {"name": "root"},
            "node_modules/a": {"version": "1.0.0", "integrity": "x"},
            "node_modules/b-darwin": {"version": "1.0.0", "integrity": "y", "optional": true},
        }});
        let found =
            compare(&pinned, &json!({ "packages": installed })).expect("the lock is well-formed");
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn what_is_installed_is_compared_with_what_is_pinned() {
        let a = json!({"version": "1.0.0", "integrity": "x"});
        check_difference(json!({"node_modules/a": a}), None);
        check_difference(json!({}), Some("node_modules/a is missing"));
        check_difference(
            json!({"node_modules/a": {"version": "1.0.1", "integrity": "x"}}),
            Some("node_modules/a is \"1.0.1\", not \"1.0.0\""),
        );
        check_difference(
            json!({"node_modules/a": {"version": "1.0.0", "integrity": "z"}}),
            Some("node_modules/a is \"1.0.0\", not \"1.0.0\""),
        );
        check_difference(
            json!({"node_modules/a": a, "node_modules/c": a}),
            Some("node_modules/c is not pinned"),
        );
        check_difference(
            json!({"node_modules/a": a, "node_modules/@foundry-rs/forge-linux-arm64": a}),
            None,
        );
    }
}
