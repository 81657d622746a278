//! Moments that a run can go on from: before an append, and after a process has died there.
//!
//! Between two lives of the executor nothing is hidden: the chain, what is under way around it, the journal, the
//! files beside it and what the person in front of it knows are all that there is. So a death need not be played
//! from the beginning, and two deaths that leave the same behind need not both be played on from.

use std::hash::Hash;

use alloy_primitives::B256;
use sealift_engine::driver::RunError;
use sealift_evm::Node;
use sealift_journal::{AppendError, Faulty, Frame, Journal, Memory, Storage};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::census::Counts;
use super::disk;
use super::faults::Kind;
use super::files::Files;
use super::lives::{MOST_IDLES, MOST_LIVES, Stop, Story};
use super::outside::Weather;
use super::world::World;

/// How often the same failure is met by starting again, before everything is brought back instead.
const PATIENCE: usize = 3;

/// Whoever starts the executor again.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    /// Whether everything is to be brought back.
    pub(super) abort: bool,
    /// How each life ended.
    pub(super) lives: Vec<String>,
    /// What was done that starting again does not do by itself.
    pub(super) actions: Vec<&'static str>,
}

impl Person {
    pub(super) fn act(&mut self, action: &'static str) {
        if !self.actions.contains(&action) {
            self.actions.push(action);
        }
    }

    /// How many lives in a row have ended as the last one did.
    fn failures(&self) -> usize {
        let last = self.lives.last();
        let lives = self.lives.iter().rev();
        lives.take_while(|life| Some(*life) == last).count()
    }

    /// Brings everything back instead of starting again, where the same has failed too often.
    pub(super) fn lose_patience(&mut self) {
        if self.failures() >= PATIENCE && !self.abort {
            self.abort = true;
            self.act("abort");
        }
    }
}

/// Everything, while no executor runs.
#[derive(Clone, Debug)]
pub(super) struct Boundary {
    pub(super) node: Node,
    pub(super) is_set_by_hand: bool,
    /// What is left of faults of the chain port that last.
    pub(super) lasting: Vec<sealift_evm::Fault>,
    pub(super) weather: Weather,
    pub(super) memory: Memory,
    pub(super) files: Files,
    pub(super) person: Person,
    /// How often it was waited for a block.
    pub(super) idles: u64,
    /// Whether everything that was on its way has arrived after an end.
    pub(super) is_drained: bool,
}

impl Boundary {
    /// What decides everything that comes, in 128 bits; `None` where something was set by hand, which the chain's
    /// newest block does not commit to. Nobody chooses what is hashed, so that no two meet by design.
    ///
    /// Left out are how many lives and looks there were, which [`Tail::after`] minds, and in which words the lives
    /// ended: words count only where they are the same three times in a row, and those of a fault that strikes twice
    /// at most are not.
    pub(super) fn key(&self, world: &World) -> Option<u128> {
        if self.is_set_by_hand {
            return None;
        }
        let mut hash = SipHasher13::new();
        let node = &self.node;
        (node.head().hash, node.finalized(), node.next_base_fee()).hash(&mut hash);
        node.next_timestamp().hash(&mut hash);
        for waiting in node.pool().transactions() {
            waiting.hash.hash(&mut hash);
        }
        self.lasting.hash(&mut hash);
        self.weather.fingerprint(&mut hash);
        self.files.hash(&mut hash);
        let person = &self.person;
        (person.abort, &person.actions, self.is_drained).hash(&mut hash);
        self.journal(world).hash(&mut hash);
        Some(hash.finish128().as_u128())
    }

    /// The journal as the next life finds it: its last record and how many there are, or why it is refused.
    fn journal(&self, world: &World) -> Result<(u64, Option<B256>), String> {
        let opened = self.memory.fork();
        let refused = |error| Stop::Open(error).text();
        Journal::open(opened.clone(), &world.binding).map_err(refused)?;
        let frames = opened.frames();
        Ok((frames.len() as u64, frames.last().map(|frame| frame.hash)))
    }
}

/// Everything as it is before an append, and what is to be appended.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// How far the run is.
    pub(super) at: Counts,
    pub(super) epoch: u64,
    pub(super) frames: Vec<Frame>,
    pub(super) before: Boundary,
}

impl Snapshot {
    /// What a fault of the journal leaves behind at this append.
    pub(super) fn strike(&self, kind: Kind) -> Boundary {
        let mut after = self.before.clone();
        let memory = self.before.memory.fork();
        let mut medium = Faulty::new(memory.clone(), disk::fault(kind, 0));
        if let Err(error) = medium.append(self.epoch, &self.frames) {
            let stop = Stop::from(RunError::Journal(AppendError::Storage(error)));
            after.person.lives.push(stop.text());
        }
        after.memory = disk::after(kind, &memory, medium);
        if disk::loses_lists(kind) {
            after.files = Files::default();
        }
        after.person.abort |= kind == Kind::AskedToAbort;
        after
    }
}

/// How a run went on from a boundary.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    story: Story,
    lives: usize,
    idles: u64,
}

impl Tail {
    pub(super) fn new(from: &Boundary, story: Story) -> Self {
        let lives = story.lives.len() - from.person.lives.len();
        let idles = story.idles - from.idles;
        Self {
            story,
            lives,
            idles,
        }
    }

    /// The same from another boundary with the same key; `None` where the patience would not last.
    pub(super) fn after(&self, from: &Boundary) -> Option<Story> {
        let (lives, idles) = (
            from.person.lives.len() + self.lives,
            from.idles + self.idles,
        );
        if lives > MOST_LIVES || idles >= MOST_IDLES || self.story.ended.is_none() {
            return None;
        }
        let mut story = self.story.clone();
        let new = story.lives.split_off(story.lives.len() - self.lives);
        story.lives = from.person.lives.iter().cloned().chain(new).collect();
        story.idles = idles;
        Some(story)
    }
}
