//! The chain port over JSON-RPC and HTTP, and local signers.
//!
//! [`HttpChain`] speaks alloy's JSON-RPC types through a small HTTP client of its own instead of
//! `alloy-rpc-client`: that client reads a body of any size, does not compare the id of a single
//! answer with the id of its question, and turns a node's refusal of a whole batch into a missing
//! answer. All three matter to an executor that must not guess.
//!
//! Reads are retried, with bounded exponential backoff and jitter, when the *transport* fails or the
//! node asks for patience. A send is never retried here: what its answer means is decided by the core.

mod chain;
mod endpoint;
mod http;
mod logs;
mod meaning;
mod options;
mod query;
mod signer;
mod wire;

pub use chain::HttpChain;
pub use meaning::classify_send_error;
pub use options::{ConnectError, Finality, Options};
pub use signer::{KeyError, LocalKeys, SignError, Signed, TxFields};
