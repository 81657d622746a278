//! Holders, entries, batches, heads and digests of a Sealift migration.
//!
//! Pure: input arrives as [`std::io::Read`] or bytes, output leaves through [`std::io::Write`].
//! Nothing here opens a file, reads a clock or talks to a chain.
//!
//! The way of a list: [`csv::read`] or [`parquet::read`] -> [`holders::Holders`] -> [`batch::Batches`]
//! -> [`batch::Commitment`]s, whose last head is what the migration contract must arrive at.
//!
//! ```
//! use sealift_manifest::{csv, entry::Format, batch::Batches};
//!
//! let text = "holder,balance\n\
//!     0x00000000000000000000000000000000000000bb,7\n\
//!     0x00000000000000000000000000000000000000aa,35\n";
//! let holders = csv::read(text.as_bytes())?;
//! assert_eq!(holders.rows()[0].balance.to_string(), "35"); // ascending by account
//! assert_eq!(holders.sum().to_string(), "42");
//!
//! let batches = Batches::split(&holders, 500)?;
//! assert_eq!(batches.digests(&holders, Format::Narrow)?[0].count, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod amount;
pub mod batch;
pub mod canonical;
pub mod csv;
pub mod entry;
pub mod head;
pub mod holders;
pub mod parquet;
