//! Control by roles, and several lanes under one decision.

use alloy_sol_types::SolCall;
use sealift_engine::chain::At;
use sealift_engine::driver::Exit;
use sealift_engine::verify;
use sealift_journal::Faulty;
use sealift_journal::faulty::Fault;
use sealift_protocol::Outcome;
use sealift_protocol::event::Phase;
use sealift_protocol::plan::{Control, Source};

use crate::records::{assert_one_intent, records};
use crate::tokens::{LegacyRoleToken, generated, owned_token, role_token};
use crate::world::{OWNER, Setup, World, act, chain};

fn role_world(source: Source) -> World {
    let setup = Setup {
        source,
        holders: 9,
        batch_size: 3,
        ..Setup::default()
    };
    let (chain, list) = (chain(0), generated(setup.holders));
    let legacy = role_token(&chain, &list);
    World::over(chain, vec![(legacy, list)], &setup)
}

#[test]
fn a_token_with_a_pauser_role_is_migrated() {
    for source in [Source::ReadThrough, Source::ChainRead] {
        let world = role_world(source);
        assert!(matches!(world.plan.lanes[0].control, Control::Roles { .. }));
        assert_eq!(world.run(), Exit::Ended(Outcome::Done));
        assert_eq!(world.phase(), Phase::Committed);
        assert_eq!(world.result(&world.list).mismatches, []);
    }
}

#[test]
fn a_token_with_a_pauser_role_is_brought_back_from_every_append() {
    let mut rolled_back = 0;
    for append in (0..60).step_by(2) {
        let world = role_world(Source::ChainRead);
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        if world.run_on(faulty, false).is_ok() {
            break;
        }
        if world.phase() == Phase::Committed {
            continue;
        }
        let exit = world.run_on(world.memory.clone(), true).expect("an end");
        assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
        assert_eq!(world.result(&world.list).mismatches, []);
        let pause = LegacyRoleToken::pauseCall {}.abi_encode();
        assert!(
            act(&world.chain, OWNER, world.legacy, pause),
            "control is back, append {append}"
        );
        rolled_back += 1;
    }
    assert!(rolled_back > 10, "only {rolled_back} aborts");
}

fn two_lanes() -> World {
    let chain = chain(0);
    let (first, second) = (generated(11), generated(7));
    let lanes = vec![
        (owned_token(&chain, OWNER, &first), first),
        (role_token(&chain, &second), second),
    ];
    World::over(
        chain,
        lanes,
        &Setup {
            batch_size: 4,
            ..Setup::default()
        },
    )
}

#[track_caller]
fn assert_lanes(world: &World, phase: Phase) {
    assert_eq!(world.phase(), phase);
    let lists = [&world.list, &world.more[0]];
    for (lane, list) in world.plan.lanes.iter().zip(lists) {
        let result = verify::result(&world.chain, At::Latest, lane, phase, list.sum(), list);
        let result = result.expect("a result");
        assert_eq!(result.mismatches, []);
        assert_eq!(
            (result.supply_after, result.live_twice),
            (list.sum(), false)
        );
    }
}

#[test]
fn two_lanes_commit_with_one_decision_or_come_back_together() {
    let world = two_lanes();
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    assert_lanes(&world, Phase::Committed);
    let (mut back, mut forward) = (0, 0);
    for append in (0..60).step_by(4) {
        let world = two_lanes();
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashBefore(append));
        if world.run_on(faulty, false).is_ok() {
            break;
        }
        if append % 8 == 0 && world.phase() != Phase::Committed {
            world.abort();
            let lists = [&world.list, &world.more[0]];
            for (lane, list) in world.plan.lanes.iter().zip(lists) {
                let live = verify::mismatches(&world.chain, At::Latest, lane.legacy, list);
                assert_eq!(live.expect("balances"), []);
            }
            back += 1;
        } else {
            assert_eq!(world.run(), Exit::Ended(Outcome::Done));
            assert_lanes(&world, Phase::Committed);
            forward += 1;
        }
        assert_one_intent(&records(&world.memory));
    }
    assert!(back > 3 && forward > 3, "{back} back, {forward} forward");
}
