//! Records as bytes, in versions that never change once released.
//!
//! The bytes are postcard's: its wire format is specified and frozen since 1.0, compact (a signed
//! transaction is its own bytes and little more), and has no maps whose order could vary, so equal
//! records have equal bytes. It does not describe itself, which is why the version and the kind stand
//! in the frame, under the same hash. The types of a version are written out in its module and share
//! nothing with `sealift_protocol`: a field that is added there cannot change what lies on a disk.
//!
//! A new version is a new module and a new arm in [`decode`]; old arms stay for ever.

pub mod v1;

use sealift_protocol::Record;

/// The version that is written.
pub const CURRENT: u16 = v1::VERSION;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A newer program wrote this.
    #[error("the record has version {0}, which this program does not know")]
    UnknownVersion(u16),
    /// The version is known and the bytes are not of it.
    #[error("the bytes are not a record of version {0}")]
    Malformed(u16),
}

/// The kind and the bytes of a record in the [`CURRENT`] version.
pub fn encode(record: &Record) -> (u8, Vec<u8>) {
    let record = v1::RecordV1::from(record);
    (record.kind(), record.to_bytes())
}

/// The record of these bytes. Bytes are left over, or a kind that is not that of the bytes: malformed.
pub fn decode(version: u16, kind: u8, payload: &[u8]) -> Result<Record, DecodeError> {
    match version {
        v1::VERSION => v1::RecordV1::from_bytes(payload)
            .filter(|record| record.kind() == kind)
            .map(Record::from)
            .ok_or(DecodeError::Malformed(version)),
        other => Err(DecodeError::UnknownVersion(other)),
    }
}

/// What a record of this version and kind is called, for messages.
pub fn kind_name(version: u16, kind: u8) -> &'static str {
    match version {
        v1::VERSION => v1::KINDS
            .get(usize::from(kind))
            .copied()
            .unwrap_or("unknown kind"),
        _ => "unknown version",
    }
}
