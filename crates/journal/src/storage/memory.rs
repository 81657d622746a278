//! Frames in memory: for simulation and tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Epoch, Storage, StorageError, expect_order};
use crate::frame::{Frame, Mark};

#[derive(Clone, Debug, Default)]
struct Cells {
    epoch: Epoch,
    frames: Vec<Frame>,
    acknowledged: Option<Mark>,
}

/// A journal's medium that lives as long as its last handle. A clone is another handle to the same
/// frames, as a second process would have; [`Memory::fork`] is an independent copy.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    cells: Arc<Mutex<Cells>>,
}

impl Memory {
    /// An independent copy of everything, the fence included.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            cells: Arc::new(Mutex::new(self.cells().clone())),
        }
    }

    /// All frames, as they lie.
    pub fn frames(&self) -> Vec<Frame> {
        self.cells().frames.clone()
    }

    /// A medium in any condition, however broken.
    pub fn from_parts(epoch: Epoch, frames: Vec<Frame>, acknowledged: Option<Mark>) -> Self {
        Self {
            cells: Arc::new(Mutex::new(Cells {
                epoch,
                frames,
                acknowledged,
            })),
        }
    }

    /// The cells are whole after every method, so a panic elsewhere does not spoil them.
    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cells {
    fn expect_epoch(&self, ours: Epoch) -> Result<(), StorageError> {
        if ours == self.epoch {
            Ok(())
        } else {
            Err(StorageError::Fenced {
                ours,
                current: self.epoch,
            })
        }
    }
}

impl Storage for Memory {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        let mut cells = self.cells();
        cells.epoch += 1;
        Ok(cells.epoch)
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        let mut cells = self.cells();
        cells.expect_epoch(epoch)?;
        expect_order(cells.frames.len() as u64, frames)?;
        cells.frames.extend_from_slice(frames);
        cells.acknowledged = frames.last().map(Frame::mark).or(cells.acknowledged);
        Ok(())
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self
            .cells()
            .frames
            .iter()
            .skip(from)
            .take(limit)
            .cloned()
            .collect())
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        let mut cells = self.cells();
        cells.expect_epoch(epoch)?;
        cells
            .frames
            .truncate(usize::try_from(from).unwrap_or(usize::MAX));
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        Ok(self.cells().acknowledged)
    }
}
