//! `cargo xtask test`: everything that must be true of a commit.

use crate::process::{Workspace, say};
use crate::tally::Tally;
use crate::{contracts, forge, libtest, nextest, tidy, tools};

/// Runs every suite. A suite that fails does not stop the ones after it.
pub(crate) fn run(workspace: &Workspace) -> Tally {
    let mut tally = Tally::default();
    let mut env = Vec::new();
    match tools::install(workspace) {
        Ok(tools) => {
            tally.add_runner("artifacts", contracts::fresh(workspace, &tools));
            tally.add_runner("forge", forge::test(workspace, &tools));
            env.push(("SEALIFT_FORGE", tools.forge));
            env.push(("SEALIFT_ANVIL", tools.anvil));
            env.push(("SEALIFT_CAST", tools.cast));
        }
        Err(error) => tally.add_runner("tools", Err(error)),
    }
    if nextest::installed(workspace) {
        tally.add_runner("rust", nextest::test(workspace, &env));
    } else {
        tally.add_runner("rust", libtest::test(workspace, &env));
    }
    match libtest::doc_test(workspace, &env) {
        Ok(found) if found.ran() == 0 && !tidy::documents_by_example(workspace) => {
            say("doc tests: there are none");
        }
        found => tally.add_runner("doc tests", found),
    }
    tally.add(tidy::run(workspace));
    tally
}
