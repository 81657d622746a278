//! The one writer of a journal.

use alloy_primitives::B256;
use sealift_protocol::Record;
use sealift_protocol::record::Binding;

use crate::codec;
use crate::error::{AppendError, JournalError};
use crate::frame::{Frame, GENESIS, MAX_GROUP_RECORDS, MAX_PAYLOAD_BYTES, Mark};
use crate::recovery::{BindingMismatch, Found, Recovery};
use crate::scan::scan;
use crate::storage::{Epoch, Storage};

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
