//! All is as it was: aborted by the operator's side, by a guardian, by a stranger after the deadline.

use alloy_sol_types::SolCall;
use sealift_engine::abi::guard::PausableGuard;
use sealift_engine::abi::migration::Migration;
use sealift_engine::driver::{Exit, Progress, RunError};
use sealift_journal::faulty::Fault;
use sealift_journal::{Faulty, Memory};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;
use sealift_protocol::{Halt, Outcome};

use crate::records::{assert_one_intent, records};
use crate::world::{Failure, GUARDIAN, Keys, STRANGER, Setup, World, act};

/// Lets a run die at an append, then aborts; at every append until the decision.
#[track_caller]
fn aborts_at_every_append(source: Source) {
    let (mut rolled_back, mut committed) = (0, 0);
    for append in 0..500 {
        let world = World::new(Setup {
            source,
            holders: 13,
            batch_size: 3,
            ..Setup::default()
        });
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        if world.run_on(faulty, false).is_ok() {
            break;
        }
        match world.run_on(world.memory.clone(), true) {
            Ok(exit) => {
                assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
                world.assert_rolled_back(&world.list);
                rolled_back += 1;
            }
            Err(Failure::Run(error)) => {
                let halted = matches!(*error, RunError::Halt(Halt::AlreadyCommitted));
                assert!(halted, "append {append}: {error:?}");
                assert_eq!(world.phase(), Phase::Committed);
                committed += 1;
            }
            Err(other) => panic!("append {append}: {other:?}"),
        }
        assert_one_intent(&records(&world.memory));
    }
    assert!(rolled_back > 20, "only {rolled_back} aborts");
    assert!(committed > 0, "the decision was never reached");
}

#[test]
fn aborts_at_every_append_of_a_staged_run() {
    aborts_at_every_append(Source::ChainRead);
}

#[test]
fn aborts_at_every_append_of_a_declared_run() {
    aborts_at_every_append(Source::Declared);
}

#[test]
fn aborts_at_every_append_of_a_read_through_run() {
    aborts_at_every_append(Source::ReadThrough);
}

fn died_where(wanted: impl Fn(&World) -> bool) -> World {
    World::died_where(|| World::new(Setup::default()), wanted)
}

fn half_staged() -> World {
    died_where(|world| world.sight().view.lanes[0].cursor >= 2)
}

#[test]
fn a_stranger_brings_everything_back_with_one_transaction_after_the_deadline() {
    let world = half_staged();
    assert_eq!(world.phase(), Phase::Frozen);
    let abort = Migration::abortCall {}.abi_encode();
    assert!(
        !act(&world.chain, STRANGER, world.plan.migration, abort.clone()),
        "too early"
    );
    world.chain.advance(60_000);
    world.chain.mine();
    assert!(act(&world.chain, STRANGER, world.plan.migration, abort));
    assert_eq!(world.phase(), Phase::Aborted);
    world.assert_rolled_back(&world.list);
}

#[test]
fn an_executor_with_a_strangers_key_and_no_journal_brings_everything_back() {
    let mut world = half_staged();
    world.chain.advance(60_000);
    world.chain.mine();
    world.keys = Keys(vec![STRANGER]);
    let exit = world.run_on(Memory::default(), true).expect("an abort");
    assert_eq!(exit, Exit::Ended(Outcome::RolledBack));
    world.assert_rolled_back(&world.list);
}

#[test]
fn a_guardian_aborts_under_a_running_executor() {
    let world = World::new(Setup::default());
    let mut aborted = false;
    let mut watch = |progress| {
        let Progress::Seen {
            staged: (done, _), ..
        } = progress
        else {
            return;
        };
        if done >= 2 && !aborted {
            aborted = true;
            let abort = Migration::abortCall {}.abi_encode();
            assert!(act(&world.chain, GUARDIAN, world.plan.migration, abort));
        }
    };
    let exit = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::RolledBack));
    world.assert_rolled_back(&world.list);
}

#[test]
fn after_the_decision_a_stranger_runs_the_tails() {
    let world = died_where(|world| {
        let view = world.sight().view;
        view.phase == Phase::Committed && !view.lanes[0].settled
    });
    let retire = PausableGuard::retireCall {}.abi_encode();
    assert!(act(
        &world.chain,
        STRANGER,
        world.plan.lanes[0].guard,
        retire
    ));
    assert!(world.sight().view.lanes[0].settled);
    world.assert_committed(&world.list);
}
