//! `cargo xtask ci`: what must be true before a change is merged.

use anyhow::Result;

use crate::process::{Workspace, stream};
use crate::tally::Tally;
use crate::test;

/// Formatting, lints and documentation, each counted as one check, then every test.
pub(crate) fn run(workspace: &Workspace) -> Tally {
    let mut tally = Tally::default();
    let mut step = |name: &str, args: &[&str], env: &[(&str, &str)]| {
        let outcome: Result<()> = stream(workspace.cargo(args).envs(env.iter().copied()));
        tally.add_runner(
            name,
            outcome.map(|()| Tally {
                passed: 1,
                ..Tally::default()
            }),
        );
    };
    step("format", &["fmt", "--all", "--check"], &[]);
    step(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    );
    step(
        "documentation",
        &["doc", "--workspace", "--no-deps"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    );
    tally.add(test::run(workspace));
    tally
}
