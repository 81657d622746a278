//! Durable before sent, and one nonce for one intent, whatever happens.

use std::cell::Cell;

use alloy_consensus::TxEnvelope;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use sealift_engine::driver::Exit;
use sealift_evm::Mining;
use sealift_journal::Faulty;
use sealift_journal::faulty::Fault;
use sealift_protocol::event::{Phase, TxId, Variant};
use sealift_protocol::plan::Source;
use sealift_protocol::{Intent, Outcome, Record};

use crate::ports::Watched;
use crate::records::{assert_one_intent, bound, records, signed};
use crate::tokens::{LegacyToken, generated, owned_token};
use crate::world::{OWNER, Setup, World, act, by_hand, chain};

/// Runs on a chain that makes a block only now and then, so that fees are raised; at every send the
/// journal holds the bytes already.
#[track_caller]
fn sends_only_what_is_durable(source: Source, abort_after: Option<u64>) {
    let mut world = World::new(Setup {
        source,
        holders: 9,
        batch_size: 3,
        ..Setup::default()
    });
    world.policy.bump_after_secs = 5;
    world.chain.node_mut().set_mining(Mining::Manual);
    let sends = Cell::new(0);
    let before_send = |tx: &TxEnvelope| {
        let durable = signed(&records(&world.memory));
        assert!(durable.contains(tx.tx_hash()), "sent before it is durable");
        sends.set(sends.get() + 1);
    };
    let chain = Watched::new(&world.chain, &before_send);
    let run = |fault, abort| {
        let storage = Faulty::new(world.memory.clone(), fault);
        world.run_at(&chain, storage, abort, &mut |_| (), 12)
    };
    let outcome = match abort_after {
        None => run(Fault::None, false),
        Some(append) => {
            let failure = run(Fault::CrashAfter(append), false).expect_err("a crash");
            assert!(failure.is_crash(), "{failure:?}");
            run(Fault::None, true)
        }
    };
    let expected = match abort_after {
        None => Outcome::Done,
        Some(_) => Outcome::RolledBack,
    };
    assert_eq!(outcome.expect("an end"), Exit::Ended(expected));
    let records = records(&world.memory);
    assert_one_intent(&records);
    let nonces = records
        .iter()
        .filter(|record| matches!(record, Record::Bound { .. }))
        .count();
    assert!(signed(&records).len() > nonces, "no fee was raised");
    assert!(sends.get() > nonces, "only {} sends", sends.get());
}

#[test]
fn bytes_and_their_replacements_are_durable_before_they_are_sent() {
    sends_only_what_is_durable(Source::ChainRead, None);
    sends_only_what_is_durable(Source::Declared, None);
    sends_only_what_is_durable(Source::ReadThrough, None);
}

#[test]
fn bytes_of_the_way_back_are_durable_before_they_are_sent() {
    for append in [6, 14, 22, 30] {
        sends_only_what_is_durable(Source::ChainRead, Some(append));
    }
}

/// Two lanes whose control comes from the same account.
fn twins() -> World {
    let chain = chain(0);
    let (first, second) = (generated(7), generated(5));
    let lanes = vec![
        (owned_token(&chain, OWNER, &first), first),
        (owned_token(&chain, OWNER, &second), second),
    ];
    let setup = Setup {
        batch_size: 3,
        ..Setup::default()
    };
    World::over(chain, lanes, &setup)
}

/// The recorded owner can pause each token, and nobody else has a part in it.
#[track_caller]
fn assert_twins_are_back(world: &World) {
    for (lane, view) in world.plan.lanes.iter().zip(world.sight().view.lanes) {
        assert!(view.settled, "a guard holds {}", lane.legacy);
        let pause = LegacyToken::pauseCall {}.abi_encode();
        assert!(act(&world.chain, OWNER, lane.legacy, pause));
    }
}

#[test]
fn two_lanes_of_one_owner_are_taken_back_with_two_nonces() {
    let world = World::died_where(twins, |world| {
        let view = world.sight().view;
        view.phase == Phase::None && view.lanes.iter().all(|lane| lane.exclusive)
    });
    assert_eq!(world.abort(), Exit::Ended(Outcome::RolledBack));
    let records = records(&world.memory);
    assert_one_intent(&records);
    let nonces: Vec<Vec<TxId>> = (0..2)
        .map(|lane| bound(&records, Intent::Reclaim { lane }))
        .collect();
    assert_eq!([nonces[0].len(), nonces[1].len()], [1, 1], "{nonces:?}");
    assert_ne!(nonces[0], nonces[1]);
    let succeeded = |record: &Record| match record {
        Record::Finalized {
            tx,
            succeeded: true,
            ..
        } => Some(*tx),
        _ => None,
    };
    let mined: Vec<TxId> = records.iter().filter_map(succeeded).collect();
    for tx in nonces.concat() {
        assert!(mined.contains(&tx), "{tx:?}");
    }
    assert_twins_are_back(&world);
}

#[test]
fn two_lanes_of_one_owner_come_back_from_every_append() {
    let (mut back, mut before_open) = (0, 0);
    for append in 0..200 {
        let world = twins();
        let faulty = Faulty::new(world.memory.clone(), Fault::CrashAfter(append));
        if world.run_on(faulty, false).is_ok() || world.phase() == Phase::Committed {
            break;
        }
        before_open += usize::from(world.phase() == Phase::None);
        let outcome = world.run_on(world.memory.clone(), true);
        assert_one_intent(&records(&world.memory));
        if world.phase() == Phase::Committed {
            continue; // the decision was signed already
        }
        let exit = outcome.expect("an abort to its end");
        assert_eq!(exit, Exit::Ended(Outcome::RolledBack), "{append}");
        assert_twins_are_back(&world);
        back += 1;
    }
    assert!(back > 25 && before_open > 10, "{back}, {before_open}");
}

/// A journal that binds a nonce, signs, and then writes this.
#[track_caller]
fn forged(and_then: impl FnOnce(TxId, Variant) -> Record) -> Vec<Record> {
    let tx = TxId {
        sender: crate::world::account(OWNER),
        nonce: 4,
    };
    let variant = |(raw, hash): (Bytes, B256)| Variant {
        hash,
        max_fee: 1,
        tip: 1,
        raw,
    };
    let first = variant(by_hand(OWNER, 4, Address::ZERO, vec![1], 50_000));
    let other = variant(by_hand(OWNER, 4, Address::ZERO, vec![2], 50_000));
    let bound = Record::Bound {
        tx,
        intent: Intent::Open,
        gas_limit: 50_000,
    };
    let signed = Record::Signed { tx, variant: first };
    vec![bound, signed, and_then(tx, other)]
}

#[test]
#[should_panic(expected = "two variants")]
fn a_variant_with_another_input_is_seen() {
    let records = forged(|tx, variant| Record::Signed { tx, variant });
    assert_one_intent(&records);
}

#[test]
#[should_panic(expected = "is bound to 'abort'")]
fn a_nonce_that_gets_another_intent_is_seen() {
    let records = forged(|tx, _| Record::Bound {
        tx,
        intent: Intent::Abort,
        gas_limit: 50_000,
    });
    assert_one_intent(&records);
}
