use alloy_primitives::U256;
use proptest::prelude::*;
use sealift_manifest::amount::{self, AmountError};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    #[serde(with = "amount")]
    supply: U256,
}

#[track_caller]
fn check(digits: &str, expected: Result<U256, AmountError>) {
    assert_eq!(amount::parse(digits.as_bytes()), expected, "{digits}");
}

#[test]
fn only_decimal_digits_are_an_amount() {
    check("", Err(AmountError::Empty));
    for digits in [
        "+1", "-1", "1.0", "1e18", "0x10", "1_000", "1 000", " 1", "1 ", "٣", "1\0",
    ] {
        check(digits, Err(AmountError::NotDigits));
    }
}

#[test]
fn amounts_end_at_256_bits() {
    let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    check(max, Ok(U256::MAX));
    check(over, Err(AmountError::TooLarge));
    check(&"9".repeat(78), Err(AmountError::TooLarge));
    check(&format!("1{}", "0".repeat(78)), Err(AmountError::TooLarge));
    check(&format!("{}{max}", "0".repeat(200)), Ok(U256::MAX));
    check("0", Ok(U256::ZERO));
    check("000", Ok(U256::ZERO));
    check("007", Ok(U256::from(7)));
}

#[test]
fn amounts_are_json_strings() {
    let record = Record {
        supply: U256::from(1) << 200,
    };
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(
        json,
        r#"{"supply":"1606938044258990275541962092341162602522202993782792835301376"}"#
    );
    assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);

    let error = |json| {
        serde_json::from_str::<Record>(json)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error(r#"{"supply":1}"#), @"invalid type: integer `1`, expected an amount in base units as a string of decimal digits at line 1 column 11");
    insta::assert_snapshot!(error(r#"{"supply":"0x1"}"#), @"`0x1` is not an amount: only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x at line 1 column 15");
}

proptest! {
    #[test]
    fn every_amount_is_read_as_it_is_printed(amount in super::any_balance(256)) {
        prop_assert_eq!(amount::parse(amount.to_string().as_bytes()), Ok(amount));
    }
}
