//! Holders move between plan and freeze; the list is final only after the freeze.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use sealift_engine::driver::{Exit, RunError};
use sealift_engine::list::ListError;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::Outcome;
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;

use crate::tokens::LegacyToken;
use crate::world::{Failure, NEWCOMER, OWNER, STRANGER, Setup, World, account, act};

/// A holder sends all it has to an account that the plan has never seen, and back and forth.
fn drift(world: &World) -> Holders {
    let all = world.list.get(&account(STRANGER)).expect("a holder");
    let transfer = |to, value| LegacyToken::transferCall { to, value }.abi_encode();
    assert!(act(
        &world.chain,
        STRANGER,
        world.legacy,
        transfer(NEWCOMER, all - U256::from(7))
    ));
    let approve = LegacyToken::approveCall {
        spender: account(OWNER),
        value: U256::from(7),
    };
    assert!(act(
        &world.chain,
        STRANGER,
        world.legacy,
        approve.abi_encode()
    ));
    let pull = LegacyToken::transferFromCall {
        from: account(STRANGER),
        to: account(OWNER),
        value: U256::from(7),
    };
    assert!(act(&world.chain, OWNER, world.legacy, pull.abi_encode()));
    let row = |account, balance| Holder { account, balance };
    let changes = [
        row(account(STRANGER), U256::ZERO),
        row(NEWCOMER, all - U256::from(7)),
        row(account(OWNER), U256::from(7)),
    ];
    world.list.apply(changes).expect("a list")
}

#[track_caller]
fn check(source: Source) {
    let world = World::new(Setup {
        source,
        ..Setup::default()
    });
    let list = drift(&world);
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    assert_eq!(world.phase(), Phase::Committed);
    let result = world.result(&list);
    assert_eq!(result.mismatches, []);
    assert_eq!(
        (result.digest, result.supply_after),
        (list.digest(), list.sum())
    );
}

#[test]
fn transfers_between_plan_and_freeze_lose_nobody() {
    check(Source::ChainRead);
    check(Source::Declared);
    check(Source::ReadThrough);
}

#[test]
fn a_list_that_misses_a_holder_cannot_be_sealed() {
    for source in [Source::ChainRead, Source::Declared, Source::ReadThrough] {
        let mut world = World::new(Setup {
            source,
            ..Setup::default()
        });
        world.list = Holders::from_rows(world.list.rows()[1..].to_vec()).expect("a shorter list");
        let failure = world
            .run_on(world.memory.clone(), false)
            .expect_err("no seal");
        let missing = matches!(
            &failure,
            Failure::Run(error) if matches!(**error, RunError::List(ListError::Incomplete { .. }))
        );
        assert!(missing, "{failure:?}");
        assert_eq!(world.phase(), Phase::Frozen);
        assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    }
}

#[test]
fn a_list_older_than_it_claims_is_read_again() {
    let mut world = World::new(Setup::default());
    // The plan's snapshot block is after a transfer that the list does not know.
    let stale = world.list.clone();
    let to = world.list.rows()[5].account;
    let transfer = LegacyToken::transferCall {
        to,
        value: U256::from(3),
    }
    .abi_encode();
    assert!(act(&world.chain, STRANGER, world.legacy, transfer));
    let moved = [account(STRANGER), to].map(|account| Holder {
        account,
        balance: world.legacy_balance(account),
    });
    let fresh = stale.apply(moved).expect("a list");
    let request = crate::world::request(&Setup::default(), world.legacy);
    let plan = crate::world::make_plan(&world.chain, &request, std::slice::from_ref(&fresh), 5)
        .expect("a plan");
    world.plan = std::sync::Arc::new(plan);
    world.list = stale; // same sum, other rows
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    assert_eq!(world.result(&fresh).mismatches, []);
}
