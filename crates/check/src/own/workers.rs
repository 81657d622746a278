//! Scenarios on threads, each in an empty directory; the order of the results is that of the scenarios.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use tempfile::TempDir;

use super::census::Census;
use super::faults::Fault;
use super::judge::Judgement;
use super::lives::{self, Story};
use super::report::Collector;
use super::world::World;
use super::{OwnError, OwnProgress, OwnRequest};
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

    /// One scenario.
    pub(super) fn play(&self, faults: &[Fault]) -> Result<Story, OwnError> {
        self.play_in(&self.dirs[0], faults)
    }

    fn play_in(&self, dir: &TempDir, faults: &[Fault]) -> Result<Story, OwnError> {
        let dir = dir.path().join("scenario");
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(OwnError::Scratch)?;
        }
        std::fs::create_dir_all(&dir).map_err(OwnError::Scratch)?;
        let played = catch_unwind(AssertUnwindSafe(|| lives::play(self.world, faults, &dir)));
        Ok(played.unwrap_or_else(|panic| panicked(faults, &*panic)))
    }

    /// All scenarios.
    pub(super) fn play_all(
        &self,
        scenarios: &[Vec<Fault>],
        progress: &mut dyn FnMut(OwnProgress),
        collector: &mut Collector<'_>,
    ) -> Result<(), OwnError> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for dir in &self.dirs {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while let Some((at, faults)) = {
                        let at = next.fetch_add(1, Ordering::SeqCst);
                        scenarios.get(at).map(|faults| (at, faults))
                    } {
                        if sender.send((at, self.play_in(dir, faults))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            // What comes early waits for what is before it.
            let mut early = BTreeMap::new();
            let mut done = 0;
            for (at, story) in receiver {
                early.insert(at, story?);
                while let Some(story) = early.remove(&done) {
                    collector.take(&scenarios[done], &story);
                    done += 1;
                }
                progress(OwnProgress {
                    done: done as u64,
                    of: scenarios.len() as u64,
                    bad: collector.bad(),
                });
            }
            if done == scenarios.len() {
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
    }
}
