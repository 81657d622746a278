//! How a node is to be talked to.

/// What counts as final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// The node's `finalized` tag: the consensus layer's word.
    Tag,
    /// This many blocks below the newest one; 0 takes the newest block itself.
    ///
    /// For development nodes, and for chains whose nodes have no `finalized` tag.
    Depth(u64),
}

/// Limits and choices of an [`HttpChain`](crate::HttpChain).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What [`At::Finalized`](sealift_engine::chain::At::Finalized) means.
    pub finality: Finality,
    /// Longest time for one HTTP exchange, connection and body included.
    pub timeout_secs: u64,
    /// How often a read is asked again without any progress before it fails. Sends are never retried.
    pub max_retries: usize,
    /// First pause before a read is asked again; it doubles (with jitter) up to `max_backoff_ms`.
    pub min_backoff_ms: u64,
    /// Longest pause before a read is asked again, whatever the node asks for.
    pub max_backoff_ms: u64,
    /// Largest HTTP body that is read; a longer one is dropped while it arrives.
    pub max_response_bytes: usize,
    /// Most questions in one JSON-RPC batch; 1 turns batches off.
    pub max_batch: usize,
    /// Largest batch body that is sent, in bytes; one question alone may be larger.
    pub max_batch_bytes: usize,
    /// `gas` of an `eth_call` that ran out of what the node grants by itself (anvil: the block's gas
    /// limit; it then takes any number. geth: 50,000,000, and it never grants more).
    pub call_gas: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            finality: Finality::Tag,
            timeout_secs: 30,
            max_retries: 5,
            min_backoff_ms: 200,
            max_backoff_ms: 5_000,
            max_response_bytes: 64 << 20,
            max_batch: 100,
            max_batch_bytes: 1 << 20,
            call_gas: 1_000_000_000,
        }
    }
}

/// Why no client could be made. No network is touched before the first question.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a URL; the text is not repeated, because it may hold a key.
    #[error("the node's address is not a URL: {0}")]
    Url(String),
    /// A URL of a kind that is not spoken here.
    #[error("the node's address has the scheme `{0}`, not `http` or `https`")]
    Scheme(String),
    /// A limit that allows nothing.
    #[error("the option `{0}` must be at least 1")]
    Limit(&'static str),
    /// The HTTP client or its thread could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}
