//! Child processes of this very program, and their end.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use alloy_primitives::hex;
use sealift_evm::DEV_ACCOUNTS;
use serde_json::Value;

use crate::failure::{Failure, exit};
use crate::output::Output;

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trigger {
    /// Once this batch, or a later one, is bound to a transaction.
    Batch(u32),
    /// After this many journal records.
    Records(u64),
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended {
    /// It reached its end.
    Done,
    /// It stopped as asked, for the abort to follow.
    Stopped,
    /// SIGKILL; the last batch that was bound, and how many records it had written.
    Killed { batch: Option<u32>, records: u64 },
}

/// This program, on one directory.
pub(crate) struct Sealift {
    dir: PathBuf,
    url: String,
}

impl Sealift {
    pub(crate) fn new(dir: &Path, url: &str) -> Self {
        Self {
            dir: dir.to_owned(),
            url: url.to_owned(),
        }
    }

    fn command(&self, verb: &str) -> Result<Command, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(
                "sealift::demo::program",
                exit::UNEXPECTED,
                "where is this program?",
            )
            .because(&error)
        })?;
        let mut command = Command::new(program);
        command
            .args(["--json", "--rpc", &self.url, "--dir"])
            .arg(&self.dir)
            .arg(verb);
        for (variable, account) in super::KEY_VARIABLES.iter().zip(DEV_ACCOUNTS) {
            command.env(variable, hex::encode(account.key));
        }
        command
            .env_remove("SEALIFT_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        Ok(command)
    }

    /// `sealift plan`.
    pub(crate) fn plan(&self, seed: u64, output: &Output) -> Result<(), Failure> {
        let mut command = self.command("plan")?;
        command.args(["--seed", &seed.to_string()]);
        finish(start(command)?, "plan", &[exit::DONE], output).map(|_| ())
    }

    /// `sealift abort`, to its end.
    pub(crate) fn abort(&self, output: &Output) -> Result<(), Failure> {
        output.say("abort     bringing everything back");
        finish(
            start(self.command("abort")?)?,
            "abort",
            &[exit::DONE],
            output,
        )
        .map(|_| ())
    }

    /// `sealift run`, killed at the trigger; stopped where an abort is to follow.
    pub(crate) fn run(
        &self,
        trigger: Option<Trigger>,
        abort_at: Option<u32>,
        output: &Output,
    ) -> Result<Ended, Failure> {
        let mut command = self.command("run")?;
        let staged = matches!(trigger, Some(Trigger::Batch(_)));
        if let Some(batch) = abort_at {
            let staged = staged || self.is_staged();
            let point = if staged {
                format!("batch:{batch}")
            } else {
                "frozen".to_owned()
            };
            command.args(["--until", &point]);
        }
        let mut child = start(command)?;
        if let (Some(trigger), Some(stdout)) = (trigger, child.stdout.take()) {
            let (mut records, mut batch) = (0, None);
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(event) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                if event["type"] == "record" {
                    records += 1;
                    let bound = event["batch"]
                        .as_u64()
                        .filter(|_| event["record"] == "bound");
                    batch = bound.map_or(batch, |batch| u32::try_from(batch).ok());
                }
                let due = match trigger {
                    Trigger::Batch(wanted) => batch.is_some_and(|batch| batch >= wanted),
                    Trigger::Records(wanted) => records >= wanted,
                };
                if due {
                    // SIGKILL: nothing can be caught, nothing is flushed.
                    let _ = child.kill();
                    let status = child.wait().map_err(|error| lost("run", &error))?;
                    if status.code().is_none() {
                        return Ok(Ended::Killed { batch, records });
                    }
                    return ended(status.code());
                }
            }
        }
        let code = finish(child, "run", &[exit::DONE, exit::INTERRUPTED], output)?;
        ended(Some(i32::from(code)))
    }

    fn is_staged(&self) -> bool {
        let dir = crate::workdir::WorkDir::new(self.dir.clone());
        dir.load_plan()
            .is_ok_and(|plan| plan.lanes.iter().any(|lane| lane.source.is_staged()))
    }
}

fn ended(code: Option<i32>) -> Result<Ended, Failure> {
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(exit::DONE) => Ok(Ended::Done),
        Some(exit::INTERRUPTED) => Ok(Ended::Stopped),
        code => {
            let message = format!("`sealift run` ended with code {code:?}");
            Err(
                Failure::new("sealift::demo::child", exit::UNEXPECTED, message)
                    .next("run it again with --dir, then `sealift run` there by hand"),
            )
        }
    }
}

fn start(mut command: Command) -> Result<Child, Failure> {
    command.spawn().map_err(|error| lost("start", &error))
}

fn lost(verb: &str, error: &std::io::Error) -> Failure {
    let message = format!("the child process `{verb}` is lost");
    Failure::new("sealift::demo::child", exit::UNEXPECTED, message).because(error)
}

/// Waits for the end; a code that is not expected is an error with the child's own words.
fn finish(mut child: Child, verb: &str, expected: &[u8], output: &Output) -> Result<u8, Failure> {
    // Two pipes: drain one in a thread, so that neither fills up.
    let stdout = child.stdout.take();
    let drained = std::thread::spawn(move || {
        let mut error = None;
        for line in stdout
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines().map_while(Result::ok))
        {
            if let Ok(event) = serde_json::from_str::<Value>(&line)
                && event["type"] == "error"
            {
                error = Some(event);
            }
        }
        error
    });
    let mut words = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut words);
    }
    let status = child.wait().map_err(|error| lost(verb, &error))?;
    let _error = drained.join();
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) if expected.contains(&code) => Ok(code),
        code => {
            output.say(words.trim_end());
            let message = format!("`sealift {verb}` ended with code {code:?}; its words are above");
            Err(Failure::new(
                "sealift::demo::child",
                code.unwrap_or(exit::UNEXPECTED),
                message,
            )
            .next("run the demo with --dir, then the command by hand in that directory"))
        }
    }
}
