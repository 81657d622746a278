//! Holders, entries, batches, heads and digests of a Sealift migration.
//!
//! Pure: input arrives as [`std::io::Read`] or bytes, output leaves through [`std::io::Write`].
//! Nothing here opens a file, reads a clock or talks to a chain.
//!
//! The way of a list: [`csv::read`] or [`parquet::read`] -> [`holders::Holders`] -> [`batch::Batches`]
//! -> [`batch::Commitment`]s, whose last head is what the migration contract must arrive at.

pub mod amount;
pub mod batch;
pub mod canonical;
pub mod csv;
pub mod entry;
pub mod head;
pub mod holders;
pub mod parquet;
