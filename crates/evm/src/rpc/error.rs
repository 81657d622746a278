//! Errors as JSON-RPC has them.

use crate::refusal::PoolError;
use alloy_primitives::Bytes;
use serde_json::{Value, json};

/// Code, message and data of a refused call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// JSON-RPC error code.
    pub code: i64,
    /// One line for people, and for programs that look for go-ethereum's words.
    pub message: String,
    /// What a call reverted with.
    pub data: Option<Value>,
}

impl RpcError {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The server's own error, as go-ethereum uses it for nearly everything.
    pub(crate) fn server(message: impl Into<String>) -> Self {
        Self::new(-32000, message)
    }

    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    pub(crate) fn no_method(method: &str) -> Self {
        let message = format!("the method {method} does not exist/is not available");
        Self::new(-32601, message)
    }

    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// A revert, with the reason where the data is `Error(string)`.
    pub(crate) fn reverted(data: &Bytes) -> Self {
        let reason = reason(data).map_or_else(String::new, |reason| format!(": {reason}"));
        Self {
            code: 3,
            message: format!("execution reverted{reason}"),
            data: Some(json!(data)),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = &self.data {
            error["data"] = data.clone();
        }
        error
    }
}

impl From<PoolError> for RpcError {
    fn from(error: PoolError) -> Self {
        Self::server(error.to_string())
    }
}

/// The text of ABI-encoded `Error(string)`.
fn reason(data: &[u8]) -> Option<String> {
    let body = data.strip_prefix(&[0x08, 0xc3, 0x79, 0xa0])?;
    let length: [u8; 4] = body.get(60..64)?.try_into().ok()?;
    let text = body.get(64..)?.get(..u32::from_be_bytes(length) as usize)?;
    String::from_utf8(text.to_vec()).ok()
}
