//! The whole way, undisturbed.

use sealift_engine::driver::Exit;
use sealift_protocol::Outcome;
use sealift_protocol::plan::Source;

use crate::world::{Setup, World};

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
