//! `cargo test`: doc tests, and the fallback where cargo-nextest is not installed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::nextest::Env;
use crate::process::{Workspace, say, spelled};
use crate::tally::{Tally, skip_reason};

/// Runs the doc tests of the workspace.
pub(crate) fn doc_test(workspace: &Workspace, env: &Env) -> Result<Tally> {
    run(
        workspace.cargo(["test", "--doc", "--workspace", "--no-fail-fast"]),
        env,
    )
}

/// Runs all other tests of the workspace.
pub(crate) fn test(workspace: &Workspace, env: &Env) -> Result<Tally> {
    run(
        workspace.cargo(["test", "--workspace", "--tests", "--no-fail-fast"]),
        env,
    )
}

fn run(mut command: Command, env: &Env) -> Result<Tally> {
    command
        .args(["--", "--show-output"])
        .envs(env.iter().map(|(name, value)| (*name, value)));
    say(&format!("$ {}", spelled(&command)));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let mut reader = Reader::default();
    let stdout = child.stdout.take().context("cargo test has no stdout")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read the output of cargo test")?;
        if let Some(line) = reader.line(&String::from_utf8_lossy(&line)) {
            say(line);
        }
    }
    let status = child.wait()?;
    let tally = reader.finish()?;
    if !status.success() && tally.failed.is_empty() {
        bail!("cargo test ended with {status} though no test failed");
    }
    Ok(tally)
}

/// Reads libtest's plain output line by line.
#[derive(Default)]
struct Reader {
    tally: Tally,
    /// A binary has announced this many tests and not yet its result.
    announced: Option<usize>,
    /// Name and output of the test whose section is being read, and whether the test succeeded.
    section: Option<(String, String)>,
    in_successes: bool,
    in_failures: bool,
    self_skipped: usize,
}

impl Reader {
    /// Takes a line; gives it back when a reader should see it: the output of successes is not shown.
    fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if let Some(count) = line
            .strip_prefix("running ")
            .and_then(|rest| rest.split(' ').next())
        {
            if let Ok(count) = count.parse() {
                if self.announced.is_some() {
                    self.died();
                }
                self.announced = Some(count);
            }
        } else if line == "successes:" || line == "failures:" {
            self.end_section();
            self.in_successes = line == "successes:";
            self.in_failures = !self.in_successes;
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            self.end_section();
            (self.in_successes, self.in_failures) = (false, false);
            self.result(rest);
        } else if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|l| l.strip_suffix(" stdout ----"))
        {
            self.end_section();
            self.section = Some((name.to_owned(), String::new()));
        } else if let Some((_, output)) = &mut self.section {
            output.push_str(line);
            output.push('\n');
        } else if let Some(rest) = line.strip_prefix("test ") {
            if let Some(name) = rest.strip_suffix(" ... FAILED") {
                self.tally.failed.push(name.to_owned());
            } else if let Some((name, _)) = rest.split_once(" ... ignored") {
                self.tally.skipped.push(format!("{name} (#[ignore])"));
            }
        }
        (!self.in_successes).then_some(line)
    }

    fn end_section(&mut self) {
        if let Some((name, output)) = self.section.take()
            && self.in_successes
            && let Some(reason) = skip_reason(&output)
        {
            self.self_skipped += 1;
            self.tally.skipped.push(format!("{name} ({reason})"));
        }
    }

    /// `ok. 3 passed; 0 failed; 0 ignored; ..`
    fn result(&mut self, rest: &str) {
        let passed = rest
            .split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(" passed"))
            .and_then(|count| count.parse::<usize>().ok());
        match passed {
            Some(passed) => self.tally.passed += passed,
            None => self
                .tally
                .failed
                .push(format!("libtest's result was not understood: {rest}")),
        }
        self.announced = None;
    }

    fn died(&mut self) {
        self.tally
            .failed
            .push("a test binary ended before its result".to_owned());
    }

    fn finish(mut self) -> Result<Tally> {
        if self.announced.is_some() {
            self.died();
        }
        let Some(passed) = self.tally.passed.checked_sub(self.self_skipped) else {
            bail!("libtest's output contradicts itself");
        };
        self.tally.passed = passed;
        Ok(self.tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, line: &str, failed: &[&str], skipped: &[&str]) {
        let mut reader = Reader::default();
        for line in output.lines() {
            reader.line(line.trim_start());
        }
        let tally = reader.finish().expect("consistent output");
        assert_eq!(
            (
                tally.to_string().as_str(),
                &tally.failed[..],
                &tally.skipped[..]
            ),
            (
                line,
                &failed.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                &skipped.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
            )
        );
    }

    #[test]
    fn two_binaries_are_summed() {
        check(
            "running 2 tests
            test a ... ok
            test b ... ignored, slow
            test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
            running 2 tests
            test c ... ok
            test d ... FAILED
            failures:
            ---- d stdout ----
            skipped: never
            failures:
                d
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
            "2 passed, 1 failed, 1 skipped",
            &["d"],
            &["b (#[ignore])"],
        );
    }

    #[test]
    fn a_test_that_skipped_itself_did_not_pass() {
        check(
            "running 2 tests
            test a ... ok
            test b ... ok
            successes:
            ---- b stdout ----
            skipped: no anvil
            successes:
                a
                b
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "1 passed, 0 failed, 1 skipped",
            &[],
            &["b (skipped: no anvil)"],
        );
    }

    #[test]
    fn a_binary_that_died_is_a_failure() {
        check(
            "running 2 tests\ntest a ... ok",
            "0 passed, 1 failed",
            &["a test binary ended before its result"],
            &[],
        );
    }
}
