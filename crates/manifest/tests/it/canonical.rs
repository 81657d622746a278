use std::collections::BTreeMap;

use alloy_primitives::b256;
use sealift_manifest::canonical::{MAX_INTEGER, digest_json, to_canonical};
use serde_json::{Value, json};

#[track_caller]
fn check(input: &str, expected: &str) {
    let value: Value = serde_json::from_str(input).unwrap();
    assert_eq!(
        String::from_utf8(to_canonical(&value).unwrap()).unwrap(),
        expected
    );
}

#[track_caller]
fn refusal<T: serde::Serialize>(value: T) -> String {
    let error = to_canonical(&value).unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

/// The examples of RFC 8785, sections 3.2.2 and 3.2.3.
#[test]
fn the_examples_of_the_rfc() {
    check(
        r#"{
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }"#,
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
    );
    check(
        r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
            "\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
         \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\
         \"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    );
}

/// The expected digest comes from an independent implementation of Keccak-256 in Python.
#[test]
fn the_digest_is_over_the_canonical_bytes() {
    let digest = b256!("0x84fc3d9faf736ddfdb9baab9973656bd8d9bd142f1dfff8aa513a774fddfdd04");
    assert_eq!(digest_json(&json!({"b": "x", "a": 1})).unwrap(), digest);
    assert_eq!(
        digest_json(&BTreeMap::from([("a", json!(1)), ("b", json!("x"))])).unwrap(),
        digest
    );
    assert_ne!(digest_json(&json!({"b": "x", "a": 2})).unwrap(), digest);
}

#[test]
fn integers_that_would_be_rounded_are_refused() {
    check(&MAX_INTEGER.to_string(), "9007199254740991");
    check(&format!("-{MAX_INTEGER}"), "-9007199254740991");
    insta::assert_snapshot!(refusal(json!({"wei": [MAX_INTEGER + 1]})), @"cannot write 9007199254740992 as canonical JSON without rounding; write it as a string");
    insta::assert_snapshot!(refusal(-(MAX_INTEGER as i64) - 1), @"cannot write -9007199254740992 as canonical JSON without rounding; write it as a string");
    insta::assert_snapshot!(refusal(u64::MAX), @"cannot write 18446744073709551615 as canonical JSON without rounding; write it as a string");
    insta::assert_snapshot!(refusal(u128::MAX), @"cannot write canonical JSON: number out of range");
}

#[test]
fn what_is_not_json_is_refused() {
    assert!(refusal(f64::NAN).starts_with("cannot write canonical JSON: "));
    assert!(refusal(BTreeMap::from([((1, 2), 3)])).starts_with("cannot write canonical JSON: "));
}
