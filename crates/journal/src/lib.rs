//! The durable, append-only, hash-chained record of the Sealift executor.
//!
//! [`Journal`] is the only writer: it appends groups of [`Record`]s, each group whole or not at all,
//! and returns after the group is synced. Where the bytes lie is a [`Storage`]: [`Sqlite`] in
//! production, [`Memory`] in simulation, [`Faulty`] around either of them in tests. What to do with
//! what is found at a restart is a table, see [`recovery`].
//!
//! **Architecture invariant:** nothing in this crate knows what a record means. It keeps order,
//! completeness and authorship; the fold over the records is `sealift_protocol::State`.

pub mod codec;
mod error;
pub mod faulty;
pub mod frame;
mod journal;
pub mod lock;
pub mod recovery;
mod scan;
pub mod storage;

pub use error::{AppendError, JournalError};
pub use faulty::{Fault, Faulty};
pub use frame::{Frame, Mark};
pub use journal::Journal;
pub use lock::DirLock;
pub use recovery::{BindingMismatch, Recovery};
pub use scan::{EpochSpan, Report, inspect, verify};
pub use sealift_protocol::record::{Binding, Record};
pub use storage::memory::Memory;
pub use storage::sqlite::Sqlite;
pub use storage::{Epoch, Storage, StorageError};
