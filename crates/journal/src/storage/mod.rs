//! The port to the medium: five blocking methods, so that a faulty twin is cheap.
//!
//! A storage keeps order, atomicity, durability and the fence. It does not check hashes: what is read
//! back is judged in one place, by [`crate::recovery`], whatever the medium.

pub(crate) mod head;
pub mod memory;
pub mod sqlite;

use crate::frame::{Frame, Mark};

/// A writer's place in the order of writers; a later one fences all before it.
pub type Epoch = u64;

/// Where frames are kept.
///
/// Fit for a file, for memory and for a database that several machines reach.
pub trait Storage {
    /// Makes the caller the only writer: durably bumps the fencing epoch and returns it. The first
    /// epoch is 1.
    fn claim(&mut self) -> Result<Epoch, StorageError>;

    /// Adds frames that follow the last one, all or none, synced before this returns.
    ///
    /// In the same transaction it refuses an epoch that is not the newest ([`StorageError::Fenced`])
    /// and a first sequence that is not the next ([`StorageError::OutOfOrder`]). After `Ok` the
    /// frames are acknowledged, see [`Storage::acknowledged`].
    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError>;

    /// At most `limit` frames from this sequence on, in order; fewer only at the end.
    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError>;

    /// Removes the frames from this sequence on, durably. Only ever called for a tail that was never
    /// acknowledged. Fenced like an append.
    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError>;

    /// The last frame of the newest append that is known to have been synced, from a place that does
    /// not share the fate of the frames; `None` where nothing was appended yet or that place is lost.
    ///
    /// It may be older than the truth and never newer: with it a lost tail is told from a short
    /// journal. Where both are put back to an older state together, nothing here can tell; the chain
    /// can, and the contract's cursor is the truth.
    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError>;
}

impl<S: Storage + ?Sized> Storage for Box<S> {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        (**self).claim()
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        (**self).append(epoch, frames)
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        (**self).read(from, limit)
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        (**self).cut(epoch, from)
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        (**self).acknowledged()
    }
}

/// Why the medium did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No room.
    #[error("no room left for the journal")]
    Full(#[source] Cause),
    /// The medium cannot be written.
    #[error("the journal cannot be written: read-only or no permission")]
    ReadOnly(#[source] Cause),
    /// Another writer claimed the journal.
    #[error("another executor has taken over: ours is epoch {ours}, the journal is at {current}")]
    Fenced {
        /// The epoch of the caller.
        ours: Epoch,
        /// The newest epoch.
        current: Epoch,
    },
    /// The frames do not follow the last one, or not each other.
    #[error("frame {found} was offered where {expected} comes next")]
    OutOfOrder {
        /// The next sequence.
        expected: u64,
        /// What was offered.
        found: u64,
    },
    /// Another process holds the medium for longer than the patience of this one.
    #[error("the journal is busy")]
    Busy(#[source] Cause),
    /// What lies there is not readable as a journal.
    #[error("the journal's medium is damaged")]
    Damaged(#[source] Cause),
    /// Anything else.
    #[error("the journal's medium failed")]
    Failed(#[source] Cause),
}

/// The error of the medium itself.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl StorageError {
    /// Whether somebody else writes this journal now, so that this executor must leave.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced { .. })
    }

    /// Whether the same call may succeed after an operator has made room or waited.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Busy(_))
    }
}

/// The check that every implementation makes before it takes frames.
pub(crate) fn expect_order(next: u64, frames: &[Frame]) -> Result<(), StorageError> {
    for (frame, expected) in frames.iter().zip(next..) {
        if frame.sequence != expected {
            return Err(StorageError::OutOfOrder {
                expected,
                found: frame.sequence,
            });
        }
    }
    Ok(())
}
