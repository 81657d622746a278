//! Reads a journal from the start and judges every frame.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use sealift_protocol::Record;
use sealift_protocol::record::Binding;

use crate::codec::{self, DecodeError};
use crate::error::JournalError;
use crate::frame::{Frame, GENESIS, MAX_PAYLOAD_BYTES, Mark};
use crate::recovery::{BindingMismatch, Found, Severed, Verdict, decide, kind_of};
use crate::storage::{Epoch, Storage};

/// Frames that are held in memory at once, beside the records.
const PAGE_FRAMES: usize = 1024;

/// The frames of one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochSpan {
    /// The writer's epoch.
    pub epoch: Epoch,
    /// Its first sequence.
    pub first: u64,
    /// Its last sequence.
    pub last: u64,
}

/// What an audit wants to know of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Number of records.
    pub count: u64,
    /// The last record's place and hash, which commits to all of them.
    pub head: Option<Mark>,
    /// Chain and plan, once the journal has begun.
    pub binding: Option<Binding>,
    /// The writers, in order.
    pub epochs: Vec<EpochSpan>,
    /// How many records of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// An interrupted append at the end, which the next executor will remove.
    pub severed: Option<Severed>,
}

/// What lies on the medium, judged.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) records: Vec<Record>,
    pub(crate) report: Report,
}

/// Reads and checks the whole journal and changes nothing; safe beside a running executor.
pub fn inspect<S: Storage>(storage: &mut S) -> Result<(Vec<Record>, Report), JournalError> {
    scan(storage, None).map(|Scan { records, report }| (records, report))
}

/// As [`inspect`], for whoever wants no records.
pub fn verify<S: Storage>(storage: &mut S) -> Result<Report, JournalError> {
    inspect(storage).map(|(_, report)| report)
}

/// Reads all frames, up to the end or to a verdict that stops.
pub(crate) fn scan<S: Storage>(
    storage: &mut S,
    expected: Option<&Binding>,
) -> Result<Scan, JournalError> {
    // Before the frames: what is acknowledged in the meantime is then found, not missed.
    let acknowledged = storage
        .acknowledged()
        .map_err(|e| JournalError::storage("read", e))?;
    let mut walk = Walk::new(acknowledged, expected);
    let mut from = 0;
    loop {
        let page = storage
            .read(from, PAGE_FRAMES + 1)
            .map_err(|e| JournalError::storage("read", e))?;
        let next_of = |index: usize| page.get(index + 1);
        let here = page.len().min(PAGE_FRAMES);
        for (index, frame) in page[..here].iter().enumerate() {
            if let Flow::Stop(severed) = walk.take(frame, next_of(index))? {
                walk.scan.report.severed = Some(severed);
                return Ok(walk.scan);
            }
        }
        if page.len() <= PAGE_FRAMES {
            break;
        }
        from = walk.next_sequence();
    }
    walk.end()
}

enum Flow {
    Go,
    Stop(Severed),
}

/// The scan between two frames.
struct Walk<'a> {
    acknowledged: Option<Mark>,
    expected: Option<&'a Binding>,
    prev: B256,
    epoch: Epoch,
    /// The group that is not closed yet; it counts only as a whole.
    open: Vec<Kept>,
    scan: Scan,
}

/// An intact frame.
struct Kept {
    mark: Mark,
    epoch: Epoch,
    remaining: u32,
    kind: &'static str,
    record: Record,
}

impl<'a> Walk<'a> {
    fn new(acknowledged: Option<Mark>, expected: Option<&'a Binding>) -> Self {
        let report = Report {
            count: 0,
            head: None,
            binding: None,
            epochs: Vec::new(),
            kinds: BTreeMap::new(),
            severed: None,
        };
        let scan = Scan {
            records: Vec::new(),
            report,
        };
        Self {
            acknowledged,
            expected,
            prev: GENESIS,
            epoch: 0,
            open: Vec::new(),
            scan,
        }
    }

    fn next_sequence(&self) -> u64 {
        self.scan.report.count + self.open.len() as u64
    }

    fn is_acknowledged(&self, sequence: u64) -> bool {
        self.acknowledged
            .is_some_and(|mark| mark.sequence >= sequence)
    }

    /// Judges one frame and folds it in.
    fn take(&mut self, frame: &Frame, following: Option<&Frame>) -> Result<Flow, JournalError> {
        let sequence = self.next_sequence();
        let (found, record) = match self.examine(frame, following) {
            Ok(record) => (Found::Intact, Some(record)),
            Err(found) => (found, None),
        };
        match (
            decide(found, following.is_none(), self.is_acknowledged(sequence)),
            record,
        ) {
            (Verdict::Keep, Some(record)) => {
                self.keep(frame, record);
                Ok(Flow::Go)
            }
            (Verdict::Cut, _) => {
                let kinds = self
                    .open
                    .iter()
                    .map(|kept| kept.kind)
                    .chain([kind_of(frame)]);
                let kinds = kinds.collect();
                Ok(Flow::Stop(Severed {
                    from: self.scan.report.count,
                    kinds,
                }))
            }
            (Verdict::Refuse(mismatch), _) => Err(JournalError::Refused(mismatch)),
            (Verdict::Keep | Verdict::End | Verdict::Halt, _) => Err(JournalError::Halt {
                sequence,
                kind: kind_of(frame),
                found,
            }),
        }
    }

    /// The record of a frame, or what is wrong with it; the order is that of [`Found`].
    fn examine(&self, frame: &Frame, following: Option<&Frame>) -> Result<Record, Found> {
        let sequence = self.next_sequence();
        if frame.is_torn() {
            return Err(Found::Torn);
        }
        if frame.payload.len() > MAX_PAYLOAD_BYTES || frame.digest() != frame.hash {
            return Err(Found::BadHash);
        }
        if frame.sequence != sequence {
            return Err(Found::BadSequence);
        }
        if frame.prev != self.prev {
            return Err(Found::BadPrev);
        }
        if frame.epoch < self.epoch {
            return Err(Found::EpochBackward);
        }
        let is_other = |mark: Mark| {
            mark.sequence == sequence && (mark.hash != frame.hash || frame.remaining != 0)
        };
        if self.acknowledged.is_some_and(is_other) {
            return Err(Found::OtherHistory);
        }
        let record =
            codec::decode(frame.version, frame.kind, &frame.payload).map_err(|e| match e {
                DecodeError::UnknownVersion(_) => Found::UnknownVersion,
                DecodeError::Malformed(_) => Found::Undecodable,
            })?;
        match (&record, sequence) {
            (Record::Began(found), 0) => {
                if let Some(expected) = self.expected {
                    BindingMismatch::compare(found, expected).map_err(Found::OtherBinding)?;
                }
            }
            (Record::Began(_), _) | (_, 0) => return Err(Found::Misplaced),
            _ => {}
        }
        let continues = |open: &Kept| {
            open.remaining.checked_sub(1) == Some(frame.remaining) && open.epoch == frame.epoch
        };
        if !self.open.last().is_none_or(continues) {
            return Err(Found::GroupBroken);
        }
        if frame.remaining > 0 && following.is_none() {
            return Err(Found::GroupOpen);
        }
        Ok(record)
    }

    fn keep(&mut self, frame: &Frame, record: Record) {
        self.prev = frame.hash;
        self.epoch = frame.epoch;
        let kind = kind_of(frame);
        let Frame {
            epoch, remaining, ..
        } = *frame;
        self.open.push(Kept {
            mark: frame.mark(),
            epoch,
            remaining,
            kind,
            record,
        });
        if frame.remaining == 0 {
            for kept in self.open.drain(..) {
                self.scan.fold(kept);
            }
        }
    }

    /// No frame is left.
    fn end(self) -> Result<Scan, JournalError> {
        let sequence = self.next_sequence();
        match decide(Found::Missing, true, self.is_acknowledged(sequence)) {
            Verdict::End => Ok(self.scan),
            _ => Err(JournalError::Halt {
                sequence,
                kind: "unknown",
                found: Found::Missing,
            }),
        }
    }
}

impl Scan {
    fn fold(&mut self, kept: Kept) {
        let Kept {
            mark,
            epoch,
            remaining: _,
            kind,
            record,
        } = kept;
        let report = &mut self.report;
        if let Record::Began(binding) = &record {
            report.binding = Some(*binding);
        }
        match report.epochs.last_mut() {
            Some(span) if span.epoch == epoch => span.last = mark.sequence,
            _ => report.epochs.push(EpochSpan {
                epoch,
                first: mark.sequence,
                last: mark.sequence,
            }),
        }
        *report.kinds.entry(kind).or_default() += 1;
        report.count += 1;
        report.head = Some(mark);
        self.records.push(record);
    }
}
