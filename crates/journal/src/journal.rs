//! The one writer of a journal.

use alloy_primitives::B256;
use sealift_protocol::Record;
use sealift_protocol::record::Binding;

use crate::codec;
use crate::frame::{Frame, GENESIS, MAX_PAYLOAD_BYTES, Mark};
use crate::recovery::{Found, Recovery};
use crate::scan::scan;
use crate::storage::{Epoch, Storage, StorageError};

/// Records in one append, at most; beyond it is a defect of the caller.
pub const MAX_GROUP_RECORDS: usize = 4096;

/// A journal, claimed: every earlier writer is fenced.
#[derive(Debug)]
pub struct Journal<S> {
    storage: S,
    epoch: Epoch,
    binding: Binding,
    head: Option<Mark>,
    poisoned: bool,
}

impl<S: Storage> Journal<S> {
    /// Reads and judges all records, and claims the journal for this executor.
    ///
    /// `binding` is what the journal must belong to; an empty one will, with its first record. On an
    /// error nothing has been changed, except that a claim that was already made stands.
    pub fn open(
        mut storage: S,
        binding: &Binding,
    ) -> Result<(Self, Vec<Record>, Recovery), JournalError> {
        // Somebody else's journal, or a damaged one, is not claimed.
        let before = scan(&mut storage, Some(binding))?;
        let epoch = storage
            .claim()
            .map_err(|e| JournalError::storage("claim", e))?;
        // What the writer before us appended between the scan and the claim; none can after it.
        let read = |e| JournalError::storage("read", e);
        let count = before.report.count;
        let is_unchanged = storage.read(count, 1).map_err(read)?.is_empty();
        let found = if is_unchanged {
            before
        } else {
            scan(&mut storage, Some(binding))?
        };
        let last = found.report.epochs.last().map_or(0, |span| span.epoch);
        if epoch <= last {
            return Err(JournalError::FenceBehind { epoch, last });
        }
        if found.report.count < count {
            let sequence = found.report.count;
            return Err(JournalError::Halt {
                sequence,
                kind: "unknown",
                found: Found::Missing,
            });
        }
        let head = found.report.head;
        let recovery = match found.report.severed {
            Some(severed) => {
                storage
                    .cut(epoch, severed.from)
                    .map_err(|e| JournalError::storage("cut", e))?;
                Recovery::Cut(severed)
            }
            None if head.is_none() => Recovery::Empty,
            None => Recovery::Resumed,
        };
        let journal = Self {
            storage,
            epoch,
            binding: *binding,
            head,
            poisoned: false,
        };
        Ok((journal, found.records, recovery))
    }

    /// Adds records, all or none, and returns when they are synced.
    ///
    /// After an error it is not known whether the records are durable, so the journal is poisoned:
    /// nothing more is appended, and whoever opens it next finds out. An empty group is nothing.
    pub fn append(&mut self, records: &[Record]) -> Result<(), AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        if records.is_empty() {
            return Ok(());
        }
        self.poisoned = true;
        let frames = self.frames(records)?;
        self.storage
            .append(self.epoch, &frames)
            .map_err(AppendError::Storage)?;
        self.head = frames.last().map(Frame::mark);
        self.poisoned = false;
        Ok(())
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.head.map_or(0, |head| head.sequence + 1)
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Place and hash of the last record.
    pub fn head(&self) -> Option<Mark> {
        self.head
    }

    /// The fencing epoch of this writer.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether an append failed, so that this journal takes no more.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Whether this journal is of this chain and plan.
    pub fn check_binding(&self, plan: &Binding) -> Result<(), BindingMismatch> {
        BindingMismatch::compare(&self.binding, plan)
    }

    /// Gives the storage back.
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// The chained frames of a group, in one place, so that what is read can be checked against it.
    fn frames(&self, records: &[Record]) -> Result<Vec<Frame>, AppendError> {
        if records.len() > MAX_GROUP_RECORDS {
            return Err(AppendError::TooMany {
                count: records.len(),
            });
        }
        let mut prev = self.head.map_or(GENESIS, |head| head.hash);
        let mut frames = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let sequence = self.len() + index as u64;
            let frame = chain(
                sequence,
                self.epoch,
                prev,
                records.len() - index - 1,
                record,
            )?;
            match record {
                Record::Began(binding) if sequence == 0 && *binding == self.binding => {}
                Record::Began(_) => return Err(AppendError::Misplaced),
                _ if sequence == 0 => return Err(AppendError::Misplaced),
                _ => {}
            }
            prev = frame.hash;
            frames.push(frame);
        }
        Ok(frames)
    }
}

/// One frame, after `prev`.
fn chain(
    sequence: u64,
    epoch: Epoch,
    prev: B256,
    remaining: usize,
    record: &Record,
) -> Result<Frame, AppendError> {
    let (kind, payload) = codec::encode(record);
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(AppendError::TooLarge {
            sequence,
            bytes: payload.len(),
        });
    }
    let frame = Frame {
        sequence,
        epoch,
        remaining: remaining as u32,
        version: codec::CURRENT,
        kind,
        length: payload.len() as u32,
        prev,
        payload,
        hash: B256::ZERO,
    };
    Ok(frame.sealed())
}

/// What a journal belongs to is not what the plan says: the first field that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BindingMismatch {
    /// EIP-155 chain id.
    #[error("the journal belongs to chain {journal}, this is chain {plan}")]
    ChainId {
        /// Of the journal.
        journal: u64,
        /// Of the plan.
        plan: u64,
    },
    /// Hash of block 0.
    #[error("the journal belongs to a chain with genesis {journal}, this one has {plan}")]
    Genesis {
        /// Of the journal.
        journal: B256,
        /// Of the plan.
        plan: B256,
    },
    /// Digest of the plan.
    #[error("the journal belongs to plan {journal}, this is plan {plan}")]
    Plan {
        /// Of the journal.
        journal: B256,
        /// Of the plan.
        plan: B256,
    },
}

impl BindingMismatch {
    /// Compares field by field, the chain first.
    pub fn compare(journal: &Binding, plan: &Binding) -> Result<(), Self> {
        if journal.chain_id != plan.chain_id {
            Err(Self::ChainId {
                journal: journal.chain_id,
                plan: plan.chain_id,
            })
        } else if journal.genesis != plan.genesis {
            Err(Self::Genesis {
                journal: journal.genesis,
                plan: plan.genesis,
            })
        } else if journal.plan != plan.plan {
            Err(Self::Plan {
                journal: journal.plan,
                plan: plan.plan,
            })
        } else {
            Ok(())
        }
    }

    /// The name of the field that differs.
    pub fn field(&self) -> &'static str {
        match self {
            Self::ChainId { .. } => "chain id",
            Self::Genesis { .. } => "genesis",
            Self::Plan { .. } => "plan",
        }
    }
}

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
