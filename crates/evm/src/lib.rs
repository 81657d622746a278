//! The Sealift chain port over an embedded EVM, and its JSON-RPC devnet.
