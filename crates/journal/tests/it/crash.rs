//! Crashes, in two passes: count the sync points, then stop at each one.

use sealift_journal::{
    AppendError, Fault, Faulty, Journal, JournalError, Memory, Record, Recovery, Sqlite, Storage,
    StorageError, inspect,
};

use crate::sample::{binding, groups};

/// Writes the groups until one fails. Returns the storage and how many groups were acknowledged.
fn run<S: Storage>(storage: S) -> (S, usize) {
    let (mut journal, before, _) = Journal::open(storage, &binding()).unwrap();
    assert_eq!(before, []);
    let groups = groups(3);
    for (done, group) in groups.iter().enumerate() {
        if journal.append(group).is_err() {
            // Persisting failed, so it stops.
            assert!(matches!(journal.append(group), Err(AppendError::Poisoned)));
            return (journal.into_storage(), done);
        }
    }
    (journal.into_storage(), groups.len())
}

fn sync_points() -> u64 {
    let (storage, done) = run(Faulty::new(Memory::default(), Fault::None));
    assert_eq!(storage.appends(), done as u64);
    storage.appends()
}

/// After the fault, what a restart finds is a whole number of groups, and all that was acknowledged;
/// and then the rest can be written.
#[track_caller]
fn check<S: Storage>(inner: S, fault: Fault, surviving: usize, cut: bool) {
    let groups = groups(3);
    let (storage, acknowledged) = run(Faulty::new(inner, fault));
    assert!(acknowledged < groups.len(), "{fault:?} did not strike");
    assert!(
        (acknowledged..=acknowledged + 1).contains(&surviving),
        "{fault:?}"
    );
    let (mut journal, records, recovery) = Journal::open(storage.restart(), &binding()).unwrap();
    assert_eq!(records, groups[..surviving].concat(), "{fault:?}");
    assert_eq!(
        matches!(recovery, Recovery::Cut(_)),
        cut,
        "{fault:?}: {recovery}"
    );
    for group in &groups[surviving..] {
        journal.append(group).unwrap();
    }
    assert_eq!(
        inspect(&mut journal.into_storage()).unwrap().0,
        groups.concat(),
        "{fault:?}"
    );
}

#[test]
fn at_every_sync_point() {
    let points = sync_points();
    assert_eq!(points, 16);
    for at in 0..points {
        let n = at as usize;
        check(Memory::default(), Fault::CrashBefore(at), n, false);
        check(Memory::default(), Fault::CrashAfter(at), n + 1, false);
        check(Memory::default(), Fault::FailBefore(at), n, false);
        check(Memory::default(), Fault::FailAfter(at), n + 1, false);
        check(Memory::default(), Fault::Full(at), n, false);
    }
}

#[test]
fn at_every_sync_point_of_sqlite() {
    for at in 0..sync_points() {
        let n = at as usize;
        for (fault, surviving) in [(Fault::CrashBefore(at), n), (Fault::CrashAfter(at), n + 1)] {
            let dir = tempfile::tempdir().unwrap();
            let storage = Sqlite::open(&dir.path().join("journal.sqlite")).unwrap();
            check(storage, fault, surviving, false);
        }
    }
}

#[test]
fn at_every_byte_of_every_append() {
    let mut torn = 0;
    for (append, group) in (0_u64..).zip(groups(3)) {
        for (whole, record) in group.iter().enumerate() {
            let length = sealift_journal::codec::encode(record).1.len();
            let lengths = std::iter::once(None).chain((0..length).map(Some));
            for bytes in lengths {
                let fault = Fault::CrashTorn {
                    append,
                    whole,
                    bytes,
                };
                // Nothing of it at all is a crash before.
                let cut = whole > 0 || bytes.is_some();
                check(Memory::default(), fault, append as usize, cut);
                torn += 1;
            }
            // A header and the whole payload, and the rest of the group missing.
            if whole + 1 < group.len() {
                let fault = Fault::CrashTorn {
                    append,
                    whole,
                    bytes: Some(length),
                };
                check(Memory::default(), fault, append as usize, true);
            }
        }
        let fault = Fault::CrashTorn {
            append,
            whole: group.len(),
            bytes: None,
        };
        check(Memory::default(), fault, append as usize + 1, false);
    }
    assert!(torn > 2_000, "{torn}");
}

#[test]
fn a_tail_that_was_acknowledged_and_lost_halts() {
    let groups = groups(3);
    for at in 0..sync_points() {
        let (storage, done) = run(Faulty::new(Memory::default(), Fault::LostTail(at)));
        assert_eq!(done, groups.len());
        let lost = groups[..at as usize].concat().len() as u64;
        let error = Journal::open(storage.restart(), &binding()).unwrap_err();
        assert!(
            matches!(error, JournalError::Halt { sequence, .. } if sequence == lost),
            "{at}: {error:?}"
        );
    }
}

#[test]
fn a_stale_copy_halts() {
    let (storage, _) = run(Faulty::new(Memory::default(), Fault::None));
    let all = groups(3).concat().len() as u64;
    for count in 0..all {
        let stale = Faulty::new(storage.clone().into_inner(), Fault::StaleCopy(count));
        let error = Journal::open(stale, &binding()).unwrap_err();
        assert!(
            matches!(error, JournalError::Halt { .. }),
            "{count}: {error:?}"
        );
    }
}

#[test]
fn a_flipped_byte_halts_at_its_record() {
    let (storage, _) = run(Faulty::new(Memory::default(), Fault::None));
    let memory = storage.into_inner();
    for frame in memory.frames() {
        for at in 0..frame.payload.len() {
            let fault = Fault::FlippedByte {
                sequence: frame.sequence,
                at,
            };
            let error = Journal::open(Faulty::new(memory.fork(), fault), &binding()).unwrap_err();
            assert!(
                matches!(error, JournalError::Halt { sequence, .. } if sequence == frame.sequence),
                "{fault:?}: {error:?}"
            );
        }
    }
}

#[test]
fn a_full_disk_says_so_and_loses_nothing() {
    let (mut journal, ..) =
        Journal::open(Faulty::new(Memory::default(), Fault::Full(1)), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    let error = journal.append(&[Record::AbortRequested]).unwrap_err();
    let AppendError::Storage(source) = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(source, StorageError::Full(_)) && source.is_retryable());
    assert_eq!(inspect(&mut journal.into_storage()).unwrap().0.len(), 1);
}
