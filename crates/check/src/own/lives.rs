//! A scenario: a world, faults, and an executor that is started again until there is an end.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use sealift_engine::chain::Chain;
use sealift_engine::driver::{Control, Driver, Exit, Parts, RunError};
use sealift_journal::{Faulty, Frame, Journal, JournalError, Memory, Storage};
use sealift_protocol::{Halt, Outcome};

use super::census::{Census, Counts};
use super::disk;
use super::faults::{Fault, Kind};
use super::files;
use super::fork::{Boundary, Person, Snapshot};
use super::inside::Before;
use super::judge::{self, Judgement};
use super::measure::Measure;
use super::outside::Outside;
use super::ports::{Medium, Port, Trusting};
use super::world::World;

/// How often the executor is started at most.
pub(super) const MOST_LIVES: usize = 16;

/// How often it waits for a block at most, over all lives.
pub(super) const MOST_IDLES: u64 = 4_000;

/// Wei per gas that the chain suggests as a tip, and what a broken oracle says.
const TIP_WEI: u128 = 1_000_000_000;
const SPIKE_WEI: u128 = 1_110_001_000_000_000;

/// A life that did not reach its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] JournalError),
    /// The run stopped.
    #[error(transparent)]
    Run(Box<RunError>),
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl Stop {
    /// The error and what caused it.
    pub(super) fn text(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }
}

/// What is around a run.
pub(super) struct Conditions<'a> {
    pub(super) idle: &'a mut dyn FnMut(),
    pub(super) clock: &'a mut dyn FnMut() -> u64,
    pub(super) tip: &'a mut dyn FnMut() -> u128,
    /// Set where it takes too long: then what is under way is settled.
    pub(super) stop: &'a AtomicBool,
}

/// One life of the executor: the same driver and core as in production.
pub(super) fn live<C: Chain, S: Storage>(
    world: &World,
    (chain, storage, dir): (&C, S, &Path),
    abort: bool,
    conditions: Conditions<'_>,
) -> Result<Exit, Stop> {
    let (journal, records, _) = Journal::open(storage, &world.binding)?;
    let mut driver = Driver::new(Parts {
        chain,
        signer: &world.keys,
        journal,
        records,
        plan: world.plan.clone(),
        policy: world.policy.clone(),
        snapshots: world.lists.clone(),
        dir: dir.to_owned(),
    })?;
    if abort {
        driver.request_abort(&mut |_| ())?;
    }
    let mut control = Control {
        stop: conditions.stop,
        idle: conditions.idle,
        clock: conditions.clock,
        progress: &mut |_| (),
        tip: conditions.tip,
    };
    Ok(driver.run(&mut control)?)
}

/// How a scenario went.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Which of the faults fired.
    pub(super) fired: Vec<bool>,
    /// How each life ended.
    pub(super) lives: Vec<String>,
    /// What was done that starting again does not do by itself, of what the program tells people to do.
    pub(super) actions: Vec<&'static str>,
    /// What the last life believed.
    pub(super) ended: Option<Outcome>,
    /// What the chain says.
    pub(super) judgement: Judgement,
    /// What was done, counted.
    pub(super) census: Census,
    /// How often it was waited for a block, over all lives.
    pub(super) idles: u64,
    /// What it cost.
    pub(super) measure: Measure,
}

/// What is written down of a run besides its story.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// Where wanted, a snapshot of every append that comes when all faults have fired.
    pub(super) snapshots: Option<RefCell<Vec<Snapshot>>>,
    /// Where wanted, the chain before each block with transactions.
    pub(super) blocks: Option<RefCell<Vec<Before>>>,
}

/// Plays a scenario in an empty directory, from the beginning or from where an executor has died.
pub(super) fn play(
    world: &World,
    from: Option<&Boundary>,
    faults: &[Fault],
    dir: &Path,
    recording: &Recording,
) -> Story {
    let chain = from.map_or_else(|| world.chain(), |from| from.node.clone().into());
    let trusting = Trusting::new(chain.clone(), &world.memo);
    if from.is_some_and(|from| from.is_set_by_hand) {
        trusting.set_by_hand();
    }
    let census: Rc<RefCell<Census>> = Rc::default();
    let dead: Rc<Cell<bool>> = Rc::default();
    let lasting = from.map_or(&[][..], |from| &from.lasting);
    let port = Port::new(
        trusting.clone(),
        faults,
        census.clone(),
        dead.clone(),
        lasting,
    );
    let weather = from.map(|from| from.weather.clone()).unwrap_or_default();
    let around = (dir, weather);
    let blocks = recording.blocks.as_ref();
    let outside = Outside::new(
        world,
        trusting.clone(),
        faults,
        census.clone(),
        around,
        blocks,
    );
    let mut executor = Executor {
        world,
        chain: &trusting,
        port: &port,
        outside: &outside,
        census: census.clone(),
        dead,
        dir,
        memory: from.map_or_else(Memory::default, |from| from.memory.fork()),
        faults,
        pending: faults
            .iter()
            .filter(|fault| fault.kind.is_of_journal())
            .copied()
            .collect(),
        fired: Vec::new(),
        person: from.map(|from| from.person.clone()).unwrap_or_default(),
        idles: Cell::new(from.map_or(0, |from| from.idles)),
        snapshots: recording.snapshots.as_ref(),
        is_drained: from.is_some_and(|from| from.is_drained),
    };
    if let Some(from) = from {
        // A list that cannot be put back is one that was lost.
        let _ = from.files.put(dir);
        executor.person.lose_patience();
        outside.refill();
        outside.block();
    }
    let mut ended = executor.until_the_end();
    if ended.is_some() && !executor.is_drained && outside.drain() {
        executor.is_drained = true;
        // Something was still on its way when the executor left: an end is not believed.
        ended = executor.until_the_end();
    }
    let fired = faults.iter().map(|fault| executor.has_fired(fault));
    let judgement = judge::judge(
        world,
        (&trusting, &chain),
        &outside.transfers(),
        ended,
        &executor.person.lives,
    );
    let measure = Measure::of(world, &chain.node());
    Story {
        measure,
        fired: fired.collect(),
        judgement,
        ended,
        idles: executor.idles.get(),
        lives: executor.person.lives,
        actions: executor.person.actions,
        census: census.take(),
    }
}

/// The executor and whoever starts it again.
struct Executor<'a> {
    world: &'a World,
    chain: &'a Trusting<'a>,
    port: &'a Port<'a>,
    outside: &'a Outside<'a>,
    census: Rc<RefCell<Census>>,
    dead: Rc<Cell<bool>>,
    dir: &'a Path,
    memory: Memory,
    faults: &'a [Fault],
    pending: Vec<Fault>,
    fired: Vec<Fault>,
    person: Person,
    idles: Cell<u64>,
    snapshots: Option<&'a RefCell<Vec<Snapshot>>>,
    is_drained: bool,
}

impl Executor<'_> {
    /// Starts the executor until it says that it is done, or for long enough.
    fn until_the_end(&mut self) -> Option<Outcome> {
        while self.person.lives.len() < MOST_LIVES && self.idles.get() < MOST_IDLES {
            let ended = self.live_once();
            let text = match &ended {
                Ok(exit) => format!("{exit:?}"),
                Err(stop) => stop.text(),
            };
            self.person.lives.push(text);
            match ended {
                Ok(Exit::Ended(outcome)) => return Some(outcome),
                Ok(_) => {}
                Err(stop) => self.react(&stop),
            }
            self.outside.refill();
            self.outside.block();
        }
        None
    }

    /// Does what the program tells people to do.
    fn react(&mut self, stop: &Stop) {
        let person = &mut self.person;
        match stop {
            Stop::Open(_) => {
                self.memory = Memory::default();
                person.act("the journal is moved away");
            }
            Stop::Run(error) => match &**error {
                RunError::Halt(Halt::AlreadyCommitted) if person.abort => {
                    person.abort = false;
                    person.act("run in place of abort");
                }
                RunError::Halt(Halt::StaleDeadline { .. }) if !person.abort => {
                    person.abort = true;
                    person.act("abort");
                }
                _ => person.lose_patience(),
            },
        }
    }

    fn has_fired(&self, fault: &Fault) -> bool {
        let outside = self.outside.has_fired(*fault);
        self.fired.contains(fault) || outside || self.port.has_struck(*fault)
    }

    /// Everything as it is before an append, where no fault is still to come.
    fn snapshot(&self, epoch: u64, frames: &[Frame]) -> Option<Snapshot> {
        if self.dead.get() || !self.faults.iter().all(|fault| self.has_fired(fault)) {
            return None;
        }
        Some(Snapshot {
            at: Counts {
                transactions: self.outside.transactions(),
                ..self.census.borrow().counts()
            },
            epoch,
            frames: frames.to_vec(),
            before: Boundary {
                node: self.chain.chain.node().clone(),
                is_set_by_hand: self.chain.is_set_by_hand(),
                lasting: self.port.lasting(),
                weather: self.outside.weather(),
                memory: self.memory.fork(),
                files: files::Files::of(self.dir),
                person: self.person.clone(),
                idles: self.idles.get(),
                is_drained: self.is_drained,
            },
        })
    }

    fn live_once(&mut self) -> Result<Exit, Stop> {
        self.dead.set(false);
        let before = self.census.borrow().appends.len() as u64;
        self.pending.sort_by_key(|fault| fault.site);
        let fault = self.pending.first().copied();
        let due = fault.map(|fault| (fault.kind, fault.site.saturating_sub(before)));
        let scripted = due.map_or(sealift_journal::Fault::None, |(kind, at)| {
            disk::fault(kind, at)
        });
        let inner = Rc::new(RefCell::new(Faulty::new(self.memory.clone(), scripted)));
        self.outside.share(&self.memory);
        let watch = |epoch: u64, frames: &[Frame]| {
            let taken = self
                .snapshots
                .map(|all| (all, self.snapshot(epoch, frames)));
            if let Some((all, Some(snapshot))) = taken {
                all.borrow_mut().push(snapshot);
            }
        };
        let medium = Medium {
            inner: inner.clone(),
            census: self.census.clone(),
            dead: self.dead.clone(),
            watch: &watch,
        };
        let (outside, dead, idles) = (self.outside, &self.dead, &self.idles);
        let mut seconds = 0;
        let result = live(
            self.world,
            (self.port, medium, self.dir),
            self.person.abort,
            Conditions {
                idle: &mut || {
                    idles.set(idles.get() + 1);
                    if idles.get() >= MOST_IDLES {
                        dead.set(true);
                    }
                    if !dead.get() {
                        outside.block();
                    }
                },
                // A dead process is found out soon: its patience ends at once.
                clock: &mut || {
                    seconds += if dead.get() { 1_000_000 } else { 1 };
                    seconds
                },
                tip: &mut || {
                    if outside.is_spiking() {
                        SPIKE_WEI
                    } else {
                        TIP_WEI
                    }
                },
                stop: &AtomicBool::new(false),
            },
        );
        let struck = due.filter(|(_, at)| inner.borrow().appends() > *at);
        if let (Some((kind, _)), Some(fault)) = (struck, fault) {
            self.pending.remove(0);
            self.fired.push(fault);
            let left = inner.borrow().clone();
            self.memory = disk::after(kind, &self.memory, left);
            if disk::loses_lists(kind) {
                files::forget(self.dir);
            }
            self.person.abort |= kind == Kind::AskedToAbort;
        }
        result
    }
}
