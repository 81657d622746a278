//! The way back when something is missing: the journal, a key, or the end that was written down.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use sealift_engine::abi::Legacy;
use sealift_engine::chain::{Answer, At, Chain, Query};
use sealift_engine::driver::Exit;
use sealift_evm::{EmbeddedChain, Mining};
use sealift_journal::faulty::Fault;
use sealift_journal::{Faulty, Memory};
use sealift_manifest::holders::Holders;
use sealift_protocol::event::Phase;
use sealift_protocol::{Intent, Outcome};

use crate::records::{assert_one_intent, records};
use crate::tokens::{
    LegacyToken, LegacyTwoStepToken, generated, owned_token, role_token, two_step_token,
};
use crate::world::{GUARDIAN, Keys, OPERATOR, OWNER, Setup, World, account, act, chain};

/// A development account that controls a token and has no other part.
const SECOND: usize = 3;

type Token = fn(&EmbeddedChain, &Holders) -> Address;

fn small(token: Token) -> World {
    let (chain, list) = (chain(0), generated(7));
    let setup = Setup {
        batch_size: 3,
        ..Setup::default()
    };
    let legacy = token(&chain, &list);
    World::over(chain, vec![(legacy, list)], &setup)
}

fn by_owner(chain: &EmbeddedChain, list: &Holders) -> Address {
    owned_token(chain, OWNER, list)
}

/// Transactions to the legacy contract that wait in the pool.
fn on_their_way(world: &World) -> Vec<B256> {
    let node = world.chain.node();
    let waiting = node.pool().transactions().into_iter();
    waiting
        .filter(|tx| alloy_consensus::Transaction::to(&tx.envelope) == Some(world.legacy))
        .map(|tx| tx.hash)
        .collect()
}

/// An executor died, with a handover that no journal knows of in the pool.
fn orphaned(token: Token, append: u64) -> Option<(World, B256)> {
    let world = small(token);
    world.chain.node_mut().set_mining(Mining::Manual);
    let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
    let failure = world.run_on(faulty, false).err()?;
    assert!(failure.is_crash(), "{failure:?}");
    let orphan = *on_their_way(&world).first()?;
    assert_eq!(world.phase(), Phase::None);
    assert!(world.sight().view.lanes[0].guard_deployed);
    Some((world, orphan))
}

/// What the token says, asked without arguments; zero where it says nothing.
fn asked(world: &World, call: Vec<u8>) -> Address {
    let query = Query::Call {
        from: Address::ZERO,
        to: Some(world.legacy),
        data: call.into(),
        code_override: None,
    };
    let answers = world.chain.read(At::Latest, &[query]).expect("an answer");
    match &answers[0] {
        Answer::Bytes(word) if word.len() == 32 => Address::from_slice(&word[12..]),
        _ => Address::ZERO,
    }
}

/// Control is with the recorded owner, or is only waiting for its acceptance; the guard has none.
#[track_caller]
fn assert_control_is_back(world: &World) {
    let view = &world.sight().view.lanes[0];
    assert!(view.settled, "the guard holds control: {view:?}");
    assert!(!view.exclusive);
    let guard = world.plan.lanes[0].guard;
    let pending = asked(world, Legacy::pendingOwnerCall {}.abi_encode());
    assert_ne!(pending, guard, "the guard may still accept");
    if asked(world, Legacy::ownerCall {}.abi_encode()) == guard {
        assert_eq!(pending, account(OWNER));
        let accept = LegacyTwoStepToken::acceptOwnershipCall {}.abi_encode();
        assert!(act(&world.chain, OWNER, world.legacy, accept));
    }
    world.assert_rolled_back(&world.list);
}

/// Aborts with an empty journal, with an orphan in the pool that is mined first, or not.
#[track_caller]
fn brings_an_orphan_back(token: Token, orphan_first: bool) {
    let (mut back, mut mined, mut replaced) = (0, 0, 0);
    for append in 0..60 {
        let Some((mut world, orphan)) = orphaned(token, append) else {
            continue;
        };
        // Either a block comes with every idle second, or only after the fee was raised above the orphan's.
        world.policy.bump_after_secs = if orphan_first { 1_000 } else { 3 };
        let idles_a_block = if orphan_first { 1 } else { 40 };
        let memory = Memory::default();
        let exit = world.run_at(
            &world.chain,
            memory.clone(),
            true,
            &mut |_| (),
            idles_a_block,
        );
        let exit = exit.unwrap_or_else(|failure| panic!("append {append}: {failure:?}"));
        assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
        assert_one_intent(&records(&memory));
        for _ in 0..3 {
            world.chain.mine();
        }
        let is_mined = world.chain.node().included(orphan).is_some();
        mined += usize::from(is_mined);
        replaced += usize::from(!is_mined);
        world.chain.node_mut().set_mining(Mining::Auto);
        assert_control_is_back(&world);
        back += 1;
    }
    assert!(back > 0, "no handover was ever in the pool");
    let expected = if orphan_first { (back, 0) } else { (0, back) };
    assert_eq!((mined, replaced), expected, "of {back}");
}

#[test]
fn a_handover_that_no_journal_knows_of_and_that_is_mined_is_taken_back() {
    brings_an_orphan_back(by_owner, true);
    brings_an_orphan_back(role_token, true);
    brings_an_orphan_back(two_step_token, true);
}

#[test]
fn a_handover_that_no_journal_knows_of_can_never_be_mined_after_the_way_back() {
    brings_an_orphan_back(by_owner, false);
    brings_an_orphan_back(role_token, false);
    brings_an_orphan_back(two_step_token, false);
}

#[test]
fn an_end_that_was_written_down_is_not_believed() {
    let world = World::died_where(
        || small(by_owner),
        |world| world.sight().view.lanes[0].exclusive && world.phase() == Phase::None,
    );
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    let frames = world.memory.frames().len();
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    assert_eq!(world.memory.frames().len(), frames, "nothing is left to do");
    let handover = Legacy::transferOwnershipCall {
        to: world.plan.lanes[0].guard,
    };
    let handover = handover.abi_encode();
    assert!(act(&world.chain, OWNER, world.legacy, handover));
    assert!(!world.sight().view.lanes[0].settled);
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    assert_control_is_back(&world);
    assert_one_intent(&records(&world.memory));
}

/// Two lanes whose control comes from different accounts, both handed over, and nothing opened.
fn handed_over() -> World {
    World::died_where(
        || {
            let chain = chain(0);
            let (first, second) = (generated(7), generated(5));
            let lanes = vec![
                (owned_token(&chain, OWNER, &first), first),
                (owned_token(&chain, SECOND, &second), second),
            ];
            let setup = Setup {
                batch_size: 3,
                ..Setup::default()
            };
            let mut world = World::over(chain, lanes, &setup);
            world.keys = Keys(vec![OWNER, OPERATOR, GUARDIAN, SECOND]);
            world
        },
        |world| {
            let view = world.sight().view;
            view.phase == Phase::None && view.lanes.iter().all(|lane| lane.exclusive)
        },
    )
}

/// Aborts without the key of one lane's owner: the other lane comes back in the same run, and the run
/// names who must send what. With the key, the rest follows.
#[track_caller]
fn brings_back_what_it_can(missing: u32, journal_is_lost: bool) {
    let owners = [OWNER, SECOND];
    let mut world = handed_over();
    let here = owners[1 - missing as usize];
    world.keys = Keys(vec![OPERATOR, GUARDIAN, here]);
    if journal_is_lost {
        world.memory = Memory::default();
    }
    match world.abort() {
        Exit::External { sender, intent, .. } => {
            assert_eq!(sender, account(owners[missing as usize]));
            assert_eq!(intent, Intent::Reclaim { lane: missing });
        }
        other => panic!("{other:?}"),
    }
    world.chain.mine();
    let settled: Vec<bool> = world.sight().view.lanes.iter().map(|l| l.settled).collect();
    assert_eq!(settled, [missing != 0, missing != 1]);
    world.keys = Keys(vec![OPERATOR, OWNER, SECOND]);
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    for (lane, owner) in world.plan.lanes.iter().zip(owners) {
        let pause = LegacyToken::pauseCall {}.abi_encode();
        assert!(act(&world.chain, owner, lane.legacy, pause));
    }
    assert_one_intent(&records(&world.memory));
}

#[test]
fn what_can_be_brought_back_is_before_the_owner_of_the_last_lane_is_asked() {
    brings_back_what_it_can(1, false);
    brings_back_what_it_can(1, true);
}

#[test]
fn what_can_be_brought_back_is_before_the_owner_of_the_first_lane_is_asked() {
    brings_back_what_it_can(0, false);
    brings_back_what_it_can(0, true);
}

/// Somebody else deployed a guard before anything of ours: nothing was handed over.
#[test]
fn a_guard_that_a_stranger_deployed_does_not_keep_an_abort_from_its_end() {
    let world = small(by_owner);
    let init = &sealift_engine::contracts::init_codes(&world.plan).lanes[0].0;
    let call = sealift_engine::contracts::deploy(world.plan.nonce, init);
    assert!(act(&world.chain, SECOND, call.to, call.data.to_vec()));
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    assert_control_is_back(&world);
}

/// Dies in OPEN or FROZEN with transactions under way, then aborts with these keys on a chain that is
/// slow: what is under way comes to the second at which its fee is raised.
#[track_caller]
fn aborts_over_what_is_stuck(keys: &[usize]) {
    let mut half_way = 0;
    for append in 10..45 {
        let mut world = World::new(Setup {
            batch_size: 3,
            ..Setup::default()
        });
        world.chain.node_mut().set_mining(Mining::Manual);
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        let _ = world.run_on(faulty, false);
        if !matches!(world.phase(), Phase::Open | Phase::Frozen) {
            continue;
        }
        half_way += 1;
        world.keys = Keys(keys.to_vec());
        world.policy.bump_after_secs = 3;
        let storage = world.memory.clone();
        let exit = world.run_at(&world.chain, storage, true, &mut |_| (), 30);
        let exit = exit.unwrap_or_else(|failure| panic!("append {append}: {failure:?}"));
        assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
        assert_one_intent(&records(&world.memory));
        world.chain.node_mut().set_mining(Mining::Auto);
        world.assert_rolled_back(&world.list);
    }
    assert!(half_way > 5, "only {half_way} aborts");
}

#[test]
fn an_abort_does_not_need_the_lists_of_what_is_stuck() {
    aborts_over_what_is_stuck(&[OWNER, OPERATOR, GUARDIAN]);
}

#[test]
fn an_abort_does_not_need_the_keys_of_what_is_stuck() {
    aborts_over_what_is_stuck(&[GUARDIAN]);
}

/// Dies in FROZEN with signed batches; a second program with the operator's key takes their nonces; then
/// aborts with these keys.
#[track_caller]
fn aborts_over_what_can_never_be_mined(keys: &[usize]) {
    let mut half_way = 0;
    for append in 20..30 {
        let mut world = small(by_owner);
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        let _ = world.run_on(faulty, false);
        if world.phase() != Phase::Frozen {
            continue;
        }
        half_way += 1;
        for _ in 0..4 {
            assert!(act(&world.chain, OPERATOR, account(SECOND), Vec::new()));
        }
        world.keys = Keys(keys.to_vec());
        world.policy.bump_after_secs = 1_000_000;
        let exit = world.run_on(world.memory.clone(), true);
        let exit = exit.unwrap_or_else(|failure| panic!("append {append}: {failure:?}"));
        assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "append {append}");
        world.assert_rolled_back(&world.list);
    }
    assert!(half_way > 3, "only {half_way} aborts");
}

#[test]
fn an_abort_does_not_wait_for_what_can_never_be_mined() {
    aborts_over_what_can_never_be_mined(&[OWNER, OPERATOR, GUARDIAN]);
}

#[test]
fn an_abort_without_a_key_does_not_wait_for_what_it_can_never_send() {
    aborts_over_what_can_never_be_mined(&[GUARDIAN]);
}
