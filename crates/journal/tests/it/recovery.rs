//! The recovery table, over every combination, each built as a real medium and opened.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use sealift_journal::recovery::{Found, Severed, Verdict, decide};
use sealift_journal::{
    Binding, BindingMismatch, Epoch, Frame, Journal, JournalError, Mark, Memory, Record, Recovery,
    Storage, StorageError, inspect,
};

use crate::sample::{binding, groups};

/// What is done to one frame; each is one value of [`Found`].
const FAULTS: [&str; 14] = [
    "intact",
    "missing",
    "torn",
    "bad hash",
    "bad sequence",
    "bad prev",
    "epoch backward",
    "other history",
    "unknown version",
    "undecodable",
    "misplaced",
    "other binding",
    "group broken",
    "group open",
];

/// What the first record of the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Present,
    Missing,
    Mismatch,
}

/// How much the storage remembers to have synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledged {
    Nothing,
    /// The group before the damaged frame.
    Before,
    /// The group of the damaged frame.
    Covered,
}

/// A journal in the making: Began | a b | c d e | f. The damage is done to `d`, or to the frame that
/// is then the last.
const VICTIM: usize = 4;
const GROUP: usize = 3;

fn frames() -> Vec<Frame> {
    let memory = Memory::default();
    let all = groups(2).concat();
    let (mut journal, ..) = Journal::open(memory.clone(), &binding()).unwrap();
    journal.append(&all[..1]).unwrap();
    // The damaged frame is of epoch 2, so that an epoch can go backward.
    let (mut journal, ..) = Journal::open(memory.clone(), &binding()).unwrap();
    journal.append(&all[1..3]).unwrap();
    journal.append(&all[3..6]).unwrap();
    journal.append(&all[6..7]).unwrap();
    memory.frames()
}

fn other() -> Binding {
    Binding {
        plan: B256::ZERO,
        ..binding()
    }
}

/// Chains the frames again from `from` on, so that the damage before stays the only one.
fn rechain(frames: &mut [Frame], from: usize) {
    for at in from..frames.len() {
        frames[at].prev = if at == 0 {
            B256::ZERO
        } else {
            frames[at - 1].hash
        };
        frames[at].hash = frames[at].digest();
    }
}

/// Does the damage, and returns what the table must be asked. `None`: the damage cannot be done here.
fn damage(frames: &mut Vec<Frame>, fault: &str, last: bool, victim: usize) -> Option<Found> {
    if fault == "missing" {
        if last {
            frames.truncate(victim);
            // The group before is whole, so the frame that is missing begins one.
            return Some(Found::Missing);
        }
        // A gap shows as the frame after it, in the place of the one that is gone.
        frames.remove(victim);
        return Some(Found::BadSequence);
    }
    if last {
        frames.truncate(victim + 1);
        // The group ends here, unless that is the damage.
        let group = victim.min(GROUP);
        if victim > 0 {
            for (frame, remaining) in frames[group..=victim].iter_mut().rev().zip(0..) {
                frame.remaining = remaining;
            }
            rechain(frames, group);
        }
    }
    let frame = &mut frames[victim];
    let found = match fault {
        "intact" => Found::Intact,
        "torn" => {
            frame.payload.pop();
            return Some(Found::Torn);
        }
        "bad hash" => {
            frame.payload[0] ^= 1;
            return Some(Found::BadHash);
        }
        "bad sequence" => {
            frame.sequence += 1;
            Found::BadSequence
        }
        "bad prev" => {
            frame.prev = B256::repeat_byte(7);
            frame.hash = frame.digest();
            rechain(frames, victim + 1);
            return Some(Found::BadPrev);
        }
        "epoch backward" if victim > 0 => {
            frame.epoch -= 1;
            Found::EpochBackward
        }
        "other history" => return Some(Found::OtherHistory),
        "unknown version" => {
            frame.version = 2;
            Found::UnknownVersion
        }
        "undecodable" => {
            frame.kind = 11;
            Found::Undecodable
        }
        "misplaced" => {
            let record = if victim == 0 {
                Record::AbortRequested
            } else {
                Record::Began(binding())
            };
            put(frame, &record);
            Found::Misplaced
        }
        "other binding" if victim == 0 => {
            put(frame, &Record::Began(other()));
            Found::OtherBinding(BindingMismatch::compare(&other(), &binding()).unwrap_err())
        }
        "group broken" if victim > 0 => {
            frame.remaining = 7;
            Found::GroupBroken
        }
        "group open" if last => {
            for frame in &mut frames[victim.min(GROUP)..=victim] {
                frame.remaining += 1;
            }
            rechain(frames, victim.min(GROUP));
            return Some(Found::GroupOpen);
        }
        _ => return None,
    };
    rechain(frames, victim);
    Some(found)
}

fn put(frame: &mut Frame, record: &Record) {
    let (kind, payload) = sealift_journal::codec::encode(record);
    frame.kind = kind;
    frame.length = payload.len() as u32;
    frame.payload = payload;
}

/// The outcome of opening, in the words of the table.
#[derive(Debug, PartialEq, Eq)]
enum Opened {
    Empty,
    Resume(usize),
    Truncate { from: u64, left: usize },
    Halt { sequence: u64, found: Found },
    Refuse(&'static str),
}

fn open(memory: &Memory) -> Opened {
    match Journal::open(memory.clone(), &binding()) {
        Ok((_, records, Recovery::Empty)) => {
            assert_eq!(records, []);
            Opened::Empty
        }
        Ok((_, records, Recovery::Resumed)) => Opened::Resume(records.len()),
        Ok((_, records, Recovery::Cut(Severed { from, .. }))) => Opened::Truncate {
            from,
            left: records.len(),
        },
        Err(JournalError::Halt {
            sequence, found, ..
        }) => Opened::Halt { sequence, found },
        Err(JournalError::Refused(mismatch)) => Opened::Refuse(mismatch.field()),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn every_combination() {
    let mut asked = BTreeSet::new();
    let mut answers = BTreeSet::new();
    let mut count = 0;
    for fault in FAULTS {
        for last in [false, true] {
            for victim in [0, VICTIM] {
                for first in [First::Present, First::Missing, First::Mismatch] {
                    use Acknowledged::{Before, Covered, Nothing};
                    for acknowledged in [Nothing, Before, Covered] {
                        let combination = Combination {
                            fault,
                            last,
                            victim,
                            first,
                            acknowledged,
                        };
                        let Some((key, verdict)) = combination.check() else {
                            continue;
                        };
                        asked.insert(key);
                        answers.insert(verdict);
                        count += 1;
                    }
                }
            }
        }
    }
    // None of the table's rows, columns and answers is out of reach. A frame that is missing in the
    // middle is found as the bad sequence of the one behind it, so that "missing" is always last.
    let all: BTreeSet<(&str, bool, bool)> = FAULTS
        .into_iter()
        .flat_map(|fault| [(fault, false), (fault, true)])
        .flat_map(|(fault, last)| [(fault, last, false), (fault, last, true)])
        .filter(|(fault, last, acknowledged)| match *fault {
            "missing" | "group open" => *last,
            // What was acknowledged is how another history is known.
            "other history" => *acknowledged,
            _ => true,
        })
        .collect();
    assert_eq!(asked, all);
    assert!(
        answers
            .into_iter()
            .eq(["cut", "end", "halt", "keep", "refuse"])
    );
    // Fewer: the enumeration has shrunk.
    assert_eq!(count, GOLDEN_COUNT);
}

/// How many media are built and opened.
const GOLDEN_COUNT: usize = 257;

#[derive(Clone, Copy, Debug)]
struct Combination {
    fault: &'static str,
    last: bool,
    victim: usize,
    first: First,
    acknowledged: Acknowledged,
}

impl Combination {
    /// Builds it, opens it, and returns the cell of the table and its answer.
    #[track_caller]
    fn check(self) -> Option<((&'static str, bool, bool), &'static str)> {
        let Self {
            fault,
            last,
            victim,
            first,
            acknowledged,
        } = self;
        // A damaged first frame is no first record of any kind; and the fault that is about the first
        // record is there already.
        if victim == 0 && first != First::Present {
            return None;
        }
        let mut frames = frames();
        // A missing last frame begins a group, as nothing of its own group may be there.
        let victim = if fault == "missing" && last && victim > 0 {
            GROUP
        } else {
            victim
        };
        let found = damage(&mut frames, fault, last, victim)?;
        match first {
            First::Present => {}
            First::Missing => put(&mut frames[0], &Record::AbortRequested),
            First::Mismatch => put(&mut frames[0], &Record::Began(other())),
        }
        if first != First::Present {
            frames[0].hash = frames[0].digest();
        }
        let mark = |at: usize, hash: B256| {
            Some(Mark {
                sequence: at as u64,
                hash,
            })
        };
        let lies = fault == "other history";
        let mark = match acknowledged {
            Acknowledged::Nothing if lies => return None,
            Acknowledged::Nothing => None,
            Acknowledged::Before if victim == 0 || lies => return None,
            Acknowledged::Before => mark(2, frames[2].hash),
            // Of this very frame where it is the last, else of its group's last.
            Acknowledged::Covered if lies => mark(victim, B256::repeat_byte(8)),
            Acknowledged::Covered if last => mark(
                victim,
                frames.get(victim).map_or(B256::ZERO, |frame| frame.hash),
            ),
            Acknowledged::Covered => mark(frames.len() - 1, frames[frames.len() - 1].hash),
        };
        // A last frame that leaves its group open cannot have been acknowledged by itself.
        let mark = match mark {
            Some(mark) if fault.starts_with("group") && last && mark.sequence == victim as u64 => {
                Some(Mark {
                    sequence: mark.sequence + 1,
                    hash: B256::ZERO,
                })
            }
            other => other,
        };
        let covered = mark.is_some_and(|mark| mark.sequence >= victim as u64);
        let memory = Memory::from_parts(7, frames.clone(), mark);
        let verdict = decide(found, last, covered);
        let from = if victim == 0 { 0 } else { GROUP as u64 };
        let expected = match (first, verdict) {
            // The first record is judged first.
            (First::Missing, _) => Opened::Halt {
                sequence: 0,
                found: Found::Misplaced,
            },
            (First::Mismatch, _) => Opened::Refuse("plan"),
            (First::Present, Verdict::Keep) => Opened::Resume(frames.len()),
            (First::Present, Verdict::End) if victim == 0 => Opened::Empty,
            (First::Present, Verdict::End) => Opened::Resume(victim),
            (First::Present, Verdict::Cut) => Opened::Truncate {
                from,
                left: from as usize,
            },
            (First::Present, Verdict::Halt) => Opened::Halt {
                sequence: victim as u64,
                found,
            },
            (First::Present, Verdict::Refuse(mismatch)) => Opened::Refuse(mismatch.field()),
        };
        let untouched = memory.frames();
        assert_eq!(open(&memory), expected, "{self:?}, {found:?}");
        match expected {
            Opened::Truncate { from, left } => {
                assert!(
                    memory
                        .frames()
                        .iter()
                        .map(|frame| frame.sequence)
                        .eq(0..from)
                );
                assert_eq!(inspect(&mut memory.clone()).unwrap().0.len(), left);
                // Once is enough.
                let again = if left == 0 {
                    Opened::Empty
                } else {
                    Opened::Resume(left)
                };
                assert_eq!(open(&memory), again);
            }
            Opened::Halt { .. } | Opened::Refuse(_) => {
                assert_eq!(
                    memory.frames(),
                    untouched,
                    "{self:?}: a damaged journal is evidence"
                );
                assert_eq!(
                    memory.clone().claim().unwrap(),
                    8,
                    "{self:?}: and not claimed"
                );
            }
            Opened::Empty | Opened::Resume(_) => assert_eq!(memory.frames(), untouched),
        }
        let verdict = match verdict {
            Verdict::Keep => "keep",
            Verdict::End => "end",
            Verdict::Cut => "cut",
            Verdict::Halt => "halt",
            Verdict::Refuse(_) => "refuse",
        };
        let fault = if found == Found::BadSequence {
            "bad sequence"
        } else {
            fault
        };
        Some(((fault, last, covered), verdict))
    }
}

#[test]
fn a_halt_names_the_record() {
    let mut frames = frames();
    let victim = frames.iter().position(|frame| frame.kind == 2).unwrap();
    frames[victim].payload[5] ^= 1;
    let error = Journal::open(Memory::from_parts(2, frames, None), &binding()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal is damaged at record 3 (signed): its bytes are not those that were written"
    );
}

#[test]
fn a_group_has_one_writer() {
    let mut frames = frames();
    for frame in &mut frames[VICTIM..] {
        frame.epoch += 1;
    }
    rechain(&mut frames, VICTIM);
    let expected = Opened::Halt {
        sequence: VICTIM as u64,
        found: Found::GroupBroken,
    };
    assert_eq!(open(&Memory::from_parts(7, frames, None)), expected);
}

#[test]
fn a_fence_behind_the_records_halts() {
    let memory = Memory::from_parts(1, frames(), None);
    let error = Journal::open(memory, &binding()).unwrap_err();
    assert!(
        matches!(error, JournalError::FenceBehind { epoch: 2, last: 2 }),
        "{error:?}"
    );
}

#[test]
fn a_cut_names_what_was_lost() {
    let mut frames = frames();
    frames.truncate(5);
    let memory = Memory::from_parts(2, frames, None);
    let severed = inspect(&mut memory.clone()).unwrap().1.severed;
    let (_, records, recovery) = Journal::open(memory, &binding()).unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(recovery, Recovery::Cut(severed.unwrap()));
    assert_eq!(
        recovery.to_string(),
        "an append that a crash interrupted is removed: record 3 on (signed, offered)"
    );
}

/// A storage whose claim comes just too late for one append of the writer before.
struct Racing {
    memory: Memory,
    earlier: Journal<Memory>,
}

impl Storage for Racing {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        self.earlier.append(&[Record::AbortRequested]).unwrap();
        let epoch = self.memory.claim()?;
        assert!(
            self.earlier
                .append(&[Record::AbortRequested])
                .unwrap_err()
                .is_fenced()
        );
        Ok(epoch)
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        self.memory.append(epoch, frames)
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        self.memory.read(from, limit)
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        self.memory.cut(epoch, from)
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        self.memory.acknowledged()
    }
}

#[test]
fn what_the_fenced_writer_got_in_before_the_claim_counts() {
    let memory = Memory::default();
    let (mut earlier, ..) = Journal::open(memory.clone(), &binding()).unwrap();
    earlier.append(&[Record::Began(binding())]).unwrap();
    let racing = Racing {
        memory: memory.clone(),
        earlier,
    };
    let (mut journal, records, _) = Journal::open(racing, &binding()).unwrap();
    assert_eq!(records, [Record::Began(binding()), Record::AbortRequested]);
    journal.append(&[Record::AbortRequested]).unwrap();
    assert_eq!(inspect(&mut memory.clone()).unwrap().0.len(), 3);
}
