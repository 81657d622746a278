//! Scenarios on threads, each in an empty directory; the order of the results is that of the scenarios.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use tempfile::TempDir;

use super::census::Census;
use super::faults::Fault;
use super::fork::Boundary;
use super::judge::Judgement;
use super::lives::{self, Recording, Story};
use super::measure::Measure;
use super::world::World;
use super::{OwnError, OwnRequest};
use crate::verdict::Verdict;

/// Who plays.
#[derive(Debug)]
pub(super) struct Workers<'a> {
    world: &'a World,
    dirs: Vec<TempDir>,
}

impl<'a> Workers<'a> {
    pub(super) fn new(world: &'a World, request: &OwnRequest) -> Result<Self, OwnError> {
        // A simulated disk needs no real one: what a crash leaves is decided here.
        let memory = Path::new("/dev/shm");
        let dir = || match &request.scratch {
            Some(scratch) => tempfile::tempdir_in(scratch),
            None if memory.is_dir() => tempfile::tempdir_in(memory),
            None => tempfile::tempdir(),
        };
        let dirs = (0..request.threads.max(1)).map(|_| dir());
        let dirs = dirs.collect::<Result<_, _>>().map_err(OwnError::Scratch)?;
        Ok(Self { world, dirs })
    }

    /// A place for one scenario, while no thread plays.
    pub(super) fn scratch(&self) -> &Path {
        self.dirs[0].path()
    }

    /// One scenario, from the beginning.
    pub(super) fn play(&self, faults: &[Fault]) -> Result<Story, OwnError> {
        let recording = Recording::default();
        self.play_in(self.dirs[0].path(), None, faults, &recording)
    }

    /// One scenario in a directory of a thread.
    pub(super) fn play_in(
        &self,
        dir: &Path,
        from: Option<&Boundary>,
        faults: &[Fault],
        recording: &Recording,
    ) -> Result<Story, OwnError> {
        let dir = dir.join("scenario");
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(OwnError::Scratch)?;
        }
        std::fs::create_dir_all(&dir).map_err(OwnError::Scratch)?;
        let play = || lives::play(self.world, from, faults, &dir, recording);
        let played = catch_unwind(AssertUnwindSafe(play));
        match self.world.failure() {
            Some(text) => Err(OwnError::Copy(text)),
            None => Ok(played.unwrap_or_else(|panic| panicked(faults, &*panic))),
        }
    }

    /// Does the work of each item on some thread, and takes the results in the order of the items.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&Path, &T) -> Result<R, OwnError> + Sync,
        mut take: impl FnMut(&T, R),
    ) -> Result<(), OwnError> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for dir in &self.dirs {
                let (sender, next, work) = (sender.clone(), &next, &work);
                scope.spawn(move || {
                    while let Some((at, item)) = {
                        let at = next.fetch_add(1, Ordering::SeqCst);
                        items.get(at).map(|item| (at, item))
                    } {
                        if sender.send((at, work(dir.path(), item))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            // What comes early waits for what is before it.
            let mut early = BTreeMap::new();
            let mut done = 0;
            for (at, result) in receiver {
                early.insert(at, result?);
                while let Some(result) = early.remove(&done) {
                    take(&items[done], result);
                    done += 1;
                }
            }
            if done == items.len() {
                Ok(())
            } else {
                Err(OwnError::Thread)
            }
        })
    }
}

/// A program that panics has no end.
fn panicked(faults: &[Fault], panic: &(dyn std::any::Any + Send)) -> Story {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let what = format!("it panicked: {}", text.unwrap_or("without a word"));
    Story {
        fired: vec![true; faults.len()],
        lives: vec![what.clone()],
        actions: Vec::new(),
        ended: None,
        judgement: Judgement {
            verdict: Verdict::StuckBounded,
            wrong: vec![what],
        },
        census: Census::default(),
        idles: 0,
        measure: Measure::default(),
    }
}
