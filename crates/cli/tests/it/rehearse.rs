//! `sealift rehearse`: from a dump, through a node, and from what the last rehearsal has read.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, U256, hex};
use sealift_evm::{CREATE2_DEPLOYER, DEV_ACCOUNTS, Snapshot};
use serde_json::{Value, json};

use crate::sandbox::{LEGACY_OWNER, Said, Sandbox};

const STAGED: &str = "strategy = \"staged\"";

/// Nobody listens there; the path is what a provider's key looks like.
const NOWHERE: &str = "http://127.0.0.1:1/v3/0123456789abcdef0123456789abcdef";

fn planned(holders: u64, strategy: &str) -> Sandbox {
    let sandbox = Sandbox::new(holders);
    sandbox.configure(strategy, "");
    sandbox.sealift(&["plan"]).ok();
    sandbox
}

/// The chain as `{block, accounts}`; without one account where asked for.
fn dump(sandbox: &Sandbox, file: &Path, without: Option<Address>) {
    let node = sandbox.chain.node();
    let (state, head) = (node.state(), &node.head().header);
    let mut storage: BTreeMap<Address, BTreeMap<U256, U256>> = BTreeMap::new();
    for (address, slot, word) in state.words() {
        storage.entry(address).or_default().insert(slot, word);
    }
    let accounts = state
        .accounts()
        .filter(|(address, _)| Some(*address) != without);
    let accounts: BTreeMap<Address, Value> = accounts
        .map(|(address, account)| {
            let code = state.code(account.code_hash).original_bytes();
            let value = json!({
                "nonce": account.nonce, "balance": account.balance, "code": code,
                "storage": storage.remove(&address).unwrap_or_default(),
            });
            (address, value)
        })
        .collect();
    assert!(accounts.contains_key(&CREATE2_DEPLOYER));
    let state = json!({
        "block": {
            "number": head.number, "timestamp": head.timestamp, "gas_limit": head.gas_limit,
        },
        "accounts": accounts,
    });
    std::fs::write(file, state.to_string()).unwrap();
}

/// A rehearsal whose report goes beside the plan.
fn rehearse(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    let folder = sandbox.file("report");
    let mut all = vec!["rehearse", "--report", folder.to_str().unwrap()];
    all.extend(arguments);
    sandbox.sealift(&all)
}

fn undisturbed(said: &Said) -> Value {
    let events = said.events();
    let found = events.iter().find(|event| event["type"] == "undisturbed");
    found.unwrap_or_else(|| panic!("{said:#?}")).clone()
}

fn gas(value: &Value) -> u64 {
    value["all"]["gas"].as_u64().unwrap()
}

fn height(sandbox: &Sandbox) -> u64 {
    sandbox.chain.node().head().header.number
}

#[test]
fn a_state_file_is_rehearsed() {
    let sandbox = planned(6, STAGED);
    let state = sandbox.file("state.json");
    dump(&sandbox, &state, None);
    let arguments = ["--state", state.to_str().unwrap(), "--faults", "0"];
    let said = rehearse(&sandbox, &arguments).ok();
    let found = undisturbed(&said);
    let phases = found["phases"].as_object().unwrap();
    let names: Vec<&str> = phases.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["commit", "freeze", "prepare", "seal", "stage", "tails"]
    );
    let sum = |what: &str| -> u64 {
        let numbers = phases.values().map(|phase| phase[what].as_u64().unwrap());
        numbers.sum()
    };
    assert_eq!((sum("gas"), sum("transactions")), (gas(&found), 10));
    // 1 gwei, for a state has no price, and it is said.
    assert!(
        said.stderr.contains("gas price 1 gwei, a default"),
        "{said:#?}"
    );
    let cost: u128 = found["all"]["cost_wei"].as_str().unwrap().parse().unwrap();
    assert_eq!(cost, u128::from(gas(&found)) * 1_000_000_000);
    assert_eq!(
        found["frozen_secs"],
        12 * found["frozen_blocks"].as_u64().unwrap()
    );
    assert_eq!(said.last()["verdict"], "SAFE");
    assert!(sandbox.file("report/rehearsal.json").exists());
    assert!(
        !sandbox.file("rehearsal-state.json").exists(),
        "a state file needs no copy"
    );
}

/// Finality is what a freeze takes: longer blocks, and more of them.
#[test]
fn the_freeze_follows_blocks_and_finality() {
    let sandbox = planned(6, STAGED);
    let freeze = |arguments: &[&str]| {
        let arguments = [&["--faults", "0"], arguments].concat();
        let found = undisturbed(&rehearse(&sandbox, &arguments).ok());
        let [blocks, secs] = ["frozen_blocks", "frozen_secs"].map(|key| found[key].as_u64());
        (blocks.unwrap(), secs.unwrap(), gas(&found))
    };
    let (short, short_secs, cost) = freeze(&["--finality", "1", "--block-time", "2"]);
    let (long, long_secs, same) = freeze(&["--finality", "20", "--block-time", "5"]);
    // The sealed head holds the height of the freeze, and a zero byte of calldata is cheaper.
    assert!(cost.abs_diff(same) < 1_000, "{cost} and {same} gas");
    assert_eq!((short_secs, long_secs), (2 * short, 5 * long));
    assert!(long >= short + 2 * 19, "{short} and {long} blocks");
}

/// The same gas through a node as from a dump of it, and as the real run then takes; nothing is sent, and the
/// second rehearsal asks nobody.
#[test]
fn through_a_node_as_from_a_dump_and_as_it_happens() {
    let sandbox = planned(40, STAGED);
    let state = sandbox.file("state.json");
    dump(&sandbox, &state, None);
    let before = height(&sandbox);
    let arguments = [
        "--state",
        state.to_str().unwrap(),
        "--faults",
        "0",
        "--gas-price",
        "2.5",
    ];
    let dumped = undisturbed(&rehearse(&sandbox, &arguments).ok());
    let through = |more: &[&str]| {
        let arguments = [&["--faults", "0", "--gas-price", "2.5"], more].concat();
        undisturbed(&rehearse(&sandbox, &arguments).ok())
    };
    let first = through(&[]);
    assert_eq!(first, dumped, "the same in every number");
    assert_eq!(height(&sandbox), before, "nothing was sent");
    assert!(sandbox.chain.node().pool().is_empty());
    assert_eq!(through(&["--rpc", NOWHERE]), first, "nobody was asked");

    let ran = sandbox.sealift(&["run"]).ok().last();
    let (real, told) = (ran["gas_total"].as_u64().unwrap(), gas(&first));
    assert!(
        real.abs_diff(told) < 1_000,
        "{told} gas rehearsed, {real} gas used"
    );
    let transactions = first["all"]["transactions"].as_u64();
    assert_eq!(ran["transactions"].as_u64(), transactions);
}

/// Faults read more than an undisturbed run; that is kept as well, and SAFE is asked of every site.
#[test]
fn every_single_fault_on_a_copy() {
    let sandbox = planned(3, "");
    let before = height(&sandbox);
    let budget: &[&str] = match std::env::var_os("SEALIFT_LONG") {
        Some(_) => &[],
        None => &["--budget", "120"],
    };
    let said = rehearse(&sandbox, budget);
    let summary = said.last();
    if budget.is_empty() {
        assert_eq!(summary["verdict"], "SAFE", "{said:#?}");
        assert_eq!(said.code, 0);
    } else {
        // A budget that is reached is no pass.
        assert_eq!(summary["verdict"], "UNKNOWN", "{said:#?}");
        assert_eq!((said.code, summary["scenarios"].as_u64()), (1, Some(120)));
    }
    assert_eq!(summary["findings"], 0);
    assert_eq!(height(&sandbox), before, "nothing was sent");
    let worst = &summary["worst"];
    assert!(worst["gas"].as_u64().unwrap() >= gas(&undisturbed(&said)));
    let again = rehearse(&sandbox, &[budget, &["--rpc", NOWHERE]].concat());
    assert_eq!(again.last()["worst"], *worst);
    assert_eq!(again.last()["coverage"], summary["coverage"]);
    let said = rehearse(&sandbox, &["--replay", "executor.crash-after@12"]).ok();
    assert_eq!(said.last()["finding"]["verdict"], "SAFE");
}

/// People go on transferring after the plan: through a node the list is brought up to the block; a state has no
/// logs, and says so.
#[test]
fn holders_move_after_the_plan() {
    let sandbox = planned(6, STAGED);
    let newcomer = Address::repeat_byte(0x77);
    sandbox.mint(newcomer, 5);
    let said = rehearse(&sandbox, &["--faults", "0"]).ok();
    assert_eq!(said.last()["verdict"], "SAFE");
    let state = sandbox.file("state.json");
    dump(&sandbox, &state, None);
    let said = rehearse(&sandbox, &["--state", state.to_str().unwrap()]);
    assert_eq!(said.error(22), "sealift::rehearse::list");
}

#[test]
fn an_unreachable_node_is_named_without_its_secret() {
    let sandbox = planned(3, "");
    let said = rehearse(&sandbox, &["--rpc", NOWHERE]);
    assert_eq!(said.error(40), "sealift::rpc::unreachable");
    assert!(said.stderr.contains("http://127.0.0.1:1"), "{said:#?}");
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(!all.contains("0123456789abcdef"), "{all}");
    assert!(!sandbox.file("rehearsal-state.json").exists());
}

/// A copy that lacks something asks the node for just that, and names it where it does not answer.
#[test]
fn a_copy_that_lacks_something_is_completed() {
    let sandbox = planned(3, "");
    let whole = undisturbed(&rehearse(&sandbox, &["--faults", "0"]).ok());
    let path = sandbox.file("rehearsal-state.json");
    let kept = std::fs::read(&path).unwrap();
    let mut copy: Value = serde_json::from_slice(&kept).unwrap();
    let legacy = sandbox.legacy.to_string().to_lowercase();
    let storage = copy["accounts"][&legacy]["storage"]
        .as_object_mut()
        .unwrap();
    assert!(storage.len() > 3);
    storage.clear();
    std::fs::write(&path, copy.to_string()).unwrap();
    let said = rehearse(&sandbox, &["--faults", "0", "--rpc", NOWHERE]);
    assert_eq!(said.error(40), "sealift::rehearse::copy");
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(
        all.contains("http://127.0.0.1:1") && !all.contains("0123456789abcdef"),
        "{all}"
    );
    let completed = undisturbed(&rehearse(&sandbox, &["--faults", "0"]).ok());
    assert_eq!(completed, whole);
    assert_eq!(
        std::fs::read(&path).unwrap(),
        kept,
        "the same copy, byte for byte"
    );
}

#[test]
fn states_that_cannot_be_rehearsed() {
    let sandbox = planned(3, "");
    let (state, text) = (sandbox.file("state.json"), |said: &Said| {
        said.stderr.clone()
    });
    dump(&sandbox, &state, Some(sandbox.legacy));
    let path = state.to_str().unwrap();
    let said = rehearse(&sandbox, &["--state", path]);
    assert_eq!(said.error(2), "sealift::legacy::missing");
    assert!(text(&said).contains(path), "the place: {said:#?}");

    let said = rehearse(&sandbox, &["--state", path, "--block", "1"]);
    assert_eq!(said.error(2), "sealift::rehearse::two_states");

    std::fs::write(&state, "{\n").unwrap();
    let said = rehearse(&sandbox, &["--state", path]);
    assert_eq!(said.error(2), "sealift::check::state");

    // A block before the token.
    let said = rehearse(&sandbox, &["--block", "0"]);
    assert_eq!(said.error(2), "sealift::legacy::missing");
    let said = rehearse(&sandbox, &["--block", "999999"]);
    assert_eq!(said.error(40), "sealift::rpc::missing_block");

    std::fs::write(sandbox.file("rehearsal-state.json"), "{}").unwrap();
    let said = rehearse(&sandbox, &[]);
    assert_eq!(said.error(2), "sealift::rehearse::copy");
    assert!(text(&said).contains("rehearsal-state.json"));

    let said = rehearse(&sandbox, &["--gas-price", "-1"]);
    assert_eq!(said.code, 2);
    let said = rehearse(&sandbox, &["--faults", "2"]);
    assert_eq!(said.code, 2);
}

/// An empty wallet is found before the day: with what it is, what it has and what it pays.
#[test]
fn an_empty_wallet_is_a_finding() {
    let sandbox = planned(3, STAGED);
    let operator = DEV_ACCOUNTS[1].address;
    sandbox.chain.set_balance(operator, U256::from(5));
    let said = rehearse(&sandbox, &["--faults", "0"]);
    assert_eq!(said.error(2), "sealift::rehearse::wallet");
    for word in ["operator", "plan.json", &operator.to_string()] {
        assert!(said.stderr.contains(word), "{word}: {said:#?}");
    }
    let found = undisturbed(&said);
    let wallets = found["wallets"].as_array().unwrap();
    let short: Vec<&Value> = wallets.iter().filter(|w| w["short"] == true).collect();
    assert_eq!(short.len(), 1);
    assert_eq!(short[0]["has_wei"], "5");
    // At no price at all it can pay; the copy is the same.
    rehearse(&sandbox, &["--faults", "0", "--gas-price", "0"]).ok();
}

/// A Safe or a timelock acts in a rehearsal, and is named as what it is.
#[test]
fn an_owner_that_is_a_contract_acts() {
    let sandbox = planned(3, "");
    let owner = DEV_ACCOUNTS[LEGACY_OWNER].address;
    let mut node = sandbox.chain.node_mut();
    node.set_code(owner, hex!("5f5ff3").into());
    drop(node);
    let found = undisturbed(&rehearse(&sandbox, &["--faults", "0"]).ok());
    let wallets = found["wallets"].as_array().unwrap();
    let contracts: Vec<&Value> = wallets.iter().filter(|w| w["contract"] == true).collect();
    assert_eq!(contracts.len(), 1);
    assert_eq!(contracts[0]["role"], "owner of legacy");
}

/// Code that is not the plan's ends the rehearsal.
#[test]
fn other_code_is_drift() {
    let sandbox = planned(3, "");
    let mut node = sandbox.chain.node_mut();
    let account = node.state().account(sandbox.legacy).unwrap();
    let code = node.state().code(account.code_hash).original_bytes();
    let longer = [&code[..], &[0]].concat();
    node.set_code(sandbox.legacy, longer.into());
    drop(node);
    let said = rehearse(&sandbox, &["--faults", "0"]);
    assert_eq!(said.error(22), "sealift::rehearse::drift");
}
