//! Canonical JSON (RFC 8785) and its digest.

use alloy_primitives::{B256, keccak256};
use serde::Serialize;
use serde_json::Value;

/// The largest integer that every JSON reader keeps exactly, 2^53 - 1 (RFC 7493, section 2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a value has no canonical JSON.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// Canonical JSON would round this number, so that two values would share one digest.
    #[error("cannot write {number} as canonical JSON without rounding; write it as a string")]
    Inexact {
        /// The number as serde_json prints it.
        number: String,
    },
    /// The value cannot be JSON at all (a map with keys that are not strings, NaN).
    #[error("cannot write canonical JSON")]
    Serialize(#[source] serde_json::Error),
}

/// The RFC 8785 canonical JSON bytes of a value.
///
/// RFC 8785 rounds every number to a double; an integer outside ±[`MAX_INTEGER`] is refused instead.
pub fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    check_exact(&serde_json::to_value(value).map_err(CanonicalError::Serialize)?)?;
    serde_json_canonicalizer::to_vec(value).map_err(CanonicalError::Serialize)
}

/// Keccak-256 of [`to_canonical`].
pub fn digest_json<T: Serialize>(value: &T) -> Result<B256, CanonicalError> {
    Ok(keccak256(to_canonical(value)?))
}

fn check_exact(value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) => {
            let magnitude = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            if magnitude.map_or(number.is_f64(), |magnitude| magnitude <= MAX_INTEGER) {
                return Ok(());
            }
            Err(CanonicalError::Inexact {
                number: number.to_string(),
            })
        }
        Value::Array(items) => items.iter().try_for_each(check_exact),
        Value::Object(fields) => fields.values().try_for_each(check_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}
