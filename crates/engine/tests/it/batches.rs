//! Batches that fail, and batches by hand: nobody is skipped, nobody is doubled.

use std::cell::Cell;
use std::sync::Arc;

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use sealift_engine::abi::migration::{IMigration, Migration};
use sealift_engine::chain::{Chain, SendAnswer};
use sealift_engine::contracts;
use sealift_engine::driver::{Exit, RunError};
use sealift_manifest::batch::Batches;
use sealift_manifest::entry::{self, Format};
use sealift_protocol::event::{Phase, Rejection};
use sealift_protocol::plan::Source;
use sealift_protocol::{Halt, Intent, Outcome, Record};

use crate::ports::{Watched, call_of};
use crate::records::{assert_one_intent, bound, records, staged_batches};
use crate::world::{Failure, OPERATOR, STRANGER, Setup, World, act, by_hand};

fn world(source: Source) -> World {
    World::new(Setup {
        source,
        holders: 20,
        batch_size: 3,
        ..Setup::default()
    })
}

/// What the operator sends by hand: callee, calldata, gas limit.
type ByHand = (Address, Vec<u8>, u64);

/// The rows of a batch, `less` of them left out at its end, as calldata of `stage`.
fn staging(world: &World, index: u32, less: usize) -> ByHand {
    let size = world.plan.lanes[0].batch_size as usize;
    let rows = world.list.rows().chunks(size).nth(index as usize);
    let rows = rows.expect("a batch");
    let format = contracts::format(world.plan.lanes[0].source).expect("a staged lane");
    let data = entry::encode(&rows[..rows.len() - less], format).expect("a batch");
    let call = contracts::stage(&world.plan, 0, index, data);
    (call.to, call.data.to_vec(), 2_000_000)
}

/// Runs, and each time that a batch of this index is about to be sent, as often as `times`, the operator
/// is quicker by hand, with the same nonce.
fn run_against(
    world: &World,
    index: u32,
    times: u32,
    what: impl Fn(&World) -> ByHand,
) -> Result<Exit, Failure> {
    let left = Cell::new(times);
    let before_send = |tx: &TxEnvelope| {
        let is_it = call_of::<Migration::stageCall>(tx).is_some_and(|call| call.index == index);
        if left.get() > 0 && is_it {
            left.set(left.get() - 1);
            let (to, data, gas) = what(world);
            let (raw, _) = by_hand(OPERATOR, tx.nonce(), to, data, gas);
            assert_eq!(world.chain.send(&raw), SendAnswer::Accepted);
        }
    };
    let chain = Watched::new(&world.chain, &before_send);
    let outcome = world.run_with(&chain, world.memory.clone(), false, &mut |_| ());
    assert_eq!(left.get(), 0, "the batch was not sent as often");
    let used = chain.answered(&SendAnswer::Rejected(Rejection::NonceTooLow));
    assert!(used > 0, "nobody was quicker");
    outcome
}

/// Every holder is there once, in this generation of staging.
#[track_caller]
fn assert_exact(world: &World, generation: u32) {
    world.assert_committed(&world.list);
    let state = world.sight().staged.remove(0);
    let batches = world.plan.batches(0, world.list.len() as u64);
    assert_eq!((state.generation, state.cursor), (generation, batches));
    assert_eq!(state.count, world.list.len() as u64);
    assert_one_intent(&records(&world.memory));
}

fn reverted(records: &[Record]) -> usize {
    let is_reverted = |record: &&Record| {
        matches!(
            record,
            Record::Finalized {
                succeeded: false,
                ..
            }
        )
    };
    records.iter().filter(is_reverted).count()
}

/// The batch in the middle of the window has no effect on chain, so that the one behind it reverts.
#[track_caller]
fn survives_a_hole(source: Source, index: u32, what: impl Fn(&World) -> ByHand) {
    let world = world(source);
    let exit = run_against(&world, index, 1, what);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    let records = records(&world.memory);
    assert!(reverted(&records) > 0, "no batch of ours reverted");
    let batches = world.plan.batches(0, world.list.len() as u64);
    let mut staged = staged_batches(&records);
    staged.sort_unstable();
    assert_eq!(staged, (0..batches).collect::<Vec<_>>());
    let stage = Intent::Stage {
        lane: 0,
        generation: 1,
        index,
    };
    assert_eq!(bound(&records, stage).len(), 2, "a second nonce");
    assert_exact(&world, 1);
}

#[test]
fn a_batch_in_the_middle_that_runs_out_of_gas_is_staged_again_in_its_place() {
    for source in [Source::ChainRead, Source::Declared] {
        for index in [0, 1, 4] {
            survives_a_hole(source, index, |world| {
                let (to, data, _) = staging(world, index, 0);
                (to, data, 60_000)
            });
        }
    }
}

#[test]
fn a_batch_in_the_middle_whose_nonce_goes_to_something_else_is_staged_again_in_its_place() {
    for index in [0, 1, 4] {
        survives_a_hole(Source::ChainRead, index, |world| {
            (world.legacy, Vec::new(), 100_000)
        });
    }
}

#[test]
fn a_batch_that_was_staged_by_hand_is_not_staged_again() {
    for source in [Source::ChainRead, Source::Declared] {
        for index in [0, 1, 4] {
            let world = world(source);
            let exit = run_against(&world, index, 1, |world| staging(world, index, 0));
            assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
            let others = staged_batches(&records(&world.memory));
            let batches = world.plan.batches(0, world.list.len() as u64);
            let expected: Vec<u32> = (0..batches).filter(|other| *other != index).collect();
            assert_eq!(others, expected);
            assert_exact(&world, 1);
        }
    }
}

/// A stranger may stage what is proven to be declared: then ours finds its index taken, and reverts.
#[test]
fn a_batch_that_a_stranger_staged_first_does_not_count_as_missing() {
    for index in [0, 1, 4] {
        let world = world(Source::Declared);
        let is_staged = Cell::new(false);
        let before_send = |tx: &TxEnvelope| {
            let ours = call_of::<Migration::stageCall>(tx).filter(|call| call.index == index);
            if let Some(ours) = ours.filter(|_| !is_staged.replace(true)) {
                let proven = proven(&world, ours).abi_encode();
                assert!(act(&world.chain, STRANGER, world.plan.migration, proven));
            }
        };
        let chain = Watched::new(&world.chain, &before_send);
        let exit = world.run_with(&chain, world.memory.clone(), false, &mut |_| ());
        assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
        let records = records(&world.memory);
        assert_eq!(reverted(&records), 1, "ours, behind the stranger's");
        let batches = world.plan.batches(0, world.list.len() as u64);
        let others: Vec<u32> = (0..batches).filter(|other| *other != index).collect();
        assert_eq!(staged_batches(&records), others);
        assert_exact(&world, 1);
    }
}

/// The same batch with the commitments of those behind it, as anybody may stage it.
fn proven(world: &World, ours: Migration::stageCall) -> Migration::stageProvenCall {
    let size = world.plan.lanes[0].batch_size as usize;
    let batches = Batches::split(&world.list, size).expect("batches");
    let digests = batches.digests(&world.list, Format::Narrow);
    let rest = digests.expect("digests").into_iter();
    let rest = rest
        .skip(ours.index as usize + 1)
        .map(|of| IMigration::Batch {
            count: of.count,
            sum: of.sum,
            dataHash: of.data_hash,
        });
    Migration::stageProvenCall {
        lane_: ours.lane_,
        index: ours.index,
        data: ours.data,
        rest: rest.collect(),
    }
}

#[test]
fn a_batch_that_is_not_ours_starts_a_second_generation() {
    for source in [Source::ChainRead, Source::Declared] {
        for index in [0, 1, 4] {
            let world = world(source);
            let exit = run_against(&world, index, 1, |world| staging(world, index, 1));
            assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
            let restart = Intent::Restart {
                lane: 0,
                generation: 1,
            };
            assert_eq!(bound(&records(&world.memory), restart).len(), 1);
            assert_exact(&world, 2);
        }
    }
}

#[test]
fn batches_that_are_not_ours_again_and_again_halt_and_can_be_brought_back() {
    let world = world(Source::ChainRead);
    match run_against(&world, 0, 5, |world| staging(world, 0, 1)) {
        Err(Failure::Run(error)) => {
            let restarts = matches!(
                *error,
                RunError::Halt(Halt::KeepsFailing {
                    intent: Intent::Restart { .. },
                    ..
                })
            );
            assert!(restarts, "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.phase(), Phase::Frozen);
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    world.assert_rolled_back(&world.list);
}

#[test]
fn batches_that_the_plan_gives_too_little_gas_halt_and_can_be_brought_back() {
    let mut world = world(Source::ChainRead);
    let mut plan = (*world.plan).clone();
    plan.lanes[0].stage_gas = 70_000;
    world.plan = Arc::new(plan);
    match world.run_on(world.memory.clone(), false) {
        Err(Failure::Run(error)) => {
            let fails = matches!(
                *error,
                RunError::Halt(Halt::KeepsFailing {
                    intent: Intent::Stage { index: 0, .. },
                    ..
                })
            );
            assert!(fails, "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    let state = world.sight().staged.remove(0);
    assert_eq!((state.cursor, state.sum), (0, U256::ZERO));
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    world.assert_rolled_back(&world.list);
}
