//! Holders, entries, batches, heads and digests of a Sealift migration.
