//! A storage that fails on purpose: any storage, and at most one fault at a time.

use crate::frame::{Frame, Mark};
use crate::storage::{Epoch, Storage, StorageError};

/// What goes wrong. Appends are counted from 0, over the life of the [`Faulty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing.
    None,
    /// The append fails and nothing of it is written.
    FailBefore(u64),
    /// The append is written and synced, and an error is returned all the same.
    FailAfter(u64),
    /// The process dies before the sync: nothing of the append survives.
    CrashBefore(u64),
    /// The process dies after the sync and before anybody is told.
    CrashAfter(u64),
    /// The process dies while the append is written on a medium without transactions: `whole` of its
    /// frames survive, and `bytes` bytes of the payload of the next one.
    CrashTorn {
        /// Which append.
        append: u64,
        /// Frames that survive.
        whole: usize,
        /// Payload bytes of the next frame that survive; `None`: not even its header.
        bytes: Option<usize>,
    },
    /// The medium lies: it acknowledges this append and all later ones without syncing them, and
    /// forgets them when the process dies.
    LostTail(u64),
    /// No room from this append on.
    Full(u64),
    /// A payload byte of a frame reads wrong.
    FlippedByte {
        /// The frame.
        sequence: u64,
        /// The byte, modulo the length of the payload.
        at: usize,
    },
    /// An older copy of the frames is in place of the newest: only so many of them.
    StaleCopy(u64),
}

/// Wraps a storage and one fault.
///
/// After a simulated crash every call fails until [`Faulty::restart`], as it would for a dead process.
#[derive(Clone, Debug)]
pub struct Faulty<S> {
    inner: S,
    fault: Fault,
    appends: u64,
    dead: bool,
    torn: Option<Torn>,
    /// Length of the frames before the medium began to lie.
    synced: Option<u64>,
}

/// Frames that a crash left behind, on top of those of the inner storage.
#[derive(Clone, Debug)]
struct Torn {
    base: u64,
    frames: Vec<Frame>,
}

#[derive(Debug, thiserror::Error)]
#[error("simulated: {0}")]
struct Simulated(&'static str);

fn failed(what: &'static str) -> StorageError {
    StorageError::Failed(Box::new(Simulated(what)))
}

impl<S: Storage> Faulty<S> {
    /// Around a storage.
    pub fn new(inner: S, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            appends: 0,
            dead: false,
            torn: None,
            synced: None,
        }
    }

    /// How many appends were asked for: the sync points.
    pub fn appends(&self) -> u64 {
        self.appends
    }

    /// Whether the simulated process is dead.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// A new process over what the dead one left. Faults of the process are over; those of the medium
    /// remain, and [`Fault::LostTail`] becomes visible.
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.dead = false;
        self.fault = match (self.fault, self.synced) {
            (Fault::LostTail(_), Some(synced)) => Fault::StaleCopy(synced),
            (medium @ (Fault::FlippedByte { .. } | Fault::StaleCopy(_)), _) => medium,
            _ => Fault::None,
        };
        self
    }

    /// The wrapped storage.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn alive(&self) -> Result<(), StorageError> {
        if self.dead {
            Err(failed("the process is dead"))
        } else {
            Ok(())
        }
    }

    /// What stays of an append on a medium without transactions.
    fn tear(frames: &[Frame], whole: usize, bytes: Option<usize>) -> Vec<Frame> {
        let mut left = frames[..whole].to_vec();
        if let (Some(bytes), Some(next)) = (bytes, frames.get(whole)) {
            let mut next = next.clone();
            next.payload.truncate(bytes);
            left.push(next);
        }
        left
    }

    fn filter(&self, mut frame: Frame) -> Option<Frame> {
        match self.fault {
            Fault::StaleCopy(count) if frame.sequence >= count => return None,
            Fault::FlippedByte { sequence, at } if frame.sequence == sequence => {
                let length = frame.payload.len().max(1);
                if let Some(byte) = frame.payload.get_mut(at % length) {
                    *byte ^= 0x10;
                }
            }
            _ => {}
        }
        Some(frame)
    }
}

impl<S: Storage> Storage for Faulty<S> {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        self.alive()?;
        self.inner.claim()
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        self.alive()?;
        let this = self.appends;
        self.appends += 1;
        match self.fault {
            Fault::FailBefore(at) if at == this => Err(failed("write error")),
            Fault::FailAfter(at) if at == this => {
                self.inner.append(epoch, frames)?;
                Err(failed("error after the sync"))
            }
            Fault::CrashBefore(at) if at == this => {
                self.dead = true;
                Err(failed("crash before the sync"))
            }
            Fault::CrashAfter(at) if at == this => {
                self.inner.append(epoch, frames)?;
                self.dead = true;
                Err(failed("crash after the sync"))
            }
            Fault::CrashTorn { append, whole, .. } if append == this && whole >= frames.len() => {
                self.inner.append(epoch, frames)?;
                self.dead = true;
                Err(failed("crash after the sync"))
            }
            Fault::CrashTorn {
                append,
                whole,
                bytes,
            } if append == this => {
                let left = Self::tear(frames, whole, bytes);
                let base = frames.first().map_or(0, |frame| frame.sequence);
                self.torn = Some(Torn { base, frames: left });
                self.dead = true;
                Err(failed("crash during the write"))
            }
            Fault::Full(at) if this >= at => {
                Err(StorageError::Full(Box::new(Simulated("no room"))))
            }
            Fault::LostTail(at) if this >= at => {
                let first = frames.first().map_or(0, |frame| frame.sequence);
                self.synced.get_or_insert(first);
                self.inner.append(epoch, frames)
            }
            _ => self.inner.append(epoch, frames),
        }
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        self.alive()?;
        let mut frames: Vec<Frame> = self
            .inner
            .read(from, limit)?
            .into_iter()
            .filter_map(|f| self.filter(f))
            .collect();
        if let Some(torn) = &self.torn {
            let skip = usize::try_from(from.saturating_sub(torn.base)).unwrap_or(usize::MAX);
            let room = limit - frames.len();
            frames.extend(torn.frames.iter().skip(skip).take(room).cloned());
        }
        Ok(frames)
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        self.alive()?;
        // The inner storage fences.
        self.inner.cut(epoch, from)?;
        if let Some(torn) = &mut self.torn {
            let keep = usize::try_from(from.saturating_sub(torn.base)).unwrap_or(usize::MAX);
            torn.frames.truncate(keep);
        }
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        self.alive()?;
        self.inner.acknowledged()
    }
}
