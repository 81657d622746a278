//! cargo-nextest: what it lists, and its JUnit report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{Workspace, capture, exists, say, spelled, succeeds};
use crate::tally::{Tally, skip_reason};

/// The environment that tests see.
pub(crate) type Env = [(&'static str, std::path::PathBuf)];

/// Whether cargo-nextest is installed.
pub(crate) fn installed(workspace: &Workspace) -> bool {
    exists(&mut workspace.cargo(["nextest", "--version"]))
}

/// Runs the tests of the workspace, and counts by what was listed before: a test that was listed and is
/// not in the report (its process died with the runner, say) counts as failed.
pub(crate) fn test(workspace: &Workspace, env: &Env) -> Result<Tally> {
    let env = || env.iter().map(|(name, value)| (*name, value));
    let scope = ["--workspace", "--profile", "ci"];
    let mut list = workspace.cargo(["nextest", "list", "--message-format", "json"]);
    say(&format!("$ {}", spelled(&list)));
    let listed = capture(list.args(scope).envs(env()))?;
    let listed = Listed::read(&serde_json::from_slice(&listed.stdout)?)?;
    // Named in .config/nextest.toml; unlike what cargo builds, it does not follow CARGO_TARGET_DIR.
    let report = workspace.root.join("target/nextest/ci/junit.xml");
    if report.exists() {
        fs::remove_file(&report).context("cannot remove the last JUnit report")?;
    }
    let mut run = workspace.cargo(["nextest", "run", "--no-fail-fast"]);
    let succeeded = succeeds(run.args(scope).envs(env()))?;
    let xml = fs::read_to_string(&report).context("cargo-nextest wrote no JUnit report")?;
    let tally = count(listed, &xml)?;
    if !succeeded && tally.failed.is_empty() {
        bail!("cargo-nextest failed though no test did");
    }
    Ok(tally)
}

/// The names of tests, each with the id of its binary before it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    to_run: BTreeSet<String>,
    ignored: Vec<String>,
}

impl Listed {
    fn read(list: &Value) -> Result<Self> {
        let suites = list["rust-suites"]
            .as_object()
            .context("cargo-nextest listed no suites")?;
        let mut listed = Self::default();
        for (binary, suite) in suites {
            for (name, test) in suite["testcases"].as_object().into_iter().flatten() {
                let name = format!("{binary} {name}");
                if test["ignored"] == true {
                    listed.ignored.push(format!("{name} (#[ignore])"));
                } else {
                    listed.to_run.insert(name);
                }
            }
        }
        Ok(listed)
    }
}

fn count(listed: Listed, xml: &str) -> Result<Tally> {
    let document = roxmltree::Document::parse(xml).context("the JUnit report is not XML")?;
    let mut tally = Tally {
        skipped: listed.ignored,
        ..Tally::default()
    };
    let mut seen = BTreeMap::new();
    for suite in document
        .descendants()
        .filter(|node| node.has_tag_name("testsuite"))
    {
        let binary = suite
            .attribute("name")
            .context("a suite of the report has no name")?;
        for case in suite
            .children()
            .filter(|node| node.has_tag_name("testcase"))
        {
            let name = case
                .attribute("name")
                .context("a test of the report has no name")?;
            let name = format!("{binary} {name}");
            let has = |tag: &str| case.children().any(|node| node.has_tag_name(tag));
            let reason = case
                .children()
                .filter(|node| node.has_tag_name("system-out") || node.has_tag_name("system-err"))
                .find_map(|node| skip_reason(node.text().unwrap_or_default()));
            if has("failure") || has("error") {
                tally.failed.push(name.clone());
            } else if let Some(reason) = reason {
                tally.skipped.push(format!("{name} ({reason})"));
            } else if has("skipped") {
                tally.skipped.push(name.clone());
            } else {
                tally.passed += 1;
            }
            seen.insert(name, ());
        }
    }
    let missing = listed
        .to_run
        .into_iter()
        .filter(|name| !seen.contains_key(name));
    tally
        .failed
        .extend(missing.map(|name| format!("{name} (never reported)")));
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed() -> Listed {
        Listed::read(&json!({"rust-suites": {
            "a": {"testcases": {"passes": {"ignored": false}, "fails": {"ignored": false}}},
            "a::it": {"testcases": {
                "asks": {"ignored": false}, "slow": {"ignored": true}, "lost": {"ignored": false},
            }},
        }}))
        .expect("a list")
    }

    #[test]
    fn the_report_is_counted_against_the_list() {
        let xml = r#"<?xml version="1.0"?><testsuites><testsuite name="a">
            <testcase name="passes"><system-out>fine</system-out></testcase>
            <testcase name="fails"><failure type="x"/><system-out>skipped: no</system-out></testcase>
            </testsuite><testsuite name="a::it">
            <testcase name="asks"><system-err>skipped: no anvil</system-err></testcase>
            </testsuite></testsuites>"#;
        let tally = count(listed(), xml).expect("a report");
        assert_eq!(tally.to_string(), "1 passed, 2 failed, 2 skipped");
        assert_eq!(tally.failed, ["a fails", "a::it lost (never reported)"]);
        assert_eq!(
            tally.skipped,
            ["a::it slow (#[ignore])", "a::it asks (skipped: no anvil)"]
        );
    }

    #[test]
    fn a_torn_report_is_an_error() {
        assert!(count(listed(), "<testsuites><testsuite").is_err());
    }
}
