//! Amounts in base units, as decimal digits.
//!
//! The functions [`serialize`] and [`deserialize`] make this a serde module: a `U256` field with
//! `#[serde(with = "sealift_manifest::amount")]` is a JSON string such as `"1500000"`, because a
//! JSON number loses digits above 2^53.

use alloy_primitives::U256;
use serde::{Deserializer, Serializer, de};

/// Why bytes are not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Something other than the digits 0 to 9.
    #[error("only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x")]
    NotDigits,
    /// The number is 2^256 or larger.
    #[error("it does not fit in 256 bits")]
    TooLarge,
}

/// Digits that always fit in a `u64`.
const CHUNK: usize = 19;
/// Digits of the largest `U256`.
const MAX_DIGITS: usize = 78;

/// Parses a decimal integer in base units; leading zeros are allowed.
pub fn parse(digits: &[u8]) -> Result<U256, AmountError> {
    if digits.is_empty() {
        return Err(AmountError::Empty);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(AmountError::NotDigits);
    }
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let digits = &digits[zeros..];
    if digits.len() > MAX_DIGITS {
        return Err(AmountError::TooLarge);
    }
    let (head, tail) = digits.split_at(digits.len() % CHUNK);
    let mut amount = U256::from(chunk(head));
    for part in tail.chunks_exact(CHUNK) {
        amount = amount
            .checked_mul(U256::from(10u64.pow(CHUNK as u32)))
            .and_then(|scaled| scaled.checked_add(U256::from(chunk(part))))
            .ok_or(AmountError::TooLarge)?;
    }
    Ok(amount)
}

/// At most [`CHUNK`] digits.
fn chunk(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Writes the amount as a decimal string.
pub fn serialize<S: Serializer>(amount: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// Reads a decimal string; a JSON number is refused.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    struct Visitor;
    impl de::Visitor<'_> for Visitor {
        type Value = U256;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an amount in base units as a string of decimal digits")
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<U256, E> {
            parse(value.as_bytes())
                .map_err(|error| E::custom(format_args!("`{value}` is not an amount: {error}")))
        }
    }
    deserializer.deserialize_str(Visitor)
}
