//! `check.toml`, and what can be wrong in it.

use std::path::Path;

use alloy_primitives::{Address, Bytes, U256, address, hex};
use sealift_check::input::{Declaration, DeclarationError, Explain, Names, Resolved};
use sealift_check::ledger::{Ask, ExitBy, Gift, Ledger, Side, View};
use sealift_check::model::{Fault, Resume};

const MIGRATOR: Address = address!("0xe7f1725e7734ce288f8367e1bb143e90bb3f0512");
const V1: Address = address!("0x5FbDB2315678afecb367f032d93F642f64180aa3");
pub(crate) const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const ALICE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

pub(crate) const WHOLE: &str = include_str!("../fixtures/check.toml");

pub(crate) fn parse(text: &str) -> Result<Resolved, DeclarationError> {
    let mut names = Names::new();
    for at in [MIGRATOR, V1] {
        names.add_artifact("Twin", at);
    }
    Declaration::read(text, Path::new("check.toml"))?.resolve(&names, &Fault::NAMES)
}

pub(crate) fn number(text: &str) -> U256 {
    text.parse().unwrap()
}

pub(crate) fn word(number: u64) -> String {
    format!("{number:064x}")
}

#[test]
fn every_section() {
    let resolved = parse(WHOLE).unwrap();
    assert_eq!(resolved.names.address("migrator"), Ok(MIGRATOR));
    assert_eq!(resolved.names.show(ALICE), "ALICE");
    let stake = Ledger {
        name: "V1 stake".into(),
        contract: V1,
        view: View::Amount(Ask {
            data: hex::decode(format!("af500ba3{}", word(0))).unwrap().into(),
            account: vec![4],
            amount: vec![],
        }),
        exit: amount("2e1a7d4d"),
        gift: None,
        price: None,
        lock_secs: 0,
        rate: (U256::from(1), U256::from(100)),
        side: Side::Legacy,
        asset: 0,
    };
    assert_eq!(resolved.ledgers[0], stake);
    assert_eq!(resolved.ledgers[1].exit, ExitBy::Always);
    assert_eq!(resolved.ledgers[1].side, Side::Successor);
    assert_eq!(resolved.ledgers[2].exit, ExitBy::Gift(Gift::Erc20));
    assert_eq!(resolved.assets.len(), 1);
    assert_eq!(resolved.ledgers[2].rate, (U256::ONE, U256::ONE));
    let [pool, vault] = resolved
        .custodians(&resolved.ledgers)
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(
        (pool.account, pool.asset, pool.covers),
        (MIGRATOR, Some(V1), vec![1])
    );
    assert_eq!(
        (vault.account, vault.asset, vault.covers),
        (V1, None, vec![0, 2])
    );
    assert_eq!(
        resolved.accounts,
        Some(vec![ALICE, Address::with_last_byte(2)])
    );
    assert_eq!(resolved.tolerance, Some(U256::ONE));
    assert_eq!(resolved.resume, [Resume::Retry, Resume::Receipt]);
    assert_eq!(resolved.wait_secs, Some(2_592_000));
    let cancel = &resolved.recovery[0];
    assert_eq!(cancel.name, "cancel");
    assert_eq!(
        (cancel.message.from, cancel.message.to),
        (OWNER, Some(MIGRATOR))
    );
    assert_eq!(cancel.message.data, Bytes::from(hex!("ea8a1af0")));
    let unstake = &resolved.actions[0].message;
    let expected = "2e1a7d4d00000000000000000000000000000000000000000000001b1ae4d6e2ef500000";
    assert_eq!(unstake.data, hex::decode(expected).unwrap());
    assert_eq!(unstake.value, U256::ZERO);
    assert_eq!(resolved.off, ["key-lost", "evm", "executor.answer-lost"]);
    assert_eq!(resolved.hostile, Some(vec![MIGRATOR]));
    assert!(!resolved.hostile_off);
    assert_eq!(resolved.steps.len(), 2);
    let batch = &resolved.steps[0];
    assert_eq!(
        (batch.from, batch.to, batch.value),
        (OWNER, Some(MIGRATOR), U256::from(7))
    );
    assert_eq!(batch.data.len(), 36);
    let create = &resolved.steps[1];
    assert_eq!(
        (create.to, &create.data),
        (None, &Bytes::from(hex!("6001")))
    );
    for step in &resolved.steps {
        assert_eq!(step.place.file, Path::new("check.toml"));
        assert_eq!(WHOLE.lines().nth(step.place.line - 1), Some("[[step]]"));
    }
}

#[test]
fn nothing_declared_leaves_all_to_inference() {
    let resolved = parse("").unwrap();
    assert_eq!(resolved.ledgers, []);
    assert_eq!(resolved.accounts, None);
    assert_eq!(resolved.tolerance, None);
    assert_eq!(resolved.resume, Resume::ALL);
    assert_eq!(resolved.wait_secs, None);
    assert_eq!(resolved.hostile, None);
    assert!(!resolved.hostile_off);
    assert!(resolved.steps.is_empty() && resolved.recovery.is_empty() && resolved.off.is_empty());
    assert!(parse("[hostile]\noff = true").unwrap().hostile_off);
    assert!(parse("[playbook]\nresume = []").unwrap().resume.is_empty());
}

pub(crate) fn call_of(call: &str, args: &str) -> String {
    format!(
        "[names]\nALICE = \"{ALICE}\"\n[[step]]\nfrom = \"ALICE\"\nto = \"dev2\"\ncall = \"{call}\"\nargs = {args}\n"
    )
}

#[track_caller]
fn check_data(call: &str, args: &str, expected: &str) {
    let data = parse(&call_of(call, args)).unwrap().steps[0].data.clone();
    assert_eq!(hex::encode(data), expected.replace([' ', '\n'], ""));
}

#[test]
fn arguments_of_every_type() {
    let alice = "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8";
    let tokens = |n: u128| format!("{:064x}", n * 10_u128.pow(18));
    let (one, two) = (word(1), word(2));
    check_data(
        "transfer(address,uint256)",
        r#"["ALICE", 1]"#,
        &format!("a9059cbb {alice} {one}"),
    );
    check_data(
        "transfer(address,uint)",
        r#"["dev1", "1"]"#,
        &format!("a9059cbb {alice} {one}"),
    );
    check_data(
        "function transfer(address to, uint256 amount) external returns (bool)",
        &format!(r#"["{ALICE}", "5e18"]"#),
        &format!("a9059cbb {alice} {}", tokens(5)),
    );
    check_data(
        "f(uint256)",
        r#"["1_000 ether"]"#,
        &format!("b3de648b {}", tokens(1000)),
    );
    check_data(
        "f(uint256)",
        r#"["0x10"]"#,
        &format!("b3de648b {}", word(16)),
    );
    check_data("f(int256)", "[-1]", &format!("1c008df9 {}", "f".repeat(64)));
    check_data(
        "f(bool,bool)",
        r#"[true, "false"]"#,
        &format!("ad51369a {one} {}", word(0)),
    );
    check_data(
        "give(address[],uint256)",
        r#"[["ALICE"], 2]"#,
        &format!("9f98df30 {} {two} {one} {alice}", word(64)),
    );
    check_data(
        "f(uint256[2])",
        r#"[[1, "2"]]"#,
        &format!("585bda9b {one} {two}"),
    );
    check_data(
        "f((address,uint256))",
        r#"[["ALICE", 2]]"#,
        &format!("1727c3dd {alice} {two}"),
    );
    let padded = format!("abcd{}", "0".repeat(60));
    check_data("f(bytes2)", r#"["0xabcd"]"#, &format!("a7abdc09 {padded}"));
    check_data(
        "f(bytes)",
        r#"["0xabcd"]"#,
        &format!("d45754f8 {} {two} {padded}", word(32)),
    );
    let text = format!("6869{}", "0".repeat(60));
    check_data(
        "f(string)",
        r#"["hi"]"#,
        &format!("91e145ef {} {two} {text}", word(32)),
    );
}

pub(crate) fn claim(key: &str, value: &str) -> String {
    let mut claim = [
        ("name", "\"a\""),
        ("contract", "\"dev1\""),
        ("view", "\"balanceOf(address)\""),
        ("side", "\"legacy\""),
    ]
    .map(|(key, value)| (key, value.to_owned()))
    .to_vec();
    claim.retain(|(known, _)| *known != key);
    claim.push((key, value.to_owned()));
    let lines: Vec<_> = claim
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    format!("[[claim]]\n{}", lines.concat())
}

#[test]
fn rates_are_exact() {
    let cases = [
        ("\"1\"", 1, 1),
        ("3", 3, 1),
        ("\"1/100\"", 1, 100),
        ("\"50 / 100\"", 1, 2),
        ("\"0.01\"", 1, 100),
        ("\"1.50\"", 3, 2),
        ("\"1_000\"", 1000, 1),
    ];
    for (text, above, below) in cases {
        let rate = parse(&claim("rate", text)).unwrap().ledgers[0].rate;
        assert_eq!(rate, (U256::from(above), U256::from(below)), "{text}");
    }
}

#[test]
fn exits() {
    let exit = |text: &str| parse(&claim("exit", text)).unwrap().ledgers.remove(0).exit;
    assert_eq!(exit("\"none\""), ExitBy::Always);
    assert_eq!(
        exit("\"exit()\""),
        ExitBy::Call(Ask {
            data: hex!("e9fad8ee").into(),
            ..Ask::default()
        })
    );
    assert_eq!(exit("\"withdraw(uint128)\""), amount("02387a7b"));
    assert_eq!(
        exit("\"transfer(address,uint256)\""),
        ExitBy::Gift(Gift::Erc20)
    );
}

/// An exit of one amount, by its selector.
fn amount(selector: &str) -> ExitBy {
    ExitBy::Call(Ask {
        data: hex::decode(format!("{selector}{}", word(0)))
            .unwrap()
            .into(),
        account: vec![],
        amount: vec![4],
    })
}

#[test]
fn custodians_over_inferred_ledgers() {
    let text = "[[custodian]]\nname = \"pool\"\naccount = \"dev0\"\nasset = \"native\"\ncovers = [\"V2\", \"dev1\"]\n";
    let resolved = parse(text).unwrap();
    let ledger = |name: &str, at| Ledger::erc20(name.into(), at, Side::Legacy);
    let inferred = [ledger("first", ALICE), ledger("V2", MIGRATOR)];
    assert_eq!(resolved.custodians(&inferred).unwrap()[0].covers, [1, 0]);
    let error = resolved.custodians(&inferred[..1]).unwrap_err();
    assert_eq!(
        (error.line(), error.to_string().as_str()),
        (Some(5), "`V2` is no ledger")
    );
    assert!(error.next().contains("first"));
    // Two ledgers of one contract: only their names tell them apart.
    let twins = [
        ledger("V2", MIGRATOR),
        ledger("x", ALICE),
        ledger("y", ALICE),
    ];
    assert_eq!(
        resolved.custodians(&twins).unwrap_err().to_string(),
        "`dev1` is no ledger"
    );
}
