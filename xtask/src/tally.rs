//! What passed, what failed, what was skipped, and the line that says so.

use std::fmt;
use std::process::ExitCode;

use crate::process::say;

/// The sum of everything that was run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many passed.
    pub(crate) passed: usize,
    /// The names of those that failed.
    pub(crate) failed: Vec<String>,
    /// The names of those that did not run, with the reason when one was given.
    pub(crate) skipped: Vec<String>,
}

impl Tally {
    /// One failure.
    pub(crate) fn failure(name: impl Into<String>) -> Self {
        Self {
            failed: vec![name.into()],
            ..Self::default()
        }
    }

    /// How many were run.
    pub(crate) fn ran(&self) -> usize {
        self.passed + self.failed.len()
    }

    /// Adds `other`.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    /// Adds what a runner found. A runner that broke, or that ran nothing at all, is itself a failure:
    /// otherwise a suite that vanished would look like a suite that passed.
    pub(crate) fn add_runner(&mut self, name: &str, result: anyhow::Result<Self>) {
        match result {
            Ok(tally) if tally.ran() == 0 => {
                say(&format!("{name}: no test ran"));
                self.add(tally);
                self.failed.push(format!("{name}: no test ran"));
            }
            Ok(tally) => {
                say(&format!("{name}: {tally}"));
                self.add(tally);
            }
            Err(error) => {
                say(&format!("{name}: {error:#}"));
                self.failed.push(format!("{name}: {error:#}"));
            }
        }
    }

    /// Names what was skipped and what failed, prints the counting line last, and turns it into an exit code.
    pub(crate) fn finish(&self) -> ExitCode {
        for name in &self.skipped {
            say(&format!("skipped: {name}"));
        }
        for name in &self.failed {
            say(&format!("failed: {name}"));
        }
        say(&self.to_string());
        if self.failed.is_empty() && self.passed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// `N passed, N failed`, with `, N skipped` only when there are any.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed.len())?;
        if !self.skipped.is_empty() {
            write!(f, ", {} skipped", self.skipped.len())?;
        }
        Ok(())
    }
}

/// The reason that a test gave, in its output, for not having run: a line that begins with `skipped`,
/// `skipping` or `skip:`.
pub(crate) fn skip_reason(output: &str) -> Option<&str> {
    output.lines().map(str::trim).find(|line| {
        let word: String = line
            .chars()
            .take_while(|c| c.is_ascii_alphabetic())
            .collect::<String>()
            .to_lowercase();
        match word.as_str() {
            "skipped" | "skipping" => true,
            "skip" => line[word.len()..].starts_with(':'),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(passed: usize, failed: &[&str], skipped: &[&str], line: &str) {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let tally = Tally {
            passed,
            failed: own(failed),
            skipped: own(skipped),
        };
        assert_eq!(tally.to_string(), line);
    }

    #[test]
    fn the_counting_line() {
        check_line(3, &[], &[], "3 passed, 0 failed");
        check_line(3, &["a"], &[], "3 passed, 1 failed");
        check_line(0, &["a", "b"], &["c"], "0 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_runner_that_ran_nothing_failed() {
        let mut tally = Tally {
            passed: 1,
            ..Tally::default()
        };
        tally.add_runner("empty", Ok(Tally::default()));
        tally.add_runner(
            "only skipped",
            Ok(Tally {
                skipped: vec!["x".into()],
                ..Tally::default()
            }),
        );
        tally.add_runner("broken", Err(anyhow::anyhow!("gone")));
        assert_eq!(
            tally.failed,
            [
                "empty: no test ran",
                "only skipped: no test ran",
                "broken: gone"
            ]
        );
        assert_eq!(tally.to_string(), "1 passed, 3 failed, 1 skipped");
    }

    #[track_caller]
    fn check_skip(output: &str, reason: Option<&str>) {
        assert_eq!(skip_reason(output), reason);
    }

    #[test]
    fn a_test_says_that_it_skipped_itself() {
        check_skip(
            "skipped: SEALIFT_ANVIL is not set\n",
            Some("skipped: SEALIFT_ANVIL is not set"),
        );
        check_skip("one\n  SKIPPED no anvil", Some("SKIPPED no anvil"));
        check_skip("Skipping, no node", Some("Skipping, no node"));
        check_skip("skip: no node", Some("skip: no node"));
        check_skip("skip list of 3 levels", None);
        check_skip("nothing was skipped", None);
        check_skip("", None);
    }
}
