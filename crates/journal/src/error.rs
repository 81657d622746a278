//! Why a journal cannot be opened, or not be written.

use crate::frame::{MAX_GROUP_RECORDS, MAX_PAYLOAD_BYTES};
use crate::recovery::{BindingMismatch, Found};
use crate::storage::{Epoch, StorageError};

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The medium failed.
    #[error("cannot {operation} the journal")]
    Storage {
        /// What was tried: read, claim, cut.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: StorageError,
    },
    /// Corruption, or a journal of a newer program.
    #[error("the journal is damaged at record {sequence} ({kind}): {found}")]
    Halt {
        /// Sequence of the record.
        sequence: u64,
        /// Its kind, as far as that can be told.
        kind: &'static str,
        /// What is wrong with it.
        found: Found,
    },
    /// The journal of another chain or plan.
    #[error(transparent)]
    Refused(BindingMismatch),
    /// The fence is older than the records: parts of the medium are of different ages.
    #[error("the journal's fence is at epoch {epoch}, its records are of epoch {last}")]
    FenceBehind {
        /// The epoch that the claim returned.
        epoch: Epoch,
        /// The epoch of the last record.
        last: Epoch,
    },
}

impl JournalError {
    pub(crate) fn storage(operation: &'static str, source: StorageError) -> Self {
        Self::Storage { operation, source }
    }
}

/// Why records were not written, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// An earlier append failed.
    #[error("an earlier append failed; open the journal again")]
    Poisoned,
    /// The first record is not this journal's `Began`, or a later one is a `Began`.
    #[error("a journal begins once, with its binding")]
    Misplaced,
    /// More records than [`MAX_GROUP_RECORDS`].
    #[error("{count} records in one append; {MAX_GROUP_RECORDS} at most")]
    TooMany {
        /// How many were offered.
        count: usize,
    },
    /// A record is larger than [`MAX_PAYLOAD_BYTES`].
    #[error("record {sequence} has {bytes} bytes; {MAX_PAYLOAD_BYTES} at most")]
    TooLarge {
        /// The sequence that it would have had.
        sequence: u64,
        /// Its encoded size.
        bytes: usize,
    },
    /// The medium failed; whether the records are durable is not known.
    #[error("cannot append to the journal")]
    Storage(#[source] StorageError),
}

impl AppendError {
    /// Whether another executor has taken over.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Storage(source) if source.is_fenced())
    }
}
