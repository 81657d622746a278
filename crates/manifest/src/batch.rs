//! Batches: how a holder list is cut into transactions, and the commitment to each.

use std::ops::Range;

use alloy_primitives::{B256, U256, keccak256};

use crate::{
    entry::{self, EntryError, Format},
    head,
    holders::{Holder, Holders},
};

/// Threads that hash batches.
const WORKERS: usize = 2;
/// Rows below which a second thread does not pay.
const PARALLEL_ROWS: usize = 4096;

/// Why a list cannot be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A batch holds at least one entry.
    #[error("the batch size is zero")]
    ZeroSize,
    /// The migration counts batches in a `uint32`.
    #[error("{batches} batches are more than a uint32 counts; make the batches larger")]
    TooMany {
        /// How many there would be.
        batches: usize,
    },
}

/// Ranges of `size` rows, of which the last may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    rows: usize,
    size: usize,
}

/// The commitment to one batch, which does not depend on the migration (`IMigration.Batch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    /// Entries.
    pub count: u64,
    /// Sum of the amounts.
    pub sum: U256,
    /// Keccak-256 of the batch data.
    pub data_hash: B256,
}

/// One batch of one lane in one generation, with the head after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// Position in the lane, from 0.
    pub index: u32,
    /// Position in the holder list of the first row.
    pub first_row: u64,
    /// Entries.
    pub count: u64,
    /// Sum of the amounts.
    pub sum: U256,
    /// Keccak-256 of the batch data.
    pub data_hash: B256,
    /// The lane's head after this batch.
    pub head: B256,
}

/// Which staging a head belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Staging {
    /// The migration.
    pub id: B256,
    /// The lane, from 0.
    pub lane: u64,
    /// The staging attempt.
    pub generation: u32,
}

#[expect(clippy::len_without_is_empty, reason = "a holder list is never empty")]
impl Batches {
    /// Cuts a list into batches of `batch_size` rows.
    pub fn split(holders: &Holders, batch_size: usize) -> Result<Self, BatchError> {
        if batch_size == 0 {
            return Err(BatchError::ZeroSize);
        }
        let rows = holders.len();
        let batches = rows.div_ceil(batch_size);
        if u32::try_from(batches).is_err() {
            return Err(BatchError::TooMany { batches });
        }
        Ok(Self {
            rows,
            size: batch_size,
        })
    }

    /// How many batches, at least one.
    pub fn len(&self) -> usize {
        self.rows.div_ceil(self.size)
    }

    /// The rows of one batch, if there is such a batch.
    pub fn range(&self, index: usize) -> Option<Range<usize>> {
        let start = index
            .checked_mul(self.size)
            .filter(|&start| start < self.rows)?;
        Some(start..self.rows.min(start.saturating_add(self.size)))
    }

    /// The rows of every batch, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        let Self { rows, size } = *self;
        (0..self.len()).map(move |index| {
            let start = index * size;
            start..rows.min(start.saturating_add(size))
        })
    }

    /// The digest of every batch, in order. The list must be the one that was cut.
    ///
    /// # Panics
    /// When the list has another length.
    pub fn digests(&self, holders: &Holders, format: Format) -> Result<Vec<Digest>, EntryError> {
        assert_eq!(
            holders.len(),
            self.rows,
            "the list is not the one that was cut"
        );
        let rows = holders.rows();
        if rows.len() < PARALLEL_ROWS {
            return digest_batches(rows, self.size, format);
        }
        let share = self.len().div_ceil(WORKERS).saturating_mul(self.size);
        std::thread::scope(|scope| {
            let workers: Vec<_> = rows
                .chunks(share)
                .map(|part| scope.spawn(move || digest_batches(part, self.size, format)))
                .collect();
            let mut digests = Vec::with_capacity(self.len());
            for worker in workers {
                match worker.join() {
                    Ok(part) => digests.extend(part?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(digests)
        })
    }

    /// The commitment to every batch, in order, for one staging of one lane.
    ///
    /// # Panics
    /// When the list has another length than the one that was cut.
    pub fn commitments(
        &self,
        holders: &Holders,
        format: Format,
        staging: Staging,
    ) -> Result<Vec<Commitment>, EntryError> {
        Ok(chain(staging, &self.digests(holders, format)?))
    }
}

/// Links the digests of a lane's batches, in order from batch 0, to heads.
///
/// After a restart only the generation differs, so that the digests are used again.
///
/// # Panics
/// When there are more digests than a `u32` counts.
pub fn chain(staging: Staging, digests: &[Digest]) -> Vec<Commitment> {
    let Staging {
        id,
        lane,
        generation,
    } = staging;
    let mut head = head::head0(id, lane, generation);
    let mut first_row = 0;
    let mut commitments = Vec::with_capacity(digests.len());
    for (
        place,
        &Digest {
            count,
            sum,
            data_hash,
        },
    ) in digests.iter().enumerate()
    {
        let index = u32::try_from(place).expect("batches are counted in a u32");
        head = head::advance(head, id, lane, index, count, sum, data_hash);
        commitments.push(Commitment {
            index,
            first_row,
            count,
            sum,
            data_hash,
            head,
        });
        first_row += count;
    }
    commitments
}

/// The digest of one batch.
pub fn digest(rows: &[Holder], format: Format) -> Result<Digest, EntryError> {
    digest_with(&mut Vec::new(), rows, format)
}

fn digest_batches(rows: &[Holder], size: usize, format: Format) -> Result<Vec<Digest>, EntryError> {
    let mut data = Vec::new();
    rows.chunks(size)
        .map(|batch| digest_with(&mut data, batch, format))
        .collect()
}

fn digest_with(data: &mut Vec<u8>, rows: &[Holder], format: Format) -> Result<Digest, EntryError> {
    let sum = entry::encode_into(data, rows, format)?;
    Ok(Digest {
        count: rows.len() as u64,
        sum,
        data_hash: keccak256(&data),
    })
}
