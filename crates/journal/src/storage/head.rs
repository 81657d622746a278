//! The acknowledged head, in a small file beside the database.
//!
//! SQLite's recovery ends at the first page of the write-ahead log whose checksum is wrong and drops
//! all that follows without an error, whether a torn commit that nobody was told of or a flipped bit
//! below a hundred acknowledged ones. This file tells the two apart. It has two slots that are written
//! in turn, so that a torn slot leaves the one before. It is written after the commit and not
//! synced: it may be older than the database, never newer, and a kill of the process loses nothing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use alloy_primitives::{B256, keccak256};

use crate::frame::Mark;

const DOMAIN: &[u8; 8] = b"SEALHEAD";
const SLOT_BYTES: usize = 8 + 8 + 32 + 32;

/// The file, open for the life of the storage.
#[derive(Debug)]
pub(crate) struct HeadFile {
    file: File,
    /// The slot that is written next.
    next: usize,
}

impl HeadFile {
    /// Takes an open file; an empty one has no mark.
    pub(crate) fn open(file: File) -> io::Result<Self> {
        let mut this = Self { file, next: 0 };
        this.reload()?;
        Ok(this)
    }

    /// Reads both slots and returns the newest mark; a slot that is short, torn or flipped counts as
    /// absent.
    pub(crate) fn reload(&mut self) -> io::Result<Option<Mark>> {
        let mut bytes = Vec::with_capacity(2 * SLOT_BYTES);
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file)
            .take(2 * SLOT_BYTES as u64)
            .read_to_end(&mut bytes)?;
        let slot = |index: usize| decode(bytes.get(index * SLOT_BYTES..)?);
        let (next, newest) = match (slot(0), slot(1)) {
            (Some(a), Some(b)) if a.sequence > b.sequence => (1, Some(a)),
            (_, Some(b)) => (0, Some(b)),
            (Some(a), None) => (1, Some(a)),
            (None, None) => (0, None),
        };
        self.next = next;
        Ok(newest)
    }

    /// Writes a mark over the older slot.
    pub(crate) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.file
            .seek(SeekFrom::Start((self.next * SLOT_BYTES) as u64))?;
        self.file.write_all(&encode(mark))?;
        self.next = 1 - self.next;
        Ok(())
    }
}

fn encode(mark: Mark) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(DOMAIN);
    slot[8..16].copy_from_slice(&mark.sequence.to_be_bytes());
    slot[16..48].copy_from_slice(mark.hash.as_slice());
    let check = keccak256(&slot[..48]);
    slot[48..].copy_from_slice(check.as_slice());
    slot
}

fn decode(bytes: &[u8]) -> Option<Mark> {
    let slot: &[u8; SLOT_BYTES] = bytes.first_chunk()?;
    let sequence = u64::from_be_bytes(*slot[8..].first_chunk()?);
    let mark = Mark {
        sequence,
        hash: B256::from_slice(&slot[16..48]),
    };
    (encode(mark) == *slot).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(sequence: u64) -> Mark {
        Mark {
            sequence,
            hash: B256::repeat_byte(sequence as u8),
        }
    }

    #[test]
    fn newest_survives_a_torn_or_flipped_slot() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("head");
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let open = || options.open(&path).unwrap();
        let mut head = HeadFile::open(open()).unwrap();
        assert_eq!(head.reload().unwrap(), None);
        for sequence in [0, 3, 4, 9] {
            head.write(mark(sequence)).unwrap();
            head = HeadFile::open(open()).unwrap();
            assert_eq!(head.reload().unwrap(), Some(mark(sequence)));
        }
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            let newest = HeadFile::open(open()).unwrap().reload().unwrap();
            assert!(
                [Some(mark(4)), Some(mark(9))].contains(&newest),
                "flip at {at}: {newest:?}"
            );
            std::fs::write(&path, &whole[..at]).unwrap();
            HeadFile::open(open()).unwrap();
        }
    }
}
