//! The final list when its file is gone, its block is forgotten, or its snapshot never was.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use sealift_engine::chain::{At, Chain, ChainError};
use sealift_engine::driver::{Exit, RunError};
use sealift_engine::list;
use sealift_evm::{Config, Dropped, EmbeddedChain, Mining};
use sealift_journal::Faulty;
use sealift_journal::faulty::Fault;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::event::{FinalList, Phase};
use sealift_protocol::plan::Source;
use sealift_protocol::{Outcome, Record};

use crate::records::{assert_one_intent, records};
use crate::tokens::{LegacyToken, generated, owned_token};
use crate::world::{Failure, NEWCOMER, OWNER, STRANGER, Setup, World, account, act, chain};

/// Blocks whose states the node keeps.
const KEPT_BLOCKS: u64 = 12;

fn fixed(world: &World) -> Option<FinalList> {
    let list = |record: &Record| match record {
        Record::ListFixed { list, .. } => Some(*list),
        _ => None,
    };
    records(&world.memory).iter().find_map(list)
}

/// A run died at an append after its list was fixed; then its file went, and the node forgot the states
/// of all blocks up to that of the list. `None` before the list; an error where the run did not die.
fn forgotten(source: Source, append: u64) -> Result<Option<(World, FinalList)>, Exit> {
    let chain = EmbeddedChain::new(Config {
        history_blocks: KEPT_BLOCKS,
        mining: Mining::Auto,
        ..Config::default()
    });
    let list = generated(9);
    let legacy = owned_token(&chain, OWNER, &list);
    let setup = Setup {
        source,
        batch_size: 3,
        materialize: true,
        ..Setup::default()
    };
    let world = World::over(chain, vec![(legacy, list)], &setup);
    let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
    match world.run_on(faulty, false) {
        Ok(exit) => return Err(exit),
        Err(failure) => assert!(failure.is_crash(), "{failure:?}"),
    }
    let Some(list) = fixed(&world) else {
        return Ok(None);
    };
    std::fs::remove_file(list::path(&world.path(), 0)).expect("a kept list");
    for _ in 0..=KEPT_BLOCKS {
        world.chain.mine();
    }
    let gone = world.chain.read(At::Hash(list.block.hash), &[]);
    assert!(matches!(gone, Err(ChainError::Refused(_))), "{gone:?}");
    Ok(Some((world, list)))
}

#[track_caller]
fn at_every_append(source: Source, check: impl Fn(&World, FinalList, u64) -> bool) {
    let mut checked = 0;
    for append in 0.. {
        match forgotten(source, append) {
            Ok(Some((world, list))) => checked += usize::from(check(&world, list, append)),
            Ok(None) => {}
            Err(exit) => {
                assert_eq!(exit, Exit::Ended(Outcome::Done));
                break;
            }
        }
    }
    assert!(checked > 5, "only {checked} checks");
}

#[test]
fn an_abort_needs_no_list() {
    for source in [Source::ChainRead, Source::Declared, Source::ReadThrough] {
        at_every_append(source, |world, _, append| {
            let is_frozen = matches!(world.phase(), Phase::Frozen | Phase::Sealed);
            if !is_frozen {
                return false;
            }
            match world.run_on(world.memory.clone(), true) {
                Ok(exit) => {
                    assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
                    world.assert_rolled_back(&world.list);
                }
                // The decision was signed already.
                Err(_) => assert_eq!(world.phase(), Phase::Committed, "append {append}"),
            }
            let is_aborted = world.phase() == Phase::Aborted;
            let path = list::path(&world.path(), 0);
            assert!(
                !is_aborted || !path.exists(),
                "append {append}: a list was made"
            );
            is_aborted
        });
    }
}

#[test]
fn a_list_that_is_gone_is_made_again_at_a_later_block() {
    for source in [Source::ChainRead, Source::Declared, Source::ReadThrough] {
        at_every_append(source, |world, recorded, append| {
            let phase = world.phase();
            let exit = world.run();
            assert_eq!(exit, Exit::Ended(Outcome::Done), "append {append}");
            world.assert_committed(&world.list);
            assert_eq!(recorded.digest, world.list.digest());
            if phase != Phase::Committed {
                let path = list::path(&world.path(), 0);
                let kept = list::kept(&path, recorded.digest);
                assert_eq!(kept.as_ref(), Some(&world.list), "append {append}");
            }
            assert_eq!(fixed(world), Some(recorded), "the record stands");
            assert_one_intent(&records(&world.memory));
            true
        });
    }
}

/// A file that was changed is not the recorded list, and is not used.
#[test]
fn a_list_whose_file_is_another_is_made_again() {
    let world = World::died_where(
        || World::new(Setup::default()),
        |world| fixed(world).is_some(),
    );
    let recorded = fixed(&world).expect("a list");
    let other = Holders::from_rows(world.list.rows()[1..].to_vec()).expect("a list");
    list::keep(&list::path(&world.path(), 0), &other).expect("another list");
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    world.assert_committed(&world.list);
    let kept = list::kept(&list::path(&world.path(), 0), recorded.digest);
    assert_eq!(kept.as_ref(), Some(&world.list));
}

/// Frozen balances that are not what they were: a wrong list is worse than none.
#[test]
fn a_list_that_cannot_be_made_again_halts_and_leaves_the_way_back() {
    let mut world = World::died_where(
        || World::new(Setup::default()),
        |world| fixed(world).is_some(),
    );
    std::fs::remove_file(list::path(&world.path(), 0)).expect("a kept list");
    // The holders of the snapshot are not known any more: what is left does not add up.
    let whole = world.list.clone();
    world.list = Holders::from_rows(whole.rows()[1..].to_vec()).expect("a list");
    match world.run_on(world.memory.clone(), false) {
        Err(Failure::Run(error)) => {
            let incomplete = matches!(
                *error,
                RunError::List(list::ListError::Incomplete { .. }) | RunError::OtherList { .. }
            );
            assert!(incomplete, "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    world.list = whole;
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    world.assert_rolled_back(&world.list);
}

/// The newest blocks, that of the snapshot among them, are replaced after the plan was made; in one of
/// their replacements a holder sends nearly all it has to an account that the snapshot does not know.
#[track_caller]
fn survives_a_snapshot_that_never_was(source: Source, depth: u64, newcomer_at: u64) {
    let setup = Setup {
        source,
        holders: 9,
        batch_size: 3,
        finality_depth: 4,
        ..Setup::default()
    };
    let (chain, list) = (chain(setup.finality_depth), generated(setup.holders));
    let legacy = owned_token(&chain, OWNER, &list);
    let world = World::over(chain, vec![(legacy, list)], &setup);
    let snapshot = world.plan.lanes[0].snapshot.block;
    world
        .chain
        .reorg(depth, Dropped::Forget)
        .expect("not final");
    for _ in 1..newcomer_at {
        world.chain.mine();
    }
    let all = world.list.get(&account(STRANGER)).expect("a holder");
    let (to, value) = (NEWCOMER, all - U256::from(7));
    let transfer = LegacyToken::transferCall { to, value }.abi_encode();
    assert!(act(&world.chain, STRANGER, world.legacy, transfer));
    let head = world.chain.node().head().header.number;
    assert!(
        head <= snapshot.number,
        "at the snapshot's height, or below"
    );
    let row = |account, balance| Holder { account, balance };
    let changes = [row(account(STRANGER), U256::from(7)), row(NEWCOMER, value)];
    let moved = world.list.apply(changes).expect("a list");
    assert_eq!(world.run(), Exit::Ended(Outcome::Done));
    assert_eq!(world.phase(), Phase::Committed);
    let result = world.result(&moved);
    assert_eq!(result.mismatches, []);
    assert_eq!(result.digest, moved.digest());
    let kept = list::kept(&list::path(&world.path(), 0), moved.digest());
    let kept = kept.expect("the final list");
    assert_eq!(kept.get(&NEWCOMER), Some(value));
}

#[test]
fn a_newcomer_in_a_block_that_took_the_place_of_the_snapshot_is_in_the_final_list() {
    for source in [Source::ChainRead, Source::Declared, Source::ReadThrough] {
        survives_a_snapshot_that_never_was(source, 1, 1);
        survives_a_snapshot_that_never_was(source, 3, 1);
        survives_a_snapshot_that_never_was(source, 3, 2);
        survives_a_snapshot_that_never_was(source, 3, 3);
    }
}
