//! What to do with what is found at a restart: one table, looked up frame by frame.
//!
//! | | last, unacknowledged | last, acknowledged | not last |
//! |---|---|---|---|
//! | intact | keep | keep | keep |
//! | missing | (the end of the journal) | halt | halt |
//! | torn, group open | cut from the start of its group | halt | halt |
//! | other binding | refuse | refuse | refuse |
//! | anything else | halt | halt | halt |
//!
//! *Acknowledged* means that the storage remembers having synced this frame or a later one. A frame
//! that was never acknowledged may be torn by a crash, and nobody acted on it: the bytes of a
//! transaction are sent only after their record was acknowledged. What was acknowledged and is
//! damaged is corruption. A full-length frame with a wrong hash is corruption even at the very end: a
//! crash tears, it does not rewrite. Never guess.

use std::fmt;

use alloy_primitives::B256;
use sealift_protocol::record::Binding;

use crate::codec;
use crate::frame::Frame;

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

/// What is found where a frame is expected. The first that applies, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// Nothing is wrong.
    Intact,
    /// There is no frame.
    Missing,
    /// Fewer payload bytes than were written.
    Torn,
    /// The bytes are not those that were hashed.
    BadHash,
    /// Not the sequence that comes next.
    BadSequence,
    /// Does not follow from the frame before.
    BadPrev,
    /// Written by an earlier writer than the frame before.
    EpochBackward,
    /// Another frame was acknowledged at this sequence: this is another history.
    OtherHistory,
    /// Written by a newer program.
    UnknownVersion,
    /// Hashes correctly and is no record.
    Undecodable,
    /// The first record is not `Began`, or a later one is.
    Misplaced,
    /// The journal belongs to another chain or plan.
    OtherBinding(BindingMismatch),
    /// It does not continue the append of the frame before, which was to go on.
    GroupBroken,
    /// Intact and the last, but the append that it belongs to was to go on.
    GroupOpen,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The record counts.
    Keep,
    /// The journal ends before this frame.
    End,
    /// A crash interrupted this append and nobody was told that it is durable: remove the whole group.
    Cut,
    /// Corruption: stop, and name the record.
    Halt,
    /// Somebody else's journal: stop, and touch nothing.
    Refuse(BindingMismatch),
}

/// The table.
///
/// `last`: no frame stands after this place. `acknowledged`: the storage remembers having synced this
/// sequence or a later one.
pub fn decide(found: Found, last: bool, acknowledged: bool) -> Verdict {
    match (found, last, acknowledged) {
        (Found::Intact, _, _) => Verdict::Keep,
        (Found::Missing, true, false) => Verdict::End,
        (Found::Missing, _, _) => Verdict::Halt,
        (Found::Torn | Found::GroupOpen, true, false) => Verdict::Cut,
        (Found::Torn | Found::GroupOpen, _, _) => Verdict::Halt,
        (Found::OtherBinding(mismatch), _, _) => Verdict::Refuse(mismatch),
        (
            Found::BadHash
            | Found::BadSequence
            | Found::BadPrev
            | Found::EpochBackward
            | Found::OtherHistory
            | Found::UnknownVersion
            | Found::Undecodable
            | Found::Misplaced
            | Found::GroupBroken,
            _,
            _,
        ) => Verdict::Halt,
    }
}

/// How a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There is no record yet.
    Empty,
    /// Every frame is a record.
    Resumed,
    /// An append that was interrupted by a crash is removed; it was never acknowledged.
    Cut(Severed),
}

/// The interrupted append that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severed {
    /// Sequence of its first frame.
    pub from: u64,
    /// The names of its records, as far as they were there.
    pub kinds: Vec<&'static str>,
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a new journal"),
            Self::Resumed => write!(f, "every record is intact"),
            Self::Cut(Severed { from, kinds }) => write!(
                f,
                "an append that a crash interrupted is removed: record {from} on ({})",
                kinds.join(", ")
            ),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact => f.write_str("intact"),
            Self::Missing => f.write_str("it was durable and is gone"),
            Self::Torn => f.write_str("its payload is cut short"),
            Self::BadHash => f.write_str("its bytes are not those that were written"),
            Self::BadSequence => f.write_str("its sequence is not the one that comes next"),
            Self::BadPrev => f.write_str("it does not follow from the record before"),
            Self::EpochBackward => f.write_str("an executor wrote it that had been replaced"),
            Self::OtherHistory => f.write_str("another record was durable in its place"),
            Self::UnknownVersion => f.write_str("a newer program wrote it"),
            Self::Undecodable => f.write_str("its bytes are no record"),
            Self::Misplaced => f.write_str("a journal begins once, with its binding"),
            Self::OtherBinding(mismatch) => mismatch.fmt(f),
            Self::GroupBroken => f.write_str("it is not of the append that it stands in"),
            Self::GroupOpen => f.write_str("the records that were written with it are missing"),
        }
    }
}

/// A record as messages name it.
pub(crate) fn kind_of(frame: &Frame) -> &'static str {
    codec::kind_name(frame.version, frame.kind)
}
