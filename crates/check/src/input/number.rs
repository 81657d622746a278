//! Numbers as JSON files write them: a number, a decimal string or a hexadecimal string.

use std::fmt;

use alloy_primitives::U256;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A number of up to 256 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(pub(super) U256);

impl Number {
    /// From `0x` and hexadecimal digits, or from decimal digits.
    pub(super) fn parse(text: &str) -> Option<U256> {
        let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        let is_plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        is_plain
            .then(|| U256::from_str_radix(digits, radix.into()).ok())
            .flatten()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of up to 256 bits (12, \"12\" or \"0xc\")")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(U256::from(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        // JSON readers give 64 bits at most; a longer literal has already lost digits here.
        let hint = "a whole number of up to 64 bits, or a longer one in quotes";
        Err(E::invalid_value(serde::de::Unexpected::Float(value), &hint))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        let unexpected = serde::de::Unexpected::Str(text);
        Number::parse(text)
            .map(Number)
            .ok_or_else(|| E::invalid_value(unexpected, &self))
    }
}

/// A number of up to 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number64(pub(super) u64);

impl<'de> Deserialize<'de> for Number64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number(number) = Number::deserialize(deserializer)?;
        u64::try_from(number)
            .map(Self)
            .map_err(|_| D::Error::custom(format!("{number} is more than 64 bits hold")))
    }
}

/// A count that may be added to: anything real is far below [`Count::LIMIT`], and sums stay in 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

impl Count {
    /// Larger ones are refused.
    const LIMIT: u64 = 1 << 62;
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Number64(number) = Number64::deserialize(deserializer)?;
        match number {
            0..=Self::LIMIT => Ok(Self(number)),
            _ => Err(D::Error::custom(format!(
                "{number} is more than any chain has; the limit is {}",
                Self::LIMIT
            ))),
        }
    }
}
