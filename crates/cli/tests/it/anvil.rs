//! The same against a real anvil, named by `SEALIFT_ANVIL`; `SEALIFT_KILLS` says how often the
//! executor is killed (3 where absent).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use sealift_engine::chain::{At, Chain};
use sealift_rpc::{HttpChain, Options};
use serde_json::Value;

use crate::demo::with_the_zero_address;
use crate::sandbox::{binary, finish};

struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// `None`, said by name, where there is no anvil to test with.
    fn start(test: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("SEALIFT_ANVIL") else {
            eprintln!("{test}: skipped, SEALIFT_ANVIL is not set");
            return None;
        };
        let mut child = Command::new(program)
            .args(["--port", "0", "--hardfork", "osaka", "--accounts", "10"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| {
                line.unwrap()
                    .strip_prefix("Listening on ")
                    .map(str::to_owned)
            })
            .unwrap();
        // Anvil stops when nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            url: format!("http://{url}"),
        })
    }

    fn demo(&self, arguments: &[&str]) -> Value {
        let mut command = binary();
        command.args(["--json", "--rpc", &self.url, "demo", "--holders", "600"]);
        command.args(["--batch-holders", "50"]).args(arguments);
        let said = finish(command).ok();
        said.last()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an undisturbed run on the embedded chain ends in.
fn undisturbed(seed: &str) -> Value {
    let mut command = binary();
    command.args([
        "--json",
        "demo",
        "--holders",
        "600",
        "--kills",
        "0",
        "--seed",
        seed,
    ]);
    finish(command).ok().last()
}

#[test]
fn kills_at_random_end_in_the_same_state() {
    let Some(anvil) = Anvil::start("anvil::kills_at_random_end_in_the_same_state") else {
        return;
    };
    let wanted: u64 = std::env::var("SEALIFT_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let mut kills = 0;
    for round in 0..wanted.max(2) {
        let strategy = if round % 2 == 0 {
            "staged"
        } else {
            "read-through"
        };
        let seed = round.to_string();
        let killed = anvil.demo(&["--strategy", strategy, "--kills", "3", "--seed", &seed]);
        assert_eq!(
            killed["state_digest"],
            undisturbed(&seed)["state_digest"],
            "seed {seed}"
        );
        assert_eq!(killed["phase"], "COMMITTED");
        assert_eq!(killed["mismatches"], 0);
        kills += killed["kills"].as_u64().unwrap();
        if kills >= wanted && round > 0 {
            return;
        }
    }
    panic!("{kills} kills of {wanted}: the runs are over before they are killed");
}

#[test]
fn an_abort_on_anvil_brings_everything_back() {
    let Some(anvil) = Anvil::start("anvil::an_abort_on_anvil_brings_everything_back") else {
        return;
    };
    let summary = anvil.demo(&["--strategy", "staged", "--abort-at", "5"]);
    assert_eq!(summary["phase"], "ABORTED");
    assert_eq!(summary["mismatches"], 0);
}

#[test]
fn a_list_with_the_zero_address_is_migrated_on_anvil() {
    let Some(anvil) = Anvil::start("anvil::a_list_with_the_zero_address_is_migrated_on_anvil")
    else {
        return;
    };
    with_the_zero_address(&["--rpc", &anvil.url, "--strategy", "staged"]);
}

/// A block of anvil from before a migration: the rehearsal on it costs what the migration then did, and sends
/// nothing; the next one needs no anvil.
#[test]
fn a_rehearsal_on_anvil_costs_what_the_run_did() {
    let Some(anvil) = Anvil::start("anvil::a_rehearsal_on_anvil_costs_what_the_run_did") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("migration");
    let path = path.to_str().unwrap();
    let ran = anvil.demo(&["--strategy", "staged", "--kills", "0", "--dir", path]);
    let plan = std::fs::read(dir.path().join("migration/plan.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    let block = &plan["lanes"][0]["snapshot"]["block"]["number"];
    let height = || {
        let chain = HttpChain::connect(&anvil.url, Options::default()).unwrap();
        chain.header(At::Latest).unwrap().unwrap().number
    };
    let before = height();
    let rehearse = |more: &[&str]| {
        let mut command = binary();
        command.args(["--json", "--dir", path, "rehearse", "--faults", "0"]);
        command.args(["--report", path]).args(more);
        let events = finish(command).ok().events();
        let found = events.iter().find(|event| event["type"] == "undisturbed");
        found.unwrap().clone()
    };
    let block = block.to_string();
    let found = rehearse(&["--rpc", &anvil.url, "--block", &block]);
    let (told, real) = (found["all"]["gas"].as_u64(), ran["gas_total"].as_u64());
    let (told, real) = (told.unwrap(), real.unwrap());
    assert!(
        told.abs_diff(real) < 1_000,
        "{told} gas rehearsed, {real} gas used"
    );
    assert_eq!(found["all"]["transactions"], ran["transactions"]);
    assert_eq!(height(), before, "nothing was sent");
    drop(anvil);
    assert_eq!(rehearse(&["--rpc", "http://127.0.0.1:1"]), found);
}
