//! Bad input: refused before anything is sent, by a code, with the place and the next step.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_engine::contracts::Call;
use sealift_evm::{Config, DEV_ACCOUNTS};

use crate::sandbox::{LEGACY_OWNER, LegacyToken, Sandbox, finish};

const A: &str = "0x00000000000000000000000000000000000000aa";
const B: &str = "0x00000000000000000000000000000000000000bb";

#[track_caller]
fn csv(rows: &str, code: &str, line: u64) {
    let sandbox = Sandbox::new(2);
    sandbox.configure("", "");
    std::fs::write(sandbox.file("holders.csv"), rows).unwrap();
    let said = sandbox.sealift(&["plan"]);
    assert_eq!(said.error(2), code, "{rows}");
    let place = format!("holders.csv:{line}");
    assert!(
        said.stderr.contains(&place),
        "{place} is not named: {}",
        said.stderr
    );
    assert!(!sandbox.file("plan.json").exists());
}

#[test]
fn rows() {
    let after = |row: &str| format!("holder,balance\n{A},1\n{row}\n");
    csv("account,amount\n", "sealift::csv::header", 1);
    csv("holder,balance\n", "sealift::csv::empty", 2);
    csv(&after(""), "sealift::csv::columns", 3);
    csv(&after(&format!("{B},1,2")), "sealift::csv::columns", 3);
    csv(&after("0x12,1"), "sealift::csv::address", 3);
    let wrong = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    csv(&after(&format!("{wrong},1")), "sealift::csv::checksum", 3);
    csv(&after(&format!("{B},1.5")), "sealift::csv::amount", 3);
    csv(&after(&format!("{B},0")), "sealift::csv::zero", 3);
    csv(&after(&format!("{A},1")), "sealift::csv::duplicate", 3);
    csv(
        &after(&format!("{B},{}", U256::MAX)),
        "sealift::csv::sum_overflow",
        3,
    );
    csv(&after(&"x".repeat(2_000)), "sealift::csv::line_too_long", 3);
}

#[track_caller]
fn toml(text: &str, code: &str, place: &str) {
    let sandbox = Sandbox::new(1);
    std::fs::write(sandbox.file("sealift.toml"), text).unwrap();
    let said = sandbox.sealift(&["plan"]);
    assert_eq!(said.error(2), code, "{text}");
    assert!(
        said.stderr.contains(place),
        "{place} is not named: {}",
        said.stderr
    );
}

#[test]
fn configuration() {
    let roles = format!("[migration]\nowner = \"{A}\"\noperator = \"{A}\"\nguardian = \"{A}\"\n");
    let lane = format!("[[lane]]\nlegacy = \"{A}\"\nholders = \"holders.csv\"\n");
    let syntax = "sealift::config::syntax";
    toml(
        &format!("{roles}ownr = 1\n{lane}"),
        syntax,
        "sealift.toml:5:1",
    );
    toml(
        &format!("{roles}deadline = \"soon\"\n{lane}"),
        syntax,
        "sealift.toml:5:12",
    );
    toml(
        &format!("{roles}{lane}strategy = \"magic\"\n"),
        syntax,
        "sealift.toml:8:12",
    );
    toml(
        &format!("{roles}[keys]\nowner = \"secret\"\n{lane}"),
        syntax,
        "sealift.toml:6:9",
    );
    toml(&roles, syntax, "sealift.toml");
    toml(
        &format!("{roles}{lane}amounts = \"chain\"\n"),
        "sealift::config::amounts",
        "sealift.toml",
    );
    toml(
        &format!("[chain]\nrpc = \"https://node.example/v3/0123456789abcdef0\"\n{roles}{lane}"),
        "sealift::config::secret_url",
        "sealift.toml:2",
    );
    let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    for literal in [
        format!("owner = \"0x{key}\""),
        format!("owner = {{ env = \"{key}\" }}"),
        format!("owner = {{ key = '{key}' }}"),
    ] {
        let sandbox = Sandbox::new(1);
        let text = format!("{roles}[keys]\n{literal}\n{lane}");
        std::fs::write(sandbox.file("sealift.toml"), text).unwrap();
        let said = sandbox.sealift(&["plan"]);
        assert_eq!(said.error(2), "sealift::config::private_key");
        assert!(
            !format!("{said:?}").contains(key),
            "the key is repeated: {said:#?}"
        );
        assert!(said.stderr.contains("sealift.toml:6"), "{}", said.stderr);
    }
}

#[test]
fn the_template_is_valid_and_never_written_over() {
    let sandbox = Sandbox::new(1);
    sandbox.sealift(&["init"]).ok();
    let written = std::fs::read(sandbox.file("sealift.toml")).unwrap();
    assert_eq!(sandbox.sealift(&["init"]).error(2), "sealift::init::exists");
    assert_eq!(
        std::fs::read(sandbox.file("sealift.toml")).unwrap(),
        written
    );
    // Parsed as a whole: what stops it is the missing node behind the example's URL, or its roles.
    let said = sandbox.sealift(&["--rpc", &sandbox.url, "plan"]);
    assert_eq!(said.error(2), "sealift::plan::request");
}

#[test]
fn a_list_that_does_not_add_up() {
    let sandbox = Sandbox::new(3);
    sandbox.configure("", "");
    sandbox.write_list(&sandbox.holders[..2]);
    let said = sandbox.sealift(&["plan"]);
    assert_eq!(said.error(22), "sealift::plan::sum");
    assert!(said.stderr.contains("1002 is missing"), "{}", said.stderr);

    let mut rows = sandbox.holders.clone();
    (rows[0].1, rows[1].1) = (rows[1].1, rows[0].1);
    sandbox.write_list(&rows);
    assert_eq!(
        sandbox.sealift(&["plan"]).error(22),
        "sealift::plan::stale_list"
    );
}

#[test]
fn a_token_that_cannot_be_frozen() {
    let sandbox = Sandbox::new(2);
    let renounce = LegacyToken::renounceOwnershipCall {}.abi_encode();
    sandbox.send(
        LEGACY_OWNER,
        Call {
            to: sandbox.legacy,
            data: renounce.into(),
        },
    );
    sandbox.configure("", "");
    assert_eq!(
        sandbox.sealift(&["plan"]).error(2),
        "sealift::legacy::not_exclusive"
    );

    let text = std::fs::read_to_string(sandbox.file("sealift.toml")).unwrap();
    let nobody = text.replace(&sandbox.legacy.to_string(), A);
    std::fs::write(sandbox.file("sealift.toml"), nobody).unwrap();
    assert_eq!(
        sandbox.sealift(&["plan"]).error(2),
        "sealift::legacy::missing"
    );
}

#[test]
fn chains() {
    let sandbox = Sandbox::new(2);
    sandbox.configure("", "");
    let text = std::fs::read_to_string(sandbox.file("sealift.toml")).unwrap();
    let other = text.replace("[chain]\n", "[chain]\nchain_id = 1\n");
    std::fs::write(sandbox.file("sealift.toml"), other).unwrap();
    assert_eq!(
        sandbox.sealift(&["plan"]).error(22),
        "sealift::chain::other_id"
    );

    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    let other = Sandbox::with(
        2,
        Config {
            chain_id: 31_337,
            genesis_secs: 5,
            ..Config::default()
        },
    );
    let said = sandbox.sealift(&["--rpc", &other.url, "run"]);
    assert_eq!(said.error(22), "sealift::chain::other_genesis");
    let said = sandbox.sealift(&["--rpc", "http://127.0.0.1:9", "run"]);
    assert_eq!(said.error(40), "sealift::rpc::unreachable");

    // The same genesis, and nothing at the legacy address.
    let (url, _server) = Sandbox::empty_chain();
    let said = sandbox.sealift(&["--rpc", &url, "run"]);
    assert_eq!(said.error(22), "sealift::chain::other_code");
}

#[test]
fn plans() {
    let sandbox = Sandbox::new(3);
    assert_eq!(sandbox.sealift(&["run"]).error(2), "sealift::plan::missing");
    let nowhere = crate::sandbox::finish(sandbox.command_in(&sandbox.file("none"), &["run"]));
    assert_eq!(nowhere.error(2), "sealift::dir::missing");
    sandbox.configure("", "");
    sandbox.sealift(&["plan", "--seed", "1"]).ok();
    let first = std::fs::read_to_string(sandbox.file("plan.json")).unwrap();
    sandbox.sealift(&["show"]).ok();

    let edit = |text: String| std::fs::write(sandbox.file("plan.json"), text).unwrap();
    edit(first.replace("\"materialize\":false", "\"materialize\": false"));
    assert_eq!(
        sandbox.sealift(&["run"]).error(22),
        "sealift::plan::changed"
    );
    let owner = DEV_ACCOUNTS[0].address.to_string().to_lowercase();
    assert!(first.contains(&owner));
    edit(first.replace(&owner, A));
    assert_eq!(
        sandbox.sealift(&["run"]).error(22),
        "sealift::plan::other_contracts"
    );
    edit("{}".into());
    assert_eq!(sandbox.sealift(&["run"]).error(22), "sealift::plan::syntax");

    edit(first.clone());
    let list = std::fs::read(sandbox.file("holders-0.parquet")).unwrap();
    sandbox.write_list(&[(Address::with_last_byte(1), 3_003)]);
    let other = Sandbox::new(1);
    other.configure("", "");
    other.sealift(&["plan"]).ok();
    std::fs::copy(
        other.file("holders-0.parquet"),
        sandbox.file("holders-0.parquet"),
    )
    .unwrap();
    assert_eq!(
        sandbox.sealift(&["run"]).error(22),
        "sealift::plan::other_list"
    );
    std::fs::write(sandbox.file("holders-0.parquet"), list).unwrap();

    sandbox.write_list(&sandbox.holders);
    sandbox.sealift(&["run"]).ok();
    assert_eq!(sandbox.sealift(&["plan"]).error(2), "sealift::plan::in_use");
    // Another plan beside this journal.
    edit(first.replace("\"max_freeze_secs\":21600", "\"max_freeze_secs\":21601"));
    assert_eq!(
        sandbox.sealift(&["run"]).error(22),
        "sealift::journal::other_binding"
    );
}

#[test]
fn a_stale_deadline_stops_before_anything_is_opened() {
    let sandbox = Sandbox::new(2);
    sandbox.configure("", "");
    sandbox.sealift(&["plan"]).ok();
    sandbox.chain.advance(8 * 86_400);
    sandbox.chain.mine();
    assert_eq!(
        sandbox.sealift(&["run"]).error(22),
        "sealift::halt::stale_deadline"
    );
    sandbox.is_back();
}

#[test]
fn usage() {
    let sandbox = Sandbox::new(1);
    let said = finish(sandbox.command(&["run", "--until", "tomorrow"]));
    assert_eq!(said.code, 2);
    let said = finish(sandbox.command(&["demo", "--kill-at", "3"]));
    assert_eq!(said.error(2), "sealift::demo::kill_at");
}
