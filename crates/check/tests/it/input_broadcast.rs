//! Broadcast files, and what is none.

use std::path::Path;

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proptest::prelude::*;
use sealift_check::input::broadcast::{CREATE2_DEPLOYER, read};
use sealift_check::input::{Broadcast, BroadcastError, Explain};

/// A real run-latest.json of forge 1.7.1; its script is in `fixtures/project`.
const RUN: &str = include_str!("../fixtures/run-latest.json");
const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const ALICE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const POINTS: Address = address!("0xe7f1725e7734ce288f8367e1bb143e90bb3f0512");
const POINTS_2: Address = address!("0xd15ca1420584ac68b35f7fbc77282cba33cecfb1");
const POINTS_3: Address = address!("0x79a34b23b79c9895763857d092d3cf19b5263ed2");
const MAKER: Address = address!("0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9");

fn parse(text: &str) -> Result<Broadcast, BroadcastError> {
    read(text, Path::new("run-latest.json"))
}

/// A file of one chain with these transactions, one a line from line 2.
fn file(transactions: &[&str]) -> String {
    let lines = transactions.join(",\n");
    format!("{{\"transactions\": [\n{lines}\n], \"chain\": 31337}}")
}

/// A call from account 1 to account 2 with further keys.
fn call(more: &str) -> String {
    format!(
        r#"{{"hash": null, "transactionType": "CALL", "contractName": null, "contractAddress": "0x{:040x}", "function": null, "arguments": null,
        "transaction": {{"from": "0x{:040x}", "to": "0x{:040x}", "input": "0x01"{more}}}, "additionalContracts": []}}"#,
        2, 1, 2
    )
    .replace('\n', " ")
}

#[test]
fn a_script_of_forge() {
    let broadcast = parse(RUN).unwrap();
    assert_eq!(broadcast.chain_id, 31_337);
    let shapes: Vec<_> = broadcast
        .steps
        .iter()
        .map(|step| (step.from, step.to, step.creates, step.data.len()))
        .collect();
    let expected = [
        (OWNER, None, Some(POINTS), 1346),
        (OWNER, Some(CREATE2_DEPLOYER), Some(POINTS_2), 1378),
        (OWNER, None, Some(MAKER), 1556),
        (OWNER, Some(MAKER), None, 36),
        (OWNER, Some(POINTS), None, 164),
        (OWNER, Some(ALICE), None, 0),
        (ALICE, Some(POINTS_2), None, 164),
    ];
    assert_eq!(shapes, expected);
    let values: Vec<_> = broadcast.steps.iter().map(|step| step.value).collect();
    let [zero, three, ether] = [0, 3, 10_u64.pow(18)].map(U256::from);
    assert_eq!(values, [zero, zero, zero, zero, three, ether, zero]);
    assert_eq!(broadcast.steps[3].data[..4], hex!("afdcd852"));
    // Forge's own estimates are no gas limits of the script.
    assert!(broadcast.steps.iter().all(|step| step.gas.is_none()));
}

#[test]
fn the_line_of_every_transaction() {
    let broadcast = parse(RUN).unwrap();
    let lines: Vec<_> = RUN.lines().collect();
    let mut hashes = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("      \"hash\""));
    for step in &broadcast.steps {
        let (index, _) = hashes.next().unwrap();
        assert_eq!(
            step.place.line, index,
            "the brace stands on the line before the hash"
        );
        assert_eq!(lines[step.place.line - 1], "    {");
        assert_eq!(step.place.file, Path::new("run-latest.json"));
    }
}

#[test]
fn the_names_of_the_contracts() {
    let names = parse(RUN).unwrap().contracts;
    let expected = [
        ("Points", POINTS),
        ("Points", POINTS_2),
        ("Maker", MAKER),
        ("Points", POINTS_3),
    ];
    assert_eq!(names, expected.map(|(name, at)| (name.to_owned(), at)));
    let text = file(&[&call("")
        .replace(r#""contractName": null"#, r#""contractName": "src/Token.sol:Token""#)])
    .replace("\"chain\"", "\"libraries\": [\"src/L.sol:Lib:0x00000000000000000000000000000000000000ff\", \"odd\"], \"chain\"");
    let expected = [
        ("Token".to_owned(), Address::with_last_byte(2)),
        ("Lib".to_owned(), Address::with_last_byte(0xff)),
    ];
    assert_eq!(parse(&text).unwrap().contracts, expected);
}

#[test]
fn older_forms_of_a_transaction() {
    let old = r#", "type": "0x02", "accessList": [], "gas": "0x5208", "value": null, "chainId": "0x7a69""#;
    let text = file(&[&call(old).replace("\"input\"", "\"data\"")]);
    let step = parse(&text).unwrap().steps.remove(0);
    assert_eq!(
        (step.data, step.value),
        (Bytes::from(hex!("01")), U256::ZERO)
    );
    assert_eq!(step.gas, None);
}

#[test]
fn a_gas_limit_of_the_script_is_kept() {
    let text = file(&[&call(r#", "gas": "0x5208""#)]);
    let fixed = text.replace("\"additional", "\"isFixedGasLimit\": true, \"additional");
    assert_eq!(parse(&fixed).unwrap().steps[0].gas, Some(21_000));
    assert_eq!(parse(&text).unwrap().steps[0].gas, None);
}

#[track_caller]
fn check_refused(text: &str, code: &str, message: &str, line: usize) {
    let error = parse(text).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.contains(message),
        "{shown:?} does not say {message:?}"
    );
    assert!(
        !shown.contains(" at line "),
        "{shown:?} counts lines of a part"
    );
    assert_eq!(error.code(), format!("sealift::check::{code}"), "{shown}");
    assert_eq!(error.line(), Some(line), "{shown}");
    assert_eq!(error.spot().place.file, Path::new("run-latest.json"));
    assert!(!error.next().is_empty());
    assert!(error.span().unwrap().end <= text.len());
}

#[test]
fn what_is_no_broadcast() {
    let fine = call("");
    let create = fine.replace("\"CALL\"", "\"CREATE\"");
    let to = r#""to": "0x0000000000000000000000000000000000000002""#;
    let creates = r#""contractAddress": "0x0000000000000000000000000000000000000002""#;
    let create2 = fine.replace("\"CALL\"", "\"CREATE2\"");
    let cases = [
        (String::new(), "script", "EOF", 1),
        ("{".into(), "script", "EOF", 1),
        ("[]".into(), "script", "expected the object of a broadcast file", 1),
        ("\n{}".into(), "script", "no `transactions`", 2),
        (r#"{"transactions": []}"#.into(), "script", "no `chain`", 1),
        (file(&[]), "script", "no transactions", 1),
        (file(&[&fine]) + "x", "script", "trailing", 3),
        (file(&[&fine, "7"]), "script", "`transactions[1]`: invalid type: integer `7`, expected the object of a transaction", 3),
        (file(&["{}"]), "script", "missing field `transactionType`", 2),
        (file(&[&fine, &fine.replace("\"CALL\"", "\"SEND\"")]), "script", "`transactions[1].transactionType`: unknown variant `SEND`", 3),
        (file(&[&fine, &fine.replace("\"from\"", "\"by\"")]), "script", "`transactions[1].transaction`: missing field `from`", 3),
        (file(&[&fine.replace("0x01", "0x0")]), "script", "transactions[0].transaction.input`", 2),
        (file(&[&fine, &call(r#", "chainId": "0x1""#)]), "chains", "several chains: 31337 and 1", 3),
        (
            "{\"deployments\": [\n{\"chain\": 1, \"transactions\": []},\n{\"chain\": 10}], \"timestamp\": 1}".into(),
            "chains",
            "several chains: 1 and 10",
            3,
        ),
        (file(&[&call(r#", "type": "0x3""#)]), "transaction", "transaction 0 is a blob transaction (EIP-4844)", 2),
        (file(&[&fine, &call(r#", "blobVersionedHashes": ["0x01"]"#)]), "transaction", "1 is a blob", 3),
        (file(&[&call(r#", "type": "0x4""#)]), "transaction", "a set-code transaction (EIP-7702)", 2),
        (file(&[&call(r#", "authorizationList": [{}]"#)]), "transaction", "(EIP-7702)", 2),
        (file(&[&call(r#", "type": "0x7e""#)]), "transaction", "unknown type", 2),
        (file(&[&fine.replace(to, r#""to": null"#)]), "script", "is a CALL without a callee", 2),
        (file(&[&create]), "script", "is a CREATE with a callee", 2),
        (file(&[&create.replace(to, r#""to": null"#).replace("0x01", "0x")]), "script", "without init code", 2),
        (file(&[&create.replace(to, r#""to": null"#).replace(creates, r#""contractAddress": null"#)]), "script", "without the address", 2),
        (file(&[&create2]), "script", "without a salt", 2),
        (file(&vec![fine.as_str(); 10_001]), "script", "10001 transactions; 10000", 1),
    ];
    for (text, code, message, line) in &cases {
        check_refused(text, code, message, *line);
    }
    assert!(
        parse(&file(&[
            &fine,
            &call(r#", "authorizationList": [], "type": "0x2""#)
        ]))
        .is_ok()
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_change_of_a_file_panics(at in 0..RUN.len(), with in any::<char>(), length in 0..20_usize) {
        let mut text = RUN.to_owned();
        text.replace_range(at..(at + length).min(RUN.len()), &with.to_string());
        if let Err(error) = parse(&text) {
            let span = error.span().unwrap();
            prop_assert!(span.end <= text.len());
            prop_assert!(error.line().unwrap() <= text.lines().count() + 1);
        }
    }
}
