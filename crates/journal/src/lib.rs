//! The durable, append-only, hash-chained record of the Sealift executor.
