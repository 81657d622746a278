//! What was final stays final, or the run halts; a node that only lags is waited for.

use sealift_engine::driver::{Exit, Progress, RunError};
use sealift_evm::{Fault, Faulty};
use sealift_journal::Memory;
use sealift_journal::faulty::Fault as JournalFault;
use sealift_protocol::event::{BlockId, Phase};
use sealift_protocol::{Halt, Outcome, Record};

use crate::faults::{assert_exact, survives_at_every_call, world};
use crate::ports::Rewritten;
use crate::records::records;
use crate::world::{Failure, World};

/// The durable high-water marks, in order.
fn marks(records: &[Record]) -> Vec<BlockId> {
    let mark = |record: &Record| match record {
        Record::Finality(mark) => Some(*mark),
        _ => None,
    };
    records.iter().filter_map(mark).collect()
}

#[track_caller]
fn assert_regressed(outcome: Result<Exit, Failure>, known: &[BlockId]) {
    match outcome {
        Err(Failure::Run(error)) => match *error {
            RunError::Halt(Halt::FinalityRegressed { mark }) => assert!(known.contains(&mark)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Rewrites the chain from a little below each mark of a run, and checks that the run halts and sends
/// nothing more; and that nothing is lost with it, where the chain is the old one after all.
#[track_caller]
fn halts_at_every_mark(below: u64, silences: u32) {
    let mut halted = 0;
    for wanted in 1.. {
        let world = world(2);
        let chain = Rewritten::new(&world.chain);
        chain.silences.set(silences);
        let mut written = Vec::new();
        let mut watch = |progress| {
            if let Progress::Recorded(records) = progress {
                let is_over = matches!(records.last(), Some(Record::Ended(_)));
                written.extend(marks(&records));
                if written.len() == wanted && !is_over && chain.above.get().is_none() {
                    chain.above.set(Some(written[wanted - 1].number - below));
                    world.chain.mine(); // so that there is something to walk
                }
            }
        };
        let outcome = world.run_with(&chain, world.memory.clone(), false, &mut watch);
        let silent = chain.silences.get();
        if chain.above.get().is_none() {
            assert_eq!(outcome.expect("an end"), Exit::Ended(Outcome::Done));
            break;
        }
        assert_regressed(outcome, &written);
        assert_eq!(silent, 0, "the walk never asked");
        assert_eq!(written.len(), wanted, "nothing is final on the other chain");
        halted += 1;
        assert_eq!(world.run(), Exit::Ended(Outcome::Done));
        assert_exact(&world);
    }
    assert!(halted > 8, "only {halted} marks");
}

#[test]
fn a_finalized_chain_that_is_rewritten_halts() {
    halts_at_every_mark(1, 0);
    halts_at_every_mark(3, 0);
}

#[test]
fn a_finalized_chain_that_is_rewritten_halts_also_when_a_header_of_the_walk_does_not_come() {
    halts_at_every_mark(1, 1);
    halts_at_every_mark(1, 2);
}

#[test]
fn a_finalized_chain_that_is_rewritten_while_nobody_runs_halts_the_next_life() {
    let mut halted = 0;
    for append in (1..60).step_by(3) {
        for silences in [0, 1] {
            let world = world(2);
            let faulty = sealift_journal::Faulty::new(
                world.memory.clone(),
                JournalFault::CrashAfter(append),
            );
            if world.run_on(faulty, false).is_ok() {
                continue;
            }
            let known = marks(&records(&world.memory));
            let Some(mark) = known.last() else { continue };
            // A mark that is not below the finalized block is not walked to, but compared.
            world.chain.mine();
            let chain = Rewritten::new(&world.chain);
            chain.above.set(Some(mark.number - 1));
            chain.silences.set(silences);
            let written = world.memory.frames().len();
            let outcome = world.run_with(&chain, world.memory.clone(), false, &mut |_| ());
            assert_regressed(outcome, &known);
            assert_eq!(world.memory.frames().len(), written);
            halted += 1;
            assert_eq!(world.run(), Exit::Ended(Outcome::Done));
            assert_exact(&world);
        }
    }
    assert!(halted > 20, "only {halted} lives");
}

/// Above the mark of an earlier life, what is not final may be another chain.
#[test]
fn a_chain_that_is_rewritten_above_the_mark_while_nobody_runs_is_gone_on_with() {
    let mut went_on = 0;
    for append in (1..60).step_by(7) {
        let world = world(2);
        let faulty =
            sealift_journal::Faulty::new(world.memory.clone(), JournalFault::CrashAfter(append));
        let _ = world.run_on(faulty, false);
        let Some(mark) = marks(&records(&world.memory)).pop() else {
            continue;
        };
        let chain = Rewritten::new(&world.chain);
        chain.above.set(Some(mark.number));
        let exit = world.run_with(&chain, world.memory.clone(), false, &mut |_| ());
        assert_eq!(
            exit.expect("an end"),
            Exit::Ended(Outcome::Done),
            "{append}"
        );
        assert_exact(&world);
        went_on += 1;
    }
    assert!(went_on > 5, "only {went_on} lives");
}

/// After a lost journal nothing of ours waits for finality, and the chain moves on all the same.
#[test]
fn what_a_list_and_a_verification_rest_on_is_durable_with_them() {
    let lost = World::died_where(
        || world(0),
        |world| world.phase() == Phase::Frozen && world.sight().view.lanes[0].cursor == 3,
    );
    let memory = Memory::default();
    let mut watch = |progress| {
        if matches!(progress, Progress::Seen { .. }) {
            lost.chain.mine();
        }
    };
    let exit = lost.run_with(&lost.chain, memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    let records = records(&memory);
    let mut rested = 0;
    for (index, record) in records.iter().enumerate() {
        let at = match record {
            Record::ListFixed { list, .. } => list.block,
            Record::Verified { block, .. } => *block,
            _ => continue,
        };
        let mark = marks(&records[..index]).pop().expect("a mark");
        assert!(mark.number >= at.number, "{record:?} rests on {mark:?}");
        rested += 1;
    }
    assert_eq!(rested, 3, "a list and two gates");
}

#[test]
fn a_finalized_block_that_lags_for_a_while_is_waited_for() {
    let back = |questions| Fault::FinalityBack {
        blocks: 3,
        questions,
    };
    survives_at_every_call(back(1), 2, 9);
    survives_at_every_call(back(40), 2, 11);
    survives_at_every_call(back(40), 0, 11);
}

#[test]
fn a_finalized_block_that_lags_for_too_long_ends_the_run_which_can_be_resumed() {
    let mut ended = 0;
    for call in (40..300).step_by(29) {
        let mut world = world(2);
        world.policy.unreachable_secs = 20;
        let fault = Fault::FinalityBack {
            blocks: 1_000,
            questions: 1_000_000,
        };
        let chain = Faulty::new(world.chain.clone(), vec![(call, fault)]);
        let mut seen = 0;
        let mut watch = |progress| match progress {
            Progress::Unreachable(_) => seen += 1,
            _ => assert_eq!(seen, 0, "nothing is done on what lags"),
        };
        match world.run_with(&chain, world.memory.clone(), false, &mut watch) {
            Err(Failure::Run(error)) => {
                let text = error.of_node().expect("a node").to_string();
                assert!(error.is_retryable() && text.contains("lags"), "{text}");
            }
            other => panic!("call {call}: {other:?}"),
        }
        assert_eq!(seen, 20, "call {call}");
        ended += 1;
        assert_eq!(world.run(), Exit::Ended(Outcome::Done));
        assert_exact(&world);
    }
    assert!(ended > 5);
}

#[test]
fn a_node_that_does_not_know_the_newest_blocks_for_a_while_is_waited_for() {
    let stale = |blocks, questions| Fault::StaleHead { blocks, questions };
    survives_at_every_call(stale(2, 1), 0, 5);
    survives_at_every_call(stale(2, 7), 0, 5);
    survives_at_every_call(stale(1, 30), 0, 7);
    survives_at_every_call(stale(2, 7), 2, 11);
}
