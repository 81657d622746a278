//! `sealift abort`: the same driver, asked to go back.

use crate::args::{AbortOptions, Global};
use crate::commands::run::{Task, execute};
use crate::failure::Failure;
use crate::output::Output;

/// Brings everything back. After the deadline any key will do, and neither journal nor lists are
/// needed: plan.json and a node are enough.
pub(crate) fn run(global: &Global, options: &AbortOptions, output: &Output) -> Result<u8, Failure> {
    let task = Task {
        abort: true,
        until: None,
        key_env: options.key_env.as_deref(),
    };
    execute(global, task, output)
}
