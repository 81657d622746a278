//! `sealift check` through the binary, with what a user has: a state dump and a broadcast file.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::sandbox::Sandbox;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../corpus")
        .join(name)
}

fn sealift(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealift"))
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap()
}

fn check(case: &Path, more: &[&str]) -> Output {
    let (state, script) = (case.join("state.json"), case.join("run-latest.json"));
    let mut arguments = vec![
        "check",
        "--state",
        state.to_str().unwrap(),
        "--script",
        script.to_str().unwrap(),
    ];
    arguments.extend(more);
    sealift(&arguments)
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap()
}

/// Selectors and argument types come from the bytecode alone, and the attack is found.
#[test]
fn a_dump_and_a_broadcast_are_enough() {
    let dir = tempfile::tempdir().unwrap();
    let out = check(
        &case("broken/01-stax-hostile-source"),
        &["--report", dir.path().to_str().unwrap()],
    );
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(20), "{text}");
    assert!(text.contains("FAIL LOST  2 steps, 1 fault"), "{text}");
    assert!(text.contains("account a stranger   entitled 0"), "{text}");
    assert_eq!(report(dir.path())["verdict"], "LOST");
    let page = std::fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(
        page.contains("LOST") && !page.contains("src="),
        "one page, nothing loaded"
    );
}

#[test]
fn a_sound_migration_passes() {
    let dir = tempfile::tempdir().unwrap();
    let out = check(
        &case("sound/02-burn-and-call-agent"),
        &["--report", dir.path().to_str().unwrap()],
    );
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stdout)
    );
    assert_eq!(report(dir.path())["pass"], true);
}

/// A run that is out of budget finds nothing, and is no pass.
#[test]
fn a_limit_is_no_pass() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--states", "50", "--report", dir.path().to_str().unwrap()];
    let out = check(&case("sound/02-burn-and-call-agent"), &more);
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{text}");
    assert!(text.contains("UNKNOWN"), "{text}");
}

/// The shards of a check, joined, have the verdict and the sites of the whole.
#[test]
fn shards_join_to_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let folder = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let case = case("broken/05-shido-lock-then-claim");
    check(&case, &["--report", &folder("whole")]);
    let mut reports = Vec::new();
    for shard in ["1/2", "2/2"] {
        let name = folder(&shard.replace('/', "-"));
        check(&case, &["--shard", shard, "--report", &name]);
        reports.push(format!("{name}/report.json"));
    }
    let out = sealift(&[
        "check",
        "merge",
        &reports[0],
        &reports[1],
        "--report",
        &folder("joined"),
    ]);
    assert_eq!(
        out.status.code(),
        Some(20),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let (whole, joined) = (
        report(&dir.path().join("whole")),
        report(&dir.path().join("joined")),
    );
    assert_eq!(whole["verdict"], joined["verdict"]);
    assert_eq!(whole["coverage"], joined["coverage"]);
    assert_eq!(whole["findings"][0]["id"], joined["findings"][0]["id"]);
    let out = sealift(&["check", "merge", &reports[0], &reports[0]]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("shard 0 of 2 is there 2 times"));
}

#[test]
fn a_finding_replays() {
    let dir = tempfile::tempdir().unwrap();
    let case = case("broken/05-shido-lock-then-claim");
    check(&case, &["--report", dir.path().to_str().unwrap()]);
    let id = report(dir.path())["findings"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (one, two) = (
        check(&case, &["--replay", &id]),
        check(&case, &["--replay", &id]),
    );
    assert_eq!(one.status.code(), Some(20));
    assert_eq!(one.stdout, two.stdout);
    assert!(String::from_utf8_lossy(&one.stdout).contains("DOUBLE-COUNTED"));
    let out = check(&case, &["--replay", "ffffff"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("sealift::check::replay"));
}

/// Wrong files are named, with the place, before anything is written.
#[test]
fn wrong_files() {
    let dir = tempfile::tempdir().unwrap();
    let right = case("broken/05-shido-lock-then-claim");
    let (state, script) = (right.join("state.json"), right.join("run-latest.json"));
    let other = case("sound/11-merkle-bitmap").join("run-latest.json");
    let half = dir.path().join("half.json");
    std::fs::write(&half, "{\n").unwrap();
    let toml = dir.path().join("check.toml");
    std::fs::write(&toml, "[playbook]\nresume = [\"guess\"]\n").unwrap();
    let [state, script, other, half, toml] =
        [&state, &script, &other, &half, &toml].map(|path| path.to_str().unwrap().to_owned());
    for (arguments, code) in [
        (
            vec!["--state", &script, "--script", &script],
            "sealift::check::state",
        ),
        (
            vec!["--state", &state, "--script", &half],
            "sealift::check::script",
        ),
        (
            vec!["--state", &state, "--script", &other],
            "sealift::check::undisturbed",
        ),
        (
            vec!["--state", &state, "--script", &script, "--config", &toml],
            "sealift::check::choice",
        ),
        (vec!["--state", &state], "sealift::check::subject"),
    ] {
        let report = dir.path().join("none");
        let all: Vec<&str> = [
            &["check", "--report", report.to_str().unwrap()][..],
            &arguments,
        ]
        .concat();
        let out = sealift(&all);
        let text = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(code), "{arguments:?}: {text}");
        assert!(!report.exists(), "{arguments:?}");
    }
}

/// Where no claim can be moved at either end, there is nothing to judge, and that is no pass.
#[test]
fn claims_that_nobody_can_move() {
    let dir = tempfile::tempdir().unwrap();
    let (toml, report) = (dir.path().join("check.toml"), dir.path().join("none"));
    let tokens = [
        ("legacy", "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
        ("successor", "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"),
    ];
    let claims = tokens.map(|(side, token)| {
        format!(
            "[[claim]]\nname = \"{side}\"\ncontract = \"{token}\"\nview = \"balanceOf(address)\"\nside = \"{side}\"\nexit = \"burn(address,uint256)\"\nexit_args = [\"$account\", \"$amount\"]\n"
        )
    });
    std::fs::write(&toml, claims.concat()).unwrap();
    let [toml, report] = [&toml, &report].map(|path| path.to_str().unwrap().to_owned());
    let more = ["--config", &toml, "--report", &report];
    let out = check(&case("sound/24-frozen-before-the-run"), &more);
    let text = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(text.contains("nobody is due anything"), "{text}");
    assert!(!Path::new(&report).exists());
}

/// What people hold of a token that the script leaves alone says nothing of the migration, and is not judged.
#[test]
fn claims_that_nothing_shows() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("none");
    let more = ["--report", report.to_str().unwrap()];
    let out = check(
        &case("broken/11-pickle-controller-before-withdrawal"),
        &more,
    );
    let text = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(text.contains("the script moves no claim"), "{text}");
    assert!(text.contains("[[claim]] in check.toml"), "{text}");
    assert!(text.contains("whose that is was not found"), "{text}");
    assert!(!report.exists());
    // Where something is judged, what is not is named, and is no pass.
    let out = check(
        &case("broken/12-badger-rewards-left-behind"),
        &["--report", dir.path().to_str().unwrap()],
    );
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains(".custody: it gives "), "{text}");
    assert!(text.contains("FAIL VACUOUS"), "{text}");
    assert!(text.contains("declare whose it is"), "{text}");
}

/// Where a few units lack that may have been rounded away, the help says how to allow for them.
#[test]
fn a_few_units_may_be_rounding() {
    let dir = tempfile::tempdir().unwrap();
    let toml = dir.path().join("check.toml");
    std::fs::write(&toml, "[goal]\ntolerance = 0\n").unwrap();
    let [toml, folder] = [toml.as_path(), dir.path()].map(|path| path.to_str().unwrap().to_owned());
    let more = ["--config", &toml, "--report", &folder];
    let out = check(&case("sound/32-shares-that-round"), &more);
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(20), "{text}");
    assert!(text.contains("tolerance = 1 under [goal]"), "{text}");
}

/// Each finding is a test of the user's own suite; what cannot be one is named.
#[test]
fn findings_become_forge_tests() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, tests) = (dir.path().join("report"), dir.path().join("test"));
    let more = [
        "--report",
        folder.to_str().unwrap(),
        "--emit-forge",
        tests.to_str().unwrap(),
    ];
    let out = check(&case("broken/05-shido-lock-then-claim"), &more);
    assert_eq!(out.status.code(), Some(20));
    let count = report(&folder)["findings"].as_array().unwrap().len();
    let names: Vec<String> = std::fs::read_dir(&tests)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let written = names.iter().filter(|name| name.ends_with(".t.sol")).count();
    let refused = String::from_utf8_lossy(&out.stderr)
        .matches("forge test: none for")
        .count();
    assert!(written > 0, "{names:?}");
    assert_eq!(written + refused, count);
    assert!(
        names.contains(&"sealift-allocs.json".to_owned()),
        "{names:?}"
    );
}

/// A plan of our own, as `sealift plan` wrote it: every single fault of it, with the driver of production.
#[test]
fn a_plan_of_our_own() {
    let sandbox = Sandbox::new(6);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    let plan = sandbox.file("plan.json");
    let report_dir = sandbox.file("report");
    let (plan, folder) = (plan.to_str().unwrap(), report_dir.to_str().unwrap());
    let said = sandbox
        .sealift(&[
            "check", "--plan", plan, "--shard", "1/8", "--report", folder,
        ])
        .ok();
    assert_eq!(said.last()["verdict"], "SAFE");
    assert!(said.last()["scenarios"].as_u64().unwrap() > 50);
    assert_eq!(report(&report_dir)["stand_in"], true);
    let said = sandbox
        .sealift(&[
            "check",
            "--plan",
            plan,
            "--replay",
            "executor.crash-after@12",
        ])
        .ok();
    assert_eq!(said.last()["finding"]["verdict"], "SAFE");
    assert_eq!(said.last()["finding"]["id"], "executor.crash-after@12");
    let error = sandbox
        .sealift(&["check", "--plan", plan, "--replay", "nonsense"])
        .error(2);
    assert_eq!(error, "sealift::check::plan");
}

/// The parts of a check of a plan, joined, are the whole; what does not belong together is refused.
#[test]
fn parts_of_a_plan_join_to_the_whole() {
    let sandbox = Sandbox::new(6);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    let folder = |name: &str| sandbox.file(name).to_str().unwrap().to_owned();
    let plan = folder("plan.json");
    let check = |name: &str, seed: &str, more: &[&str]| {
        let fixed = [
            "check",
            "--plan",
            &plan,
            "--faults",
            "0",
            "--scenarios",
            "9",
        ];
        let named = ["--seed", seed, "--report", &folder(name)];
        sandbox.sealift(&[&fixed[..], &named, more].concat()).ok();
        folder(&format!("{name}/report.json"))
    };
    check("whole", "5", &[]);
    let one = check("one", "5", &["--shard", "1/2"]);
    let two = check("two", "5", &["--shard", "2/2"]);
    let other = check("other", "6", &["--shard", "2/2"]);
    let said = sandbox
        .sealift(&["check", "merge", &two, &one, "--report", &folder("joined")])
        .ok();
    assert_eq!(said.last()["verdict"], "SAFE");
    assert_eq!(said.last()["scenarios"], 9);
    let whole = report(&sandbox.file("whole"));
    assert_eq!(report(&sandbox.file("joined")), whole);
    for wrong in [&[&one][..], &[&one, &one], &[&one, &other]] {
        let command = ["check".to_owned(), "merge".to_owned()];
        let words: Vec<&str> = command
            .iter()
            .chain(wrong.iter().copied())
            .map(String::as_str)
            .collect();
        assert_eq!(sandbox.sealift(&words).error(2), "sealift::check::merge");
    }
}
