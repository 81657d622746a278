//! A record on its way to the medium: its place, its writer, its bytes and the hash that chains it.

use alloy_primitives::{B256, Keccak256};

/// First bytes of every hash, so that no other keccak of the project can be mistaken for one.
const DOMAIN: &[u8] = b"sealift/journal/frame/1";

/// What the first frame of a journal names as its predecessor.
pub const GENESIS: B256 = B256::ZERO;

/// Bytes of one encoded record, at most. A signed transaction is the largest record, and nodes take
/// none above 128 KiB.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// Records in one append, at most; beyond it is a defect of the caller.
pub const MAX_GROUP_RECORDS: usize = 4096;

/// One record as the medium keeps it. Nothing is known of it until the chain has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Position, from 0 and without gaps.
    pub sequence: u64,
    /// Fencing epoch of the writer.
    pub epoch: u64,
    /// How many frames of the same append follow this one; 0 closes the group.
    pub remaining: u32,
    /// Version of the codec, see [`crate::codec`].
    pub version: u16,
    /// Kind of the record in that version, so that a record can be named whose payload is damaged.
    pub kind: u8,
    /// Number of payload bytes that were written; fewer on the medium is a torn frame.
    pub length: u32,
    /// Hash of the frame before, or [`GENESIS`].
    pub prev: B256,
    /// The encoded record.
    pub payload: Vec<u8>,
    /// [`Frame::digest`] of all of the above.
    pub hash: B256,
}

impl Frame {
    /// `keccak256(domain ++ sequence ++ epoch ++ remaining ++ version ++ kind ++ length ++ prev ++
    /// payload)`, integers big-endian.
    pub fn digest(&self) -> B256 {
        let mut hasher = Keccak256::new();
        hasher.update(DOMAIN);
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.epoch.to_be_bytes());
        hasher.update(self.remaining.to_be_bytes());
        hasher.update(self.version.to_be_bytes());
        hasher.update([self.kind]);
        hasher.update(self.length.to_be_bytes());
        hasher.update(self.prev);
        hasher.update(&self.payload);
        hasher.finalize()
    }

    /// The frame with its hash filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.hash = self.digest();
        self
    }

    /// Position and hash.
    pub fn mark(&self) -> Mark {
        Mark {
            sequence: self.sequence,
            hash: self.hash,
        }
    }

    /// Whether the medium holds fewer payload bytes than were written.
    pub fn is_torn(&self) -> bool {
        self.payload.len() < self.length as usize
    }
}

/// A position in the chain, and the hash that stands there: it commits to everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Position.
    pub sequence: u64,
    /// Hash of the frame.
    pub hash: B256,
}
