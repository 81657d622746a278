//! The Sealift chain port over JSON-RPC.
