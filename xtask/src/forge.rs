//! forge's tests and their JSON.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::process::{Workspace, capture_any, say, spelled};
use crate::tally::Tally;
use crate::tools::Tools;

/// Runs `forge test` and counts.
pub(crate) fn test(workspace: &Workspace, tools: &Tools) -> Result<Tally> {
    let mut command = tools.forge(workspace);
    command.args(["test", "--offline", "--json"]);
    say(&format!("$ {}", spelled(&command)));
    let output = capture_any(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (tally, lines) = read(&text).with_context(|| format!("forge said: {}", tail(&text)))?;
    lines.iter().for_each(|line| say(line));
    if !output.status.success() && tally.failed.is_empty() {
        anyhow::bail!("forge ended with {} though no test failed", output.status);
    }
    Ok(tally)
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..]
        .join("\n")
        .chars()
        .take(2_000)
        .collect()
}

#[derive(Deserialize)]
struct Suite {
    test_results: BTreeMap<String, Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    status: String,
    reason: Option<String>,
    #[serde(default)]
    counterexample: Value,
    #[serde(default)]
    decoded_logs: Vec<String>,
}

/// The tally of forge's JSON, and the lines that a reader wants to see: one a suite, more for a failure.
fn read(text: &str) -> Result<(Tally, Vec<String>)> {
    let start = text.find('{').context("forge printed no JSON")?;
    let suites: BTreeMap<String, Suite> =
        serde_json::from_str(text[start..].trim()).context("forge's JSON was not understood")?;
    let (mut tally, mut lines) = (Tally::default(), Vec::new());
    for (suite, Suite { test_results }) in suites {
        let mut own = Tally::default();
        for (test, outcome) in test_results {
            let name = format!("{suite}::{test}");
            let reason = outcome.reason.as_deref().unwrap_or("no reason given");
            match outcome.status.as_str() {
                "Success" => own.passed += 1,
                "Skipped" => own.skipped.push(format!("{name} ({reason})")),
                _ => {
                    lines.push(format!("FAIL {name}: {reason}"));
                    if !outcome.counterexample.is_null() {
                        lines.push(format!("  counterexample: {}", outcome.counterexample));
                    }
                    lines.extend(outcome.decoded_logs.iter().map(|log| format!("  {log}")));
                    own.failed.push(format!("{name}: {reason}"));
                }
            }
        }
        lines.push(format!("{suite}: {own}"));
        tally.add(own);
    }
    Ok((tally, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_failures_and_skips_are_counted() {
        let text = r#"{"test/A.t.sol:A":{"duration":"1ms","test_results":{
            "test_a()":{"status":"Success","reason":null,"counterexample":null,"decoded_logs":[]},
            "test_b()":{"status":"Failure","reason":"1 != 2","counterexample":{"Single":{}},"decoded_logs":["x"]},
            "test_c()":{"status":"Skipped","reason":"later"}},"warnings":[]}}"#;
        let (tally, lines) = read(text).expect("forge's JSON");
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(tally.failed, ["test/A.t.sol:A::test_b(): 1 != 2"]);
        assert_eq!(tally.skipped, ["test/A.t.sol:A::test_c() (later)"]);
        assert_eq!(
            lines.last().expect("a line a suite"),
            "test/A.t.sol:A: 1 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn output_that_is_not_json_is_an_error() {
        assert!(read("Error: Compiler run failed").is_err());
        assert!(read("{\"test/A.t.sol:A\":").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn no_suites_are_no_tests() {
        assert_eq!(read("{}").expect("empty JSON").0.ran(), 0);
    }
}
