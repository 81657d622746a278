//! A node that refuses: questions for a while, or transactions, for want of room, fees or money.

use alloy_primitives::U256;
use sealift_engine::chain::ChainError;
use sealift_engine::driver::{Exit, Progress, RunError};
use sealift_evm::{Fault, Faulty, Mining};
use sealift_protocol::event::{Phase, Rejection, SendAnswer};
use sealift_protocol::{Halt, Intent, Outcome};

use crate::faults::{assert_exact, survives_at_every_call, world};
use crate::ports::Watched;
use crate::records::{assert_one_intent, records};
use crate::world::{Failure, GUARDIAN, Keys, OPERATOR, OWNER, Setup, World, account};

const ETHER: u128 = 1_000_000_000_000_000_000;

/// Calls of an undisturbed run at each look that was answered, and at its end.
fn looks() -> Vec<u64> {
    let world = world(0);
    let counted = Faulty::new(world.chain.clone(), Vec::new());
    let mut looks = Vec::new();
    let mut watch = |progress| {
        if matches!(progress, Progress::Seen { .. }) {
            looks.push(counted.calls());
        }
    };
    let exit = world.run_with(&counted, world.memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    looks.push(counted.calls());
    looks
}

/// The node refuses four questions, from each of these calls on.
#[track_caller]
fn survives_refusals(calls: impl Iterator<Item = u64>) {
    let mut struck = 0;
    for call in calls {
        let world = world(0);
        let chain = Faulty::new(world.chain.clone(), vec![(call, Fault::Refused(4))]);
        match world.run_with(&chain, world.memory.clone(), false, &mut |_| ()) {
            Ok(exit) => assert_eq!(exit, Exit::Ended(Outcome::Done)),
            Err(failure) => panic!("refused from call {call} on: {failure:?}"),
        }
        struck += chain.struck().len();
        assert_exact(&world);
    }
    assert!(struck > 0, "nothing was refused");
}

#[test]
fn a_node_that_has_answered_may_refuse_for_a_while() {
    let looks = looks();
    survives_refusals((looks[1]..looks[looks.len() - 1]).step_by(5));
}

#[test]
fn a_node_that_has_answered_the_first_look_may_refuse_what_follows_from_it() {
    let looks = looks();
    survives_refusals(looks[0]..looks[1]);
}

#[test]
fn a_node_that_refuses_from_the_first_question_on_fails_at_once() {
    let world = world(0);
    let chain = Faulty::new(world.chain.clone(), vec![(0, Fault::Refused(1_000_000))]);
    let mut watch = |progress| panic!("{progress:?}");
    match world.run_with(&chain, world.memory.clone(), false, &mut watch) {
        Err(Failure::Run(error)) => {
            let refused = matches!(*error, RunError::Chain(ChainError::Refused(_)));
            assert!(refused && !error.is_retryable(), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(chain.calls(), 1, "nothing is asked twice");
}

#[test]
fn a_node_that_refuses_for_too_long_ends_the_run_which_can_be_resumed() {
    let mut world = world(0);
    world.policy.unreachable_secs = 20;
    let chain = Faulty::new(world.chain.clone(), vec![(100, Fault::Refused(1_000_000))]);
    match world.run_with(&chain, world.memory.clone(), false, &mut |_| ()) {
        Err(Failure::Run(error)) => assert!(error.is_refusal(), "{error:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    assert_exact(&world);
}

#[test]
fn a_pool_without_room_is_offered_the_same_bytes_later() {
    survives_at_every_call(Fault::PoolFull, 0, 5);
    survives_at_every_call(Fault::PoolFull, 2, 11);
}

#[test]
fn a_pool_that_wants_a_higher_fee_gets_it() {
    survives_at_every_call(Fault::Underpriced, 0, 5);
    survives_at_every_call(Fault::Underpriced, 2, 11);
}

#[track_caller]
fn assert_poor(outcome: Result<Exit, Failure>) {
    match outcome {
        Err(Failure::Run(error)) => {
            let poor = matches!(
                *error,
                RunError::Halt(Halt::InsufficientFunds {
                    sender,
                    intent: Intent::Stage { .. },
                }) if sender == account(OPERATOR)
            );
            assert!(poor, "{error:?}");
        }
        other => panic!("{other:?}"),
    }
}

/// The operator runs out of ether in FROZEN, when so many batches are staged.
#[track_caller]
fn run_out(mining: Mining, staged: u64) -> World {
    let world = World::new(Setup {
        batch_size: 3,
        ..Setup::default()
    });
    world.chain.node_mut().set_mining(mining);
    let mut watch = |progress| match progress {
        Progress::Seen {
            phase: Phase::Frozen,
            staged: (done, _),
            ..
        } if done >= staged => world.chain.set_balance(account(OPERATOR), U256::ZERO),
        _ => {}
    };
    let outcome = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
    assert_poor(outcome);
    assert_eq!(world.phase(), Phase::Frozen);
    world
}

fn ways_to_run_out() -> [World; 3] {
    [
        run_out(Mining::Auto, 0),
        run_out(Mining::Manual, 0),
        run_out(Mining::Manual, 1),
    ]
}

#[test]
fn an_empty_wallet_halts_and_does_not_stand_in_the_way_of_an_abort() {
    for signers in [
        vec![OWNER, OPERATOR],
        vec![OPERATOR, GUARDIAN],
        vec![OWNER, OPERATOR, GUARDIAN],
        vec![GUARDIAN],
    ] {
        for mut world in ways_to_run_out() {
            world.keys = Keys(signers.clone());
            assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
            assert_eq!(world.phase(), Phase::Aborted);
            assert_one_intent(&records(&world.memory));
            world.chain.node_mut().set_mining(Mining::Auto);
            world.assert_rolled_back(&world.list);
        }
    }
}

#[test]
fn a_wallet_that_is_filled_again_goes_on() {
    for world in ways_to_run_out() {
        // As long as it is empty, the run halts again.
        assert_poor(world.run_on(world.memory.clone(), false));
        let balance = U256::from(ETHER);
        world.chain.set_balance(account(OPERATOR), balance);
        assert_eq!(world.run(), Exit::Ended(Outcome::Done));
        world.chain.node_mut().set_mining(Mining::Auto);
        assert_exact(&world);
    }
}

/// Pools add up what the pending transactions of a sender may cost.
#[test]
fn a_wallet_that_pays_for_one_batch_at_a_time_is_enough() {
    let world = world(0);
    world.chain.node_mut().set_mining(Mining::Manual);
    // A batch may cost 2,000,000 gas at 2 gwei of base fee, doubled, and a tip of 1 gwei.
    let balance = U256::from(9_000_000_000_000_000_u64);
    let mut is_frozen = false;
    let mut watch = |progress| {
        if let Progress::Seen { phase, .. } = progress
            && phase == Phase::Frozen
            && !std::mem::replace(&mut is_frozen, true)
        {
            world.chain.set_balance(account(OPERATOR), balance);
        }
    };
    let chain = Watched::new(&world.chain, &|_| ());
    let exit = world.run_with(&chain, world.memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    let poor = SendAnswer::Rejected(Rejection::InsufficientFunds);
    assert!(chain.answered(&poor) > 0, "the pool took every batch");
    world.chain.node_mut().set_mining(Mining::Auto);
    assert_exact(&world);
}

#[test]
fn a_refusal_for_want_of_money_at_any_send_is_resumed_from() {
    let mut halted = 0;
    for call in (0..400).step_by(7) {
        let world = world(0);
        let script = vec![(call, Fault::InsufficientFunds)];
        let chain = Faulty::new(world.chain.clone(), script);
        match world.run_with(&chain, world.memory.clone(), false, &mut |_| ()) {
            Ok(exit) => assert_eq!(exit, Exit::Ended(Outcome::Done), "call {call}"),
            Err(Failure::Run(error)) => {
                let poor = matches!(*error, RunError::Halt(Halt::InsufficientFunds { .. }));
                assert!(poor, "call {call}: {error:?}");
                assert_eq!(world.run(), Exit::Ended(Outcome::Done));
                halted += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
        assert_exact(&world);
    }
    assert!(halted > 5, "only {halted} halts");
}
