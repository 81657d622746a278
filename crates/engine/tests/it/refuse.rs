//! What cannot be migrated safely is refused by name, before anything is sent.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, address};
use alloy_sol_types::SolCall;
use sealift_engine::planning::PlanError;
use sealift_manifest::holders::{Holder, Holders};

use crate::tokens::{LegacyToken, biting_token, generated};
use crate::world::{Failure, OPERATOR, OWNER, Setup, World, act, make_plan, request};

#[track_caller]
fn check(
    change: impl FnOnce(&mut Holders, &mut sealift_engine::planning::Request),
    expected: &str,
) {
    let setup = Setup::default();
    let world = World::new(Setup::default());
    let mut request = request(&setup, world.legacy);
    let mut list = world.list.clone();
    change(&mut list, &mut request);
    let error =
        make_plan(&world.chain, &request, std::slice::from_ref(&list), 5).expect_err("no plan");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_sum_that_is_not_the_supply() {
    check(
        |list, _| {
            let first = list.rows()[0];
            let more = Holder {
                balance: first.balance + U256::ONE,
                ..first
            };
            *list = list.apply([more]).expect("a list");
        },
        &{
            let world = World::new(Setup::default());
            let sum = world.list.sum();
            format!(
                "the list adds up to {}, the supply of {} is {sum} (1 too much)",
                sum + U256::ONE,
                world.legacy
            )
        },
    );
}

#[test]
fn an_address_without_a_contract() {
    let nowhere = address!("00000000000000000000000000000000000000aa");
    check(
        |_, request| request.lanes[0].legacy = nowhere,
        &format!("there is no contract at {nowhere}"),
    );
}

#[test]
fn a_deadline_in_the_past() {
    check(
        |_, request| request.deadline_secs = 1,
        "the deadline has passed on this chain's clock",
    );
}

#[test]
fn roles_that_are_not_set() {
    check(
        |_, request| request.roles.guardian = Address::ZERO,
        "owner, operator and guardian must be set",
    );
}

#[test]
fn a_stale_list() {
    let world = World::new(Setup::default());
    let rows = world.list.rows();
    let (a, b) = (rows[0], rows[1]);
    let one = U256::ONE;
    let swapped = [
        Holder {
            balance: a.balance + one,
            ..a
        },
        Holder {
            balance: b.balance - one,
            ..b
        },
    ];
    let list = world.list.apply(swapped).expect("a list");
    let request = request(&Setup::default(), world.legacy);
    let error =
        make_plan(&world.chain, &request, std::slice::from_ref(&list), 5).expect_err("no plan");
    assert!(matches!(error, PlanError::StaleList { .. }), "{error}");
}

#[test]
fn a_token_without_an_owner() {
    let world = World::new(Setup::default());
    let renounce = LegacyToken::renounceOwnershipCall {}.abi_encode();
    assert!(act(&world.chain, OWNER, world.legacy, renounce));
    let request = request(&Setup::default(), world.legacy);
    let error = make_plan(&world.chain, &request, std::slice::from_ref(&world.list), 5)
        .expect_err("no plan");
    assert!(matches!(error, PlanError::NotExclusive { .. }), "{error}");
}

#[test]
fn a_journal_of_another_plan() {
    let mut world = World::new(Setup::default());
    world.run();
    let mut plan = (*world.plan).clone();
    plan.nonce = B256::repeat_byte(1);
    world.plan = Arc::new(plan);
    let failure = world
        .run_on(world.memory.clone(), false)
        .expect_err("another plan");
    let Failure::Open(text) = failure else {
        panic!("{failure:?}")
    };
    assert!(text.contains("plan"), "{text}");
}

#[test]
fn control_that_went_elsewhere_is_not_frozen() {
    let world = World::new(Setup::default());
    let to = LegacyToken::transferOwnershipCall {
        newOwner: crate::world::account(OPERATOR),
    };
    assert!(act(&world.chain, OWNER, world.legacy, to.abi_encode()));
    let failure = world
        .run_on(world.memory.clone(), false)
        .expect_err("no handover");
    let text = format!("{failure:?}");
    assert!(
        text.contains("WouldRevert") && text.contains("Handover"),
        "{text}"
    );
}

#[track_caller]
fn check_bite(bite: u8, evidence: &str) {
    let (chain, list) = (crate::world::chain(0), generated(9));
    let token = biting_token(&chain, &list, bite);
    let request = request(&Setup::default(), token);
    let result = make_plan(&chain, &request, std::slice::from_ref(&list), 5);
    match result {
        Ok(_) => assert_eq!(evidence, ""),
        Err(PlanError::Bites {
            evidence: found, ..
        }) => assert_eq!(found, evidence),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn tokens_that_bite_are_refused_with_the_evidence() {
    check_bite(0, "");
    check_bite(1, "a transfer of 1064 takes 1064 and delivers 1054");
    check_bite(2, "transfer answers false");
    check_bite(
        3,
        "a transfer of 2^256 - 1 succeeds: the maximum means \"everything\"",
    );
}
