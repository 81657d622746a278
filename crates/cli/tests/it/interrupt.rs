//! Ctrl-C, and two executors at once.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::sandbox::{Sandbox, finish, said};

fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Starts a run whose blocks never come, and reads on until a phase is told.
fn start_stuck(sandbox: &Sandbox, until: &str) -> Child {
    let mut command = sandbox.command(&["run"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let found = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(until)));
    assert!(found.is_some(), "the run ended before {until}");
    child
}

#[test]
fn ctrl_c_settles_and_the_run_resumes() {
    let sandbox = Sandbox::new(40);
    sandbox.configure(
        "strategy = \"staged\"",
        "[limits]\nbatch_holders = 4\nwindow = 1\n",
    );
    sandbox.sealift(&["plan"]).ok();
    let child = start_stuck(&sandbox, "\"stage lane 0 batch 3\"");
    interrupt(&child);
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:#?}");
    assert!(
        said.stderr.contains(" run"),
        "the resume command is not named: {}",
        said.stderr
    );

    sandbox.sealift(&["run"]).ok();
    let verified = sandbox.sealift(&["verify"]).ok();
    assert_eq!(verified.last()["mismatches"], 0);
    assert_eq!(verified.last()["phase"], "COMMITTED");
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let sandbox = Sandbox::new(4);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    sandbox
        .chain
        .node_mut()
        .set_mining(sealift_evm::Mining::Manual);
    let child = start_stuck(&sandbox, "\"offered\"");
    interrupt(&child);
    std::thread::sleep(std::time::Duration::from_millis(300));
    interrupt(&child);
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:#?}");
    assert!(said.stderr.contains("resume with"), "{}", said.stderr);

    sandbox
        .chain
        .node_mut()
        .set_mining(sealift_evm::Mining::Auto);
    sandbox.chain.mine();
    sandbox.sealift(&["run"]).ok();
    sandbox.sealift(&["verify"]).ok();
}

#[test]
fn a_second_executor_is_refused() {
    let sandbox = Sandbox::new(4);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    sandbox
        .chain
        .node_mut()
        .set_mining(sealift_evm::Mining::Manual);
    let mut first = start_stuck(&sandbox, "\"offered\"");
    for verb in ["run", "abort"] {
        let said = sandbox.sealift(&[verb]);
        assert_eq!(said.error(50), "sealift::lock::held");
        assert!(
            said.stderr.contains(&format!("process {}", first.id())),
            "{}",
            said.stderr
        );
    }
    // Another directory does not make it another account.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["plan.json", "sealift.toml", "holders-0.parquet"] {
        std::fs::copy(sandbox.file(name), elsewhere.path().join(name)).unwrap();
    }
    let second = sandbox.command_in(elsewhere.path(), &["run"]);
    assert_eq!(finish(second).error(50), "sealift::lock::account");
    // Looking is allowed.
    sandbox.sealift(&["status"]).ok();
    first.kill().unwrap();
    first.wait().unwrap();
    sandbox
        .chain
        .node_mut()
        .set_mining(sealift_evm::Mining::Auto);
    sandbox.chain.mine();
    sandbox.sealift(&["run"]).ok();
}
