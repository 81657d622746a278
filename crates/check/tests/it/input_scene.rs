//! State files in every form, and what is no state.

use std::io::Write;

use alloy_primitives::{Address, Bytes, U256, address, hex};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sealift_check::fork::Fork;
use sealift_check::input::{Explain, Scene, SceneAccount, SceneError};

/// A real `anvil --dump-state` of anvil 1.7.1.
const DUMP: &[u8] = include_bytes!("../fixtures/state.json");
/// The answer of `anvil_dumpState` from the same chain.
const ANSWER: &str = include_str!("../fixtures/state-answer.json");
const POINTS: Address = address!("0x5FbDB2315678afecb367f032d93F642f64180aa3");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn plain(accounts: &str) -> String {
    format!(
        r#"{{"block": {{"number": 7, "timestamp": "1700000000", "gas_limit": "0x1c9c380"}}, "accounts": {accounts}}}"#
    )
}

#[track_caller]
fn read(text: &str) -> Scene {
    Scene::read(text.as_bytes()).unwrap()
}

#[test]
fn a_dump_of_anvil() {
    let scene = Scene::read(DUMP).unwrap();
    assert_eq!(scene.chain_id, 31_337);
    assert_eq!(scene.number, 2);
    assert_eq!(scene.timestamp_secs, 0x6a18_a503);
    assert_eq!(scene.block_gas_limit, 30_000_000);
    assert_eq!(scene.accounts.len(), 14);
    assert!(scene.accounts.is_sorted_by_key(|account| account.address));
    let points = scene.accounts.iter().find(|a| a.address == POINTS).unwrap();
    assert_eq!((points.nonce, points.code.len()), (1, 1121));
    let slot = "0x14e04a66bf74771820a7400ff6cf065175b3d7eb25805a5bd1633b161af5d101";
    assert_eq!(points.storage, [(slot.parse().unwrap(), U256::from(500))]);
    let owner = scene
        .accounts
        .iter()
        .find(|a| a.address == address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))
        .unwrap();
    assert_eq!(owner.nonce, 2);
    assert_eq!(owner.balance, U256::from(0x21e_19df_95ae_c0fa_848b_u128));
    assert_eq!(owner.code, Bytes::new());
}

#[test]
fn every_form_is_the_same_state() {
    let dump = Scene::read(DUMP).unwrap();
    // The dump at exit is of the same chain as the answer.
    let answer = read(ANSWER);
    assert_eq!(answer, dump);
    let packed: serde_json::Value = serde_json::from_str(ANSWER).unwrap();
    let packed = packed["result"].as_str().unwrap();
    assert_eq!(read(packed), dump);
    assert_eq!(read(&format!("  {packed}\n")), dump);
    assert_eq!(read(&format!("\"{packed}\"\n")), dump);
    assert_eq!(read(&format!("{}\n{packed}", ' ')), dump);
    let bytes = hex::decode(packed).unwrap();
    assert_eq!(Scene::read(&bytes).unwrap(), dump);
    assert_eq!(Scene::read(&gzip(DUMP)).unwrap(), dump);
    let marked = [b"\xef\xbb\xbf", DUMP].concat();
    assert_eq!(Scene::read(&marked).unwrap(), dump);
}

#[test]
fn numbers_in_every_notation() {
    let text = plain(
        r#"{
            "0x00000000000000000000000000000000000000Aa": {"nonce": "0x2", "balance": "1000000000000000000000",
                "code": "0x6001", "storage": {"0x2": "5", "1": 9, "0x03": "0x0"}},
            "0x0000000000000000000000000000000000000001": {}
        }"#,
    );
    let scene = read(&text);
    assert_eq!((scene.number, scene.timestamp_secs), (7, 1_700_000_000));
    assert_eq!(scene.block_gas_limit, 30_000_000);
    let expected = [
        SceneAccount {
            address: Address::with_last_byte(1),
            ..Default::default()
        },
        SceneAccount {
            address: Address::with_last_byte(0xaa),
            nonce: 2,
            balance: U256::from(1_000_000_000_000_000_000_000_u128),
            code: hex!("6001").into(),
            storage: vec![
                (U256::from(1), U256::from(9)),
                (U256::from(2), U256::from(5)),
            ],
        },
    ];
    assert_eq!(scene.accounts, expected);
}

#[test]
fn a_chain_id_that_is_given() {
    let text = plain("{}").replacen('{', r#"{"chain_id": 1, "#, 1);
    assert_eq!(read(&text).chain_id, 1);
    let text = plain("{}").replacen('{', r#"{"chainId": "0xa", "#, 1);
    assert_eq!(read(&text).chain_id, 10);
    assert_eq!(read(&plain("{}")).chain_id, 31_337);
}

#[track_caller]
fn check_refused(bytes: &[u8], message: &str, line: Option<usize>) {
    let error = Scene::read(bytes).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.contains(message),
        "{shown:?} does not say {message:?}"
    );
    assert_eq!(error.line(), line, "{shown}");
    assert_eq!(error.code(), "sealift::check::state");
    assert!(!error.next().is_empty());
    if let Some(span) = error.span() {
        assert!(span.end <= bytes.len(), "{span:?} is outside the file");
    }
}

#[test]
fn what_is_no_state() {
    let address = "0x00000000000000000000000000000000000000aa";
    let cases: [(String, &str, Option<usize>); 21] = [
        (String::new(), "empty", None),
        ("\n \n".into(), "empty", None),
        ("state".into(), "it starts with \"state\"", None),
        ("[1]".into(), "neither JSON", None),
        ("0x1f8".into(), "not hexadecimal", None),
        ("0x60016001".into(), "no gzip", None),
        ("\"0x6001\"".into(), "no gzip", None),
        ("0x1f8b0800".into(), "does not unpack", None),
        ("{}".into(), "no `block`; its keys are: none", None),
        (
            r#"{"alloc": {}, "config": {}}"#.into(),
            "its keys are: alloc, config",
            None,
        ),
        (
            r#"{"block": null, "accounts": {}}"#.into(),
            "no `block`",
            None,
        ),
        (
            r#"{"block": {"number": 1, "timestamp": 1, "gas_limit": 1}}"#.into(),
            "no `accounts`",
            None,
        ),
        (
            "{\n\"block\": {\"number\": 1,\n\"timestamp\": 1}, \"accounts\": {}}".into(),
            "`block`: missing field `gas_limit`",
            Some(3),
        ),
        (
            r#"{"error": {"code": -32601, "message": "no such method"}}"#.into(),
            "no such method",
            None,
        ),
        (
            r#"{"result": {"block": 1}}"#.into(),
            "`result`: invalid type",
            Some(1),
        ),
        (plain("{}") + "}", "trailing characters", Some(1)),
        (
            plain(r#"{"0x12": {}}"#),
            "`accounts.0x12`: invalid string length",
            Some(1),
        ),
        (
            plain(&format!("{{\n\"{address}\": {{\n\"nonce\": -1}}}}")),
            "nonce`: invalid type: integer `-1`, expected a whole number",
            Some(3),
        ),
        (
            plain(&format!(
                "{{\"{address}\": {{\"balance\": 1000000000000000000000}}}}"
            )),
            "balance`: invalid value: floating point",
            Some(1),
        ),
        (
            plain(&format!(
                "{{\"{address}\": {{\"storage\": {{\"0x1\": \"0xzz\"}}}}}}"
            )),
            ".storage.0x1`: invalid value: string \"0xzz\"",
            Some(1),
        ),
        (
            plain(&format!(
                "{{\"{address}\": {{}},\n\"{}\": {{}}}}",
                address.replace('a', "A")
            )),
            "stands twice",
            Some(2),
        ),
    ];
    for (text, message, line) in cases {
        check_refused(text.as_bytes(), message, line);
    }
    check_refused(b"\xff\xfe{}", "neither JSON", None);
    check_refused(
        plain(&format!(
            "{{\"{address}\": {{\"storage\": {{\"1\": 2, \"0x1\": 3}}}}}}"
        ))
        .as_bytes(),
        "slot 0x1 stands twice",
        Some(1),
    );
}

#[test]
fn the_span_is_at_the_value() {
    let text = plain("{\n  \"0x00000000000000000000000000000000000000aa\": {\"nonce\": \"x\"}\n}");
    let error = Scene::read(text.as_bytes()).unwrap_err();
    let span = error.span().unwrap();
    let near = &text[span.start.saturating_sub(14)..span.end];
    assert!(near.contains("nonce"), "{near}");
}

#[test]
fn an_error_in_a_packed_state_has_no_line_of_the_file() {
    let packed = gzip(b"{\n\"block\": 1, \"accounts\": {}}");
    check_refused(
        &packed,
        "in the unpacked state: `block`: invalid type",
        None,
    );
    let cut = gzip(DUMP);
    check_refused(&cut[..cut.len() / 2], "does not unpack", None);
}

#[test]
fn the_unpacked_size_is_bounded() {
    let bomb = gzip(&vec![b' '; 1 << 20]);
    assert!(bomb.len() < 1 << 13);
    for form in [bomb.clone(), hex::encode_prefixed(&bomb).into_bytes()] {
        let error = Scene::read_within(&form, 1 << 16).unwrap_err();
        assert!(
            matches!(error, SceneError::TooLarge { limit: 0x1_0000 }),
            "{error}"
        );
    }
    let error = Scene::read_within(DUMP, DUMP.len() - 1).unwrap_err();
    assert!(matches!(error, SceneError::TooLarge { .. }), "{error}");
    assert!(Scene::read_within(DUMP, DUMP.len()).is_ok());
    assert!(Scene::read_within(&gzip(DUMP), DUMP.len()).is_ok());
    assert!(Scene::read_within(&gzip(DUMP), DUMP.len() - 1).is_err());
}

/// One account, `0x..aa`, with this key.
fn account(key: &str, value: &str) -> String {
    plain(&format!(
        "{{\"0x00000000000000000000000000000000000000aa\": {{\"{key}\": {value}}}}}"
    ))
}

#[test]
fn what_no_chain_has() {
    let limit = 1_u64 << 62;
    for (key, value) in [("nonce", limit + 1), ("nonce", u64::MAX)] {
        let message = format!("{value} is more than any chain has");
        check_refused(
            account(key, &value.to_string()).as_bytes(),
            &message,
            Some(1),
        );
    }
    assert_eq!(
        read(&account("nonce", &limit.to_string())).accounts[0].nonce,
        limit
    );
    for key in ["number", "timestamp"] {
        let block = r#"{"block": {"number": 7, "timestamp": 7, "gas_limit": 7}, "accounts": {}}"#;
        let odd = block.replace(
            &format!("\"{key}\": 7"),
            &format!("\"{key}\": {}", u64::MAX),
        );
        check_refused(odd.as_bytes(), "more than any chain has", Some(1));
    }
    let delegate = "00".repeat(20);
    for code in [
        "0xef01",
        "0xef0100",
        &format!("0xef0101{delegate}"),
        &format!("0xef0100{delegate}00"),
    ] {
        let text = account("code", &format!("\"{code}\""));
        check_refused(
            text.as_bytes(),
            "is 0xef0100 and an address (EIP-7702)",
            Some(1),
        );
    }
    for code in [&format!("0xef0100{delegate}"), "0xef00", "0xef"] {
        let scene = read(&account("code", &format!("\"{code}\"")));
        assert!(Fork::of(&scene).has_code(Address::with_last_byte(0xaa)));
    }
    assert!(read(&account("code", "null")).accounts[0].code.is_empty());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Scene::read(&bytes);
        let _ = Scene::read(&[&[0x1f, 0x8b], bytes.as_slice()].concat());
        let _ = Scene::read(&gzip(&bytes));
    }

    #[test]
    fn no_change_of_a_state_panics(at in 0..DUMP.len(), with in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = DUMP.to_vec();
        bytes[at] = with;
        if cut {
            bytes.truncate(at);
            prop_assert!(Scene::read(&bytes).is_err());
        } else if let Err(error) = Scene::read(&bytes)
            && let Some(span) = error.span()
        {
            prop_assert!(span.end <= bytes.len());
        }
    }

    #[test]
    fn any_code_that_is_read_can_be_held(start in 0..4_usize, rest in proptest::collection::vec(any::<u8>(), 0..30)) {
        let start = [&[][..], &[0xef], &[0xef, 0x01], &[0xef, 0x01, 0x00]][start];
        let code = hex::encode_prefixed([start, &rest].concat());
        let text = account("code", &format!("\"{code}\""));
        if let Ok(scene) = Scene::read(text.as_bytes()) {
            let _ = Fork::of(&scene);
        }
    }

    #[test]
    fn numbers_survive(nonce in 0..=1_u64 << 62, balance: [u8; 32], word in 1_u64..) {
        let balance = U256::from_be_bytes(balance);
        let text = plain(&format!(
            r#"{{"0x00000000000000000000000000000000000000aa": {{"nonce": {nonce}, "balance": "{balance}", "storage": {{"{balance:#x}": "{word:#x}"}}}}}}"#
        ));
        let scene = read(&text);
        prop_assert_eq!(scene.accounts[0].nonce, nonce);
        prop_assert_eq!(scene.accounts[0].balance, balance);
        prop_assert_eq!(&scene.accounts[0].storage, &[(balance, U256::from(word))]);
    }
}
