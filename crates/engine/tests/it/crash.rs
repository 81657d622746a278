//! The process dies at every journal boundary, before and after the sync; the journal is lost.

use sealift_engine::driver::{Exit, Progress};
use sealift_journal::faulty::Fault;
use sealift_journal::{Faulty, Memory};
use sealift_protocol::plan::Source;
use sealift_protocol::{Outcome, Record};

use crate::records::{assert_one_intent, records, staged_batches};
use crate::world::{Setup, World};

fn setup(source: Source) -> Setup {
    Setup {
        source,
        holders: 13,
        batch_size: 3,
        ..Setup::default()
    }
}

/// Runs with a fault, then again and again until the end; the records of all lives.
fn survive(world: &World, fault: Fault) -> (bool, Vec<Record>) {
    let mut records = Vec::new();
    let mut watch = |progress| {
        if let Progress::Recorded(more) = progress {
            records.extend(more);
        }
    };
    let faulty = Faulty::new(world.memory.clone(), fault);
    let first = world.run_with(&world.chain, faulty, false, &mut watch);
    let died = match first {
        Ok(exit) => {
            assert_eq!(exit, Exit::Ended(Outcome::Done));
            false
        }
        Err(failure) if failure.is_crash() => {
            let resumed = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
            assert_eq!(resumed.expect("a resumed run"), Exit::Ended(Outcome::Done));
            true
        }
        Err(failure) => panic!("{fault:?}: {failure:?}"),
    };
    (died, records)
}

/// First pass: how many appends an undisturbed run makes. Second: die at each of them.
#[track_caller]
fn dies_at_every_append(source: Source, fault: fn(u64) -> Fault) {
    let undisturbed = World::new(setup(source));
    survive(&undisturbed, Fault::None);
    let digest = undisturbed.result(&undisturbed.list).digest;
    let mut boundaries = 0;
    for append in 0..500 {
        let world = World::new(setup(source));
        let (died, _) = survive(&world, fault(append));
        if !died {
            break;
        }
        boundaries += 1;
        assert_one_intent(&records(&world.memory));
        world.assert_committed(&world.list);
        assert_eq!(world.result(&world.list).digest, digest);
        let cursor = world.sight().view.lanes[0].cursor;
        assert_eq!(cursor, world.plan.batches(0, world.list.len() as u64));
        let state = world.sight().staged.remove(0);
        if source.is_staged() {
            assert_eq!(
                (state.count, state.generation),
                (world.list.len() as u64, 1)
            );
        }
    }
    assert!(
        boundaries > 20,
        "only {boundaries} boundaries: the run has shrunk"
    );
}

#[test]
fn dies_before_every_sync_of_a_staged_run() {
    dies_at_every_append(Source::ChainRead, Fault::CrashBefore);
}

#[test]
fn dies_after_every_sync_of_a_staged_run() {
    dies_at_every_append(Source::ChainRead, Fault::CrashAfter);
}

#[test]
fn dies_before_every_sync_of_a_declared_run() {
    dies_at_every_append(Source::Declared, Fault::CrashBefore);
}

#[test]
fn dies_after_every_sync_of_a_declared_run() {
    dies_at_every_append(Source::Declared, Fault::CrashAfter);
}

#[test]
fn dies_before_every_sync_of_a_read_through_run() {
    dies_at_every_append(Source::ReadThrough, Fault::CrashBefore);
}

#[test]
fn dies_after_every_sync_of_a_read_through_run() {
    dies_at_every_append(Source::ReadThrough, Fault::CrashAfter);
}

#[test]
fn an_undisturbed_run_stages_each_batch_once_and_in_order() {
    let world = World::new(setup(Source::ChainRead));
    let (_, records) = survive(&world, Fault::None);
    let batches = world.plan.batches(0, world.list.len() as u64);
    assert_eq!(staged_batches(&records), (0..batches).collect::<Vec<_>>());
}

#[test]
fn a_deleted_journal_is_survived_at_every_append() {
    let mut lives = 0;
    for append in 0..500 {
        let world = World::new(setup(Source::ChainRead));
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        match world.run_on(faulty, false) {
            Ok(_) => break,
            Err(failure) => assert!(failure.is_crash(), "{failure:?}"),
        }
        lives += 1;
        for file in std::fs::read_dir(world.path()).expect("the directory") {
            std::fs::remove_file(file.expect("an entry").path()).expect("a removed file");
        }
        let exit = world
            .run_on(Memory::default(), false)
            .expect("a run from the cursor");
        assert_eq!(exit, Exit::Ended(Outcome::Done));
        world.assert_committed(&world.list);
        let state = world.sight().staged.remove(0);
        assert_eq!(
            (state.count, state.generation),
            (world.list.len() as u64, 1)
        );
    }
    assert!(lives > 20);
}

#[test]
fn a_full_disk_stops_the_run_before_anything_more_is_sent_and_is_resumed_from() {
    for append in (0..30).step_by(3) {
        let world = World::new(setup(Source::ChainRead));
        let full = Faulty::new(world.memory.clone(), Fault::Full(append));
        let failure = world.run_on(full, false).expect_err("no room");
        assert!(failure.is_crash(), "{failure:?}");
        let recorded = world.memory.frames().len();
        let exit = world.run_on(world.memory.clone(), false);
        assert_eq!(exit.expect("a resumed run"), Exit::Ended(Outcome::Done));
        assert!(world.memory.frames().len() > recorded);
        world.assert_committed(&world.list);
    }
}
