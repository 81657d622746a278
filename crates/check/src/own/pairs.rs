//! All pairs of faults: each first fault, and each second one in the run that the first leaves.
//!
//! Second faults are counted in the run with the first one, its recovery included. What is not played, and why the
//! same is known all the same:
//!
//! - A death of the process need not be played from the beginning: between two lives nothing is hidden
//!   ([`Boundary`]). First faults that leave the same boundary are played on once, and so are second ones.
//! - First faults of which nothing lasts, after which the executor writes, offers, is answered and meets the same, byte
//!   for byte and block for block until its end, are played on from once, with the earliest of them. What it may have
//!   seen otherwise it looks at again after the next block, so that second faults which strike before [`CLOSE_BLOCKS`]
//!   are there are played after each of them all the same.
//! - Questions in a row that fail with one kind of error are the same to an executor: a look that fails leaves behind
//!   only what can never change. For a kind that has the same aftermath at all questions of each row of the
//!   undisturbed run, the first of a row is enough.
//! - Answers to an offer that differ in their words only are one answer.
//! - Of faults inside a transaction after which the very same block is made, one is enough ([`super::inside`]).
//!
//! Each is held against full enumeration on a small case by a test.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::map::HashMap;

use super::census::{Census, Counts};
use super::faults::{Calls, Clock, Fault, Kind};
use super::fork::{Boundary, Snapshot, Tail};
use super::inside::{self, Before, Probe};
use super::lives::{Recording, Story};
use super::recorded::Recorded;
use super::report::Collector;
use super::workers::Workers;
use super::world::World;
use super::{OwnError, OwnProgress, OwnRequest};

/// Blocks after a fault until the executor has looked at everything again: a fault of questions lasts for three.
const CLOSE_BLOCKS: usize = 3;

/// Tails kept at most; further ones are played each time.
const MOST_TAILS: usize = 400_000;

/// A first fault, played on from.
pub(super) struct First {
    pub(super) fault: Fault,
    /// When it strikes.
    moment: u64,
    /// What it leaves, where it is a death; and how far the run is then.
    death: Option<(Box<Boundary>, Counts)>,
    /// Whether another one stands for it, but for second faults that come at once.
    is_close_only: bool,
}

/// Which second faults stand for all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Twins {
    /// Kinds, and those that stand for them.
    pub(super) kinds: BTreeMap<Kind, Kind>,
    /// Kinds to which questions in a row are the same.
    pub(super) rows: BTreeSet<Kind>,
}

/// Scenarios with two faults, and how each went.
type Played = Vec<(Vec<Fault>, Story)>;

pub(super) struct Search<'a> {
    world: &'a World,
    request: &'a OwnRequest,
    workers: &'a Workers<'a>,
    kinds: Vec<Kind>,
    tails: Mutex<HashMap<u128, Arc<Tail>>>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        world: &'a World,
        request: &'a OwnRequest,
        workers: &'a Workers<'a>,
        kinds: Vec<Kind>,
    ) -> Self {
        Self {
            world,
            request,
            workers,
            kinds,
            tails: Mutex::default(),
        }
    }

    /// The run without any fault and, where faults are wanted, what can go wrong inside its transactions.
    pub(super) fn undisturbed(&self) -> Result<Recorded, OwnError> {
        let is_wanted = self.request.faults > 0 || self.request.random.is_some();
        let mut recorded = self.record(self.workers.scratch(), None, &[], is_wanted)?;
        let of = |before| {
            let probes = Before::probes(before, self.world, &self.kinds).into_iter();
            probes.map(move |probe| (before, probe))
        };
        let probes: Vec<(&Before, Probe)> = recorded.blocks.iter().flat_map(of).collect();
        let work = |_: &Path, (before, probe): &(&Before, Probe)| {
            Ok(before.tried(self.world, *probe, true))
        };
        let mut inside = Vec::new();
        self.workers
            .each(&probes, work, |_, found| inside.extend(found))?;
        recorded.story.census.inside = inside;
        Ok(recorded)
    }

    /// Plays scenarios; a death alone is played on from where it happens, and what leaves the same block once.
    pub(super) fn play_all(
        &self,
        scenarios: &[Vec<Fault>],
        undisturbed: &Recorded,
        progress: &mut dyn FnMut(OwnProgress),
        collector: &mut Collector<'_>,
    ) -> Result<(), OwnError> {
        let blocks = if self.request.whole {
            BTreeMap::new()
        } else {
            inside::blocks(&undisturbed.story.census.inside)
        };
        let known: Mutex<HashMap<_, Arc<Story>>> = Mutex::default();
        let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = |dir: &Path, fault: Fault| {
            if let Some(snapshot) = undisturbed.at(fault) {
                let story = self.tail(dir, &snapshot.strike(fault.kind))?;
                let fired = vec![true];
                return Ok(Story { fired, ..story });
            }
            let block = blocks.get(&fault);
            let found = block.and_then(|block| known().get(block).cloned());
            if let Some(story) = found {
                return Ok(Story::clone(&story));
            }
            let recording = Recording::default();
            let story = self.workers.play_in(dir, None, &[fault], &recording)?;
            if let Some(block) = block {
                known().insert(*block, Arc::new(story.clone()));
            }
            Ok(story)
        };
        let play = |dir: &Path, faults: &Vec<Fault>| match faults[..] {
            [fault] => alone(dir, fault),
            _ => {
                let recording = Recording::default();
                self.workers.play_in(dir, None, faults, &recording)
            }
        };
        let mut done = 0;
        self.workers.each(scenarios, play, |faults, story| {
            collector.take(faults, &story);
            done += 1;
            progress(OwnProgress {
                done,
                of: scenarios.len() as u64,
                bad: collector.bad(),
            });
        })
    }

    /// Plays this part of all pairs.
    pub(super) fn play(
        &self,
        census: &Census,
        progress: &mut dyn FnMut(OwnProgress),
        collector: &mut Collector<'_>,
    ) -> Result<(), OwnError> {
        let (mut firsts, twins, all) = self.firsts(census)?;
        collector.firsts(all, firsts.len() as u64);
        let (index, of) = self.request.shard;
        let mut number = 0;
        firsts.retain(|_| {
            number += 1;
            (number - 1) % of.max(1) == index
        });
        let mut done = 0;
        let work = |dir: &Path, first: &First| self.seconds(dir, first, &twins);
        self.workers.each(&firsts, work, |_, played| {
            for (faults, story) in played {
                collector.take(&faults, &story);
            }
            done += 1;
            progress(OwnProgress {
                done,
                of: firsts.len() as u64,
                bad: collector.bad(),
            });
        })
    }

    /// The first faults that are played on from, the second ones that need not be, and how many first ones there are.
    pub(super) fn firsts(&self, census: &Census) -> Result<(Vec<First>, Twins, u64), OwnError> {
        let mut lasting = Vec::new();
        let mut deaths = Vec::new();
        let mut all = 0;
        let is_wanted = self.distinct_inside(census);
        for kind in &self.kinds {
            let sites = kind.sites(census, self.request.every).into_iter();
            let faults = sites.map(|(site, moment)| (Fault { kind: *kind, site }, moment));
            all += faults.len() as u64;
            let faults = faults.filter(|(fault, _)| is_wanted(*fault));
            if kind.is_of_journal() {
                deaths.extend(faults);
            } else {
                lasting.extend(faults);
            }
        }
        if self.request.whole {
            let from_the_start = |(fault, moment)| First {
                fault,
                moment,
                death: None,
                is_close_only: false,
            };
            let firsts = lasting.into_iter().chain(deaths).map(from_the_start);
            return Ok((firsts.collect(), Twins::default(), all));
        }
        lasting.sort_by_key(|(_, moment)| *moment);
        let known = self.aftermaths(&lasting)?;
        let twins = if self.request.every {
            Twins::default()
        } else {
            twins(&self.kinds, census, &known)
        };
        let mut firsts = self.distinct(&lasting, &known, &twins)?;
        firsts.extend(self.deaths(&deaths)?);
        Ok((firsts, twins, all))
    }

    /// What followed from each fault.
    fn aftermaths(&self, faults: &[(Fault, u64)]) -> Result<Aftermaths, OwnError> {
        let mut all = Aftermaths::new();
        let work = |dir: &Path, (fault, _): &(Fault, u64)| {
            let recording = Recording::default();
            let story = self.workers.play_in(dir, None, &[*fault], &recording)?;
            Ok(aftermath(&story))
        };
        let take = |(fault, _): &(Fault, u64), after| drop(all.insert(*fault, after));
        self.workers.each(faults, work, take)?;
        Ok(all)
    }

    /// Of faults that do not kill the first with each aftermath, and the others for what comes close after them.
    fn distinct(
        &self,
        faults: &[(Fault, u64)],
        known: &Aftermaths,
        twins: &Twins,
    ) -> Result<Vec<First>, OwnError> {
        let undisturbed = aftermath(&self.workers.play(&[])?);
        let mut standing: BTreeMap<&Aftermath, Option<Fault>> = BTreeMap::new();
        standing.insert(&undisturbed, None);
        let mut firsts = Vec::new();
        for (fault, moment) in faults.iter().filter(|(fault, _)| known.contains_key(fault)) {
            let stands = standing.get(&known[fault]).copied();
            let is_close_only = stands.is_some() && fault.kind.is_fleeting();
            let is_same = |other: Fault| {
                let is_row = other.kind == fault.kind && twins.rows.contains(&fault.kind);
                is_row
                    || twins.kinds.get(&fault.kind) == Some(&other.kind) && other.site == fault.site
            };
            if is_close_only && stands.flatten().is_some_and(is_same) {
                continue;
            }
            standing.entry(&known[fault]).or_insert(Some(*fault));
            firsts.push(First {
                fault: *fault,
                moment: *moment,
                death: None,
                is_close_only,
            });
        }
        Ok(firsts)
    }

    /// Of deaths the first with each boundary.
    fn deaths(&self, faults: &[(Fault, u64)]) -> Result<Vec<First>, OwnError> {
        let recorded = self.record(self.workers.scratch(), None, &[], false)?;
        let mut known = BTreeSet::new();
        let mut firsts = Vec::new();
        for (fault, moment) in faults {
            let at = recorded.at(*fault).ok_or(OwnError::Thread)?;
            let boundary = at.strike(fault.kind);
            if boundary.key(self.world).is_none_or(|key| known.insert(key)) {
                let after = Counts {
                    appends: at.at.appends + 1,
                    ..at.at
                };
                firsts.push(First {
                    fault: *fault,
                    moment: *moment,
                    death: Some((Box::new(boundary), after)),
                    is_close_only: false,
                });
            }
        }
        Ok(firsts)
    }

    /// A run, its snapshots, and where wanted its blocks.
    fn record(
        &self,
        dir: &Path,
        from: Option<&Boundary>,
        faults: &[Fault],
        blocks: bool,
    ) -> Result<Recorded, OwnError> {
        let recording = Recording {
            snapshots: (!self.request.whole).then(RefCell::default),
            blocks: blocks.then(RefCell::default),
        };
        let story = self.workers.play_in(dir, from, faults, &recording)?;
        let by_append = |snapshot: Snapshot| (snapshot.at.appends, snapshot);
        let snapshots = recording.snapshots.unwrap_or_default().take();
        Ok(Recorded {
            story,
            snapshots: snapshots.into_iter().map(by_append).collect(),
            blocks: recording.blocks.unwrap_or_default().take(),
        })
    }

    /// Which faults are played where what leaves the same block is played once.
    fn distinct_inside(&self, census: &Census) -> impl Fn(Fault) -> bool + use<> {
        let is_all = self.request.whole || self.request.every;
        let distinct = inside::distinct(&census.inside);
        move |fault| is_all || !fault.kind.is_inside() || distinct.contains(&fault)
    }

    /// Every second fault after a first one.
    pub(super) fn seconds(
        &self,
        dir: &Path,
        first: &First,
        twins: &Twins,
    ) -> Result<Played, OwnError> {
        let none = Counts::default();
        let (from, before, begun) = match &first.death {
            Some((boundary, before)) => (Some(&**boundary), *before, None),
            None => (None, none, Some(first.fault)),
        };
        let begun: Vec<Fault> = begun.into_iter().collect();
        let since = if from.is_some() { 0 } else { first.moment };
        let mut recorded = self.record(dir, from, &begun, true)?;
        let blocks = recorded.story.census.blocks.iter();
        let mut later = blocks.filter(|block| block.moment > since);
        let until = match later.nth(CLOSE_BLOCKS) {
            Some(block) if first.is_close_only => block.moment,
            _ => u64::MAX,
        };
        recorded.look_inside(self.world, &self.kinds, since..=until);
        let story = &recorded.story;
        let is_wanted = self.distinct_inside(&story.census);
        let mut played = Vec::new();
        let distinct = |kind: &&Kind| !twins.kinds.contains_key(*kind);
        for kind in self.kinds.iter().filter(distinct) {
            let sites = if twins.rows.contains(kind) {
                kind.rows(&story.census)
            } else {
                kind.sites(&story.census, self.request.every)
            };
            for (site, moment) in sites {
                let second = Fault { kind: *kind, site };
                if moment < since || moment > until || second == first.fault && from.is_none() {
                    continue;
                }
                if !is_wanted(second) {
                    continue;
                }
                let snapshot = recorded.at(second);
                let mut story = match snapshot {
                    Some(snapshot) => self.tail(dir, &snapshot.strike(*kind))?,
                    None => {
                        let faults: Vec<Fault> = begun.iter().copied().chain([second]).collect();
                        let recording = Recording::default();
                        self.workers.play_in(dir, from, &faults, &recording)?
                    }
                };
                let has_fired = snapshot.is_some() || story.fired.iter().all(|fired| *fired);
                story.fired = vec![has_fired; 2];
                story.census = Census::default();
                played.push((vec![first.fault, shifted(second, before)], story));
            }
        }
        Ok(played)
    }

    /// How it goes on from a boundary without another fault.
    fn tail(&self, dir: &Path, from: &Boundary) -> Result<Story, OwnError> {
        let key = from.key(self.world);
        let known = key.and_then(|key| self.known().get(&key).cloned());
        if let Some(story) = known.and_then(|tail| tail.after(from)) {
            return Ok(story);
        }
        let recording = Recording::default();
        let mut story = self.workers.play_in(dir, Some(from), &[], &recording)?;
        story.census = Census::default();
        if let Some(key) = key {
            let tail = Tail::new(from, story.clone());
            let mut known = self.known();
            if known.len() < MOST_TAILS {
                known.insert(key, Arc::new(tail));
            }
        }
        Ok(story)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u128, Arc<Tail>>> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What followed from a fault, as far as anybody can see it from outside of the executor.
type Aftermath = (u128, Option<bool>, usize, Vec<&'static str>, bool);

type Aftermaths = BTreeMap<Fault, Aftermath>;

/// Which answers to an offer are the same as others, and which kinds at all questions in a row.
fn twins(kinds: &[Kind], census: &Census, known: &Aftermaths) -> Twins {
    let of = |kind: Kind, site: u64| known.get(&Fault { kind, site });
    let mut twins = Twins::default();
    let living = kinds.iter().copied().filter(|kind| !kind.is_of_journal());
    for (number, kind) in living.clone().enumerate() {
        let sites = kind.sites(census, false);
        let is_same = |other: &Kind| {
            let same = |(site, _): &(u64, u64)| of(kind, *site) == of(*other, *site);
            other.sites(census, false) == sites && sites.iter().all(same)
        };
        let is_answer = kind.clock() == Clock::Call(Calls::Sends) && kind.of_port().is_some();
        if let Some(other) = living
            .clone()
            .take(number)
            .find(is_same)
            .filter(|_| is_answer)
        {
            twins.kinds.insert(kind, other);
        }
        let rows = kind.rows(census);
        let row_of = |site: u64| rows.iter().rfind(|(first, _)| *first <= site);
        let is_first = |(site, _): &(u64, u64)| {
            row_of(*site).is_some_and(|(first, _)| of(kind, *first) == of(kind, *site))
        };
        if kind.clock() == Clock::Call(Calls::Questions) && sites.iter().all(is_first) {
            twins.rows.insert(kind);
        }
    }
    twins
}

fn aftermath(story: &Story) -> Aftermath {
    let is_done = story
        .ended
        .map(|ended| ended == sealift_protocol::Outcome::Done);
    let is_safe = story.judgement.wrong.is_empty();
    let (lives, actions) = (story.lives.len(), story.actions.clone());
    (story.census.trail, is_done, lives, actions, is_safe)
}

/// A fault in the numbers of a run that began earlier.
fn shifted(fault: Fault, before: Counts) -> Fault {
    let later = match fault.kind.clock() {
        Clock::Append(_) | Clock::Group => before.appends,
        Clock::Call(_) => before.calls,
        Clock::Block | Clock::BusyBlock | Clock::CrowdedBlock => before.blocks,
        Clock::Inside(_) => before.transactions,
    };
    let site = fault.kind.beyond(fault.site, later);
    Fault { site, ..fault }
}
