//! One fault of the node at every call of a run; reorganisations; foreign transactions; fees.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use sealift_engine::driver::{Exit, Progress};
use sealift_evm::{Dropped, Fault, Faulty, Mining};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;
use sealift_protocol::{Outcome, Record};

use crate::records::{assert_one_intent, records};
use crate::tokens::LegacyToken;
use crate::world::{OPERATOR, Setup, World, account, act};

pub(crate) fn world(finality_depth: u64) -> World {
    World::new(Setup {
        holders: 9,
        batch_size: 3,
        finality_depth,
        ..Setup::default()
    })
}

/// No batch twice, none skipped, every holder right.
#[track_caller]
pub(crate) fn assert_exact(world: &World) {
    world.assert_committed(&world.list);
    let state = world.sight().staged.remove(0);
    assert_eq!(state.count, world.list.len() as u64);
    assert_eq!(state.generation, 1);
    assert_one_intent(&records(&world.memory));
}

/// The same fault at every call index; each time the run ends as if nothing had been.
#[track_caller]
pub(crate) fn survives_at_every_call(fault: Fault, finality_depth: u64, stride: usize) {
    let undisturbed = world(finality_depth);
    let counted = Faulty::new(undisturbed.chain.clone(), Vec::new());
    let run = |world: &World, chain: &Faulty<_>| {
        world.run_with(chain, world.memory.clone(), false, &mut |_| ())
    };
    assert_eq!(
        run(&undisturbed, &counted).expect("an end"),
        Exit::Ended(Outcome::Done)
    );
    let mut struck = 0;
    for call in (0..counted.calls()).step_by(stride) {
        let world = world(finality_depth);
        let chain = Faulty::new(world.chain.clone(), vec![(call, fault)]);
        match run(&world, &chain) {
            Ok(exit) => assert_eq!(exit, Exit::Ended(Outcome::Done), "{fault:?} at {call}"),
            Err(failure) => panic!("{fault:?} at call {call}: {failure:?}"),
        }
        struck += usize::from(!chain.struck().is_empty());
        assert_exact(&world);
    }
    assert!(struck > 5, "{fault:?} struck {struck} times");
}

#[test]
fn an_answer_is_lost_after_the_node_accepted() {
    survives_at_every_call(Fault::AnswerLost, 0, 5);
}

#[test]
fn a_send_is_accepted_and_forgotten() {
    survives_at_every_call(Fault::SilentDrop, 0, 5);
}

#[test]
fn a_send_is_answered_already_known() {
    survives_at_every_call(Fault::AlreadyKnown, 0, 5);
}

#[test]
fn a_send_is_answered_replacement_underpriced() {
    survives_at_every_call(Fault::ReplacementUnderpriced, 0, 5);
}

#[test]
fn a_send_times_out_before_the_node_has_it() {
    survives_at_every_call(Fault::SendTimeout, 0, 5);
}

#[test]
fn the_node_does_not_answer_for_a_while() {
    survives_at_every_call(Fault::Unreachable(3), 0, 5);
}

#[test]
fn receipts_are_missing_for_a_while() {
    survives_at_every_call(Fault::NoReceipts(3), 0, 5);
    survives_at_every_call(Fault::NoReceipts(3), 2, 11);
}

/// Drops the newest block once, when so many records have been written.
#[track_caller]
fn survives_a_reorg_everywhere(dropped: Dropped) {
    let mut reorged = 0;
    for after in (1..90).step_by(3) {
        let world = world(2);
        let (mut written, mut done) = (0, false);
        let mut watch = |progress| {
            if let Progress::Recorded(records) = progress {
                written += records.len();
                if !done && written >= after && world.chain.reorg(1, dropped).is_ok() {
                    done = true;
                }
            }
        };
        let exit = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
        assert_eq!(
            exit.expect("an end"),
            Exit::Ended(Outcome::Done),
            "after {after}"
        );
        reorged += usize::from(done);
        assert_exact(&world);
    }
    assert!(reorged > 10, "only {reorged} reorganisations");
}

#[test]
fn a_block_is_reorganised_away_and_its_transactions_come_back() {
    survives_a_reorg_everywhere(Dropped::Readmit);
}

#[test]
fn a_block_is_reorganised_away_and_its_transactions_are_forgotten() {
    survives_a_reorg_everywhere(Dropped::Forget);
}

#[test]
fn a_nonce_that_somebody_else_used_is_replaced_by_a_new_one() {
    let world = world(0);
    let mut stolen = 0;
    let mut watch = |progress| {
        // A second program with the operator's key takes the nonce that was just bound.
        let Progress::Recorded(records) = progress else {
            return;
        };
        let bound = |record: &Record| match record {
            Record::Bound { tx, .. } => tx.sender == account(OPERATOR),
            _ => false,
        };
        if stolen < 3 && records.iter().any(bound) && world.phase() == Phase::Frozen {
            stolen += 1;
            let approve = LegacyToken::approveCall {
                spender: world.legacy,
                value: U256::from(stolen),
            };
            assert!(act(
                &world.chain,
                OPERATOR,
                world.legacy,
                approve.abi_encode()
            ));
        }
    };
    let exit = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    assert!(stolen > 0);
    assert_exact(&world);
}

#[test]
fn a_fee_that_is_too_low_is_raised_until_it_is_mined() {
    let mut world = world(0);
    world.policy.bump_after_secs = 5;
    world.chain.node_mut().set_mining(Mining::Manual);
    // Blocks are full of nothing for a while: the base fee rises above what was first offered.
    let (mut signed, mut idle_blocks) = (Vec::new(), 0);
    let mut watch = |progress| match progress {
        Progress::Recorded(records) => {
            signed.extend(records.into_iter().filter_map(|record| match record {
                Record::Signed { tx, variant } => Some((tx, variant.max_fee, variant.tip)),
                _ => None,
            }))
        }
        _ => idle_blocks += 1,
    };
    let exit = world.run_at(&world.chain, world.memory.clone(), false, &mut watch, 12);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    let bumped = signed
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .inspect(|pair| {
            let tenth_more = |old: u128, new: u128| new * 10 >= old * 11;
            assert!(tenth_more(pair[0].1, pair[1].1), "{pair:?}");
            assert!(tenth_more(pair[0].2, pair[1].2), "{pair:?}");
        })
        .count();
    assert!(bumped > 0, "no fee was raised");
    assert_exact(&world);
}

#[test]
fn a_budget_that_is_too_small_halts_before_anything_is_sent() {
    let mut world = world(0);
    world.policy.budget_wei = 1_000_000;
    let before = world.chain.node().head().header.number;
    let failure = world
        .run_on(world.memory.clone(), false)
        .expect_err("no budget");
    assert!(format!("{failure:?}").contains("OverBudget"), "{failure:?}");
    assert_eq!(world.chain.node().head().header.number, before);
}

#[test]
fn read_through_survives_a_lost_answer_everywhere() {
    for call in (0..200).step_by(7) {
        let world = World::new(Setup {
            source: Source::ReadThrough,
            ..Setup::default()
        });
        let chain = Faulty::new(world.chain.clone(), vec![(call, Fault::AnswerLost)]);
        let exit = world.run_with(&chain, world.memory.clone(), false, &mut |_| ());
        assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
        world.assert_committed(&world.list);
    }
}
