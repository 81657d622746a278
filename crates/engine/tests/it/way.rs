//! The whole way, undisturbed.

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolEvent};
use sealift_engine::abi::Legacy;
use sealift_engine::abi::staged::StagedERC20;
use sealift_engine::chain::{At, Chain, LogFilter};
use sealift_engine::driver::{Exit, Progress};
use sealift_protocol::Outcome;
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;

use crate::world::{STRANGER, Setup, World, act};

#[track_caller]
fn check(setup: Setup) {
    let world = World::new(setup);
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    world.assert_committed(&world.list);
    assert_eq!(
        world.run(),
        Exit::Ended(Outcome::Done),
        "a second run finds nothing to do"
    );
}

#[test]
fn read_through_commits_every_holder() {
    check(Setup {
        source: Source::ReadThrough,
        ..Setup::default()
    });
}

#[test]
fn chain_read_amounts_commit_every_holder() {
    check(Setup::default());
}

#[test]
fn declared_amounts_commit_every_holder() {
    check(Setup {
        source: Source::Declared,
        ..Setup::default()
    });
}

#[test]
fn wide_declared_amounts_commit_every_holder() {
    check(Setup {
        source: Source::DeclaredWide,
        ..Setup::default()
    });
}

#[test]
fn finality_that_lags_is_waited_for() {
    check(Setup {
        finality_depth: 3,
        ..Setup::default()
    });
}

#[test]
fn transfer_events_are_emitted_where_the_plan_wants_them() {
    check(Setup {
        materialize: true,
        ..Setup::default()
    });
    check(Setup {
        materialize: true,
        source: Source::ReadThrough,
        ..Setup::default()
    });
}

/// A chunk is not done because somebody touched its last account: else the events of the others never come.
#[test]
fn a_stranger_who_touches_one_holder_takes_no_event_from_the_others() {
    let world = World::new(Setup {
        materialize: true,
        ..Setup::default()
    });
    let holders: Vec<Address> = world.list.iter().map(|holder| holder.account).collect();
    let ledger = world.plan.lanes[0].ledger;
    let size = world.plan.lanes[0].materialize_size as usize;
    let last = holders.chunks(size).filter_map(|chunk| chunk.last());
    let accounts: Vec<Address> = last.copied().collect();
    let touch = StagedERC20::materializeCall { accounts }.abi_encode();
    let mut touched = false;
    let mut watch = |progress| {
        if let Progress::Seen { phase, .. } = progress
            && phase == Phase::Committed
            && !touched
        {
            touched = true;
            assert!(act(&world.chain, STRANGER, ledger, touch.clone()));
        }
    };
    let exit = world.run_with(&world.chain, world.memory.clone(), false, &mut watch);
    assert_eq!(exit.expect("an end"), Exit::Ended(Outcome::Done));
    let head = world.chain.header(At::Latest).expect("a header");
    let filter = LogFilter {
        address: ledger,
        topic0: Legacy::Transfer::SIGNATURE_HASH,
        from: 0,
        to: head.expect("a block").number,
    };
    let logs = world.chain.logs(&filter).expect("logs");
    let mut named: Vec<Address> = logs
        .iter()
        .map(|log| Address::from_word(log.topics[2]))
        .collect();
    named.sort();
    assert_eq!(named, holders, "one Transfer event for each holder");
}
