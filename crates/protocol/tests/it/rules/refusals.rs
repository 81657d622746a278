//! What a node refuses for good: it halts what goes forward, and stands in the way of nothing else.

use sealift_protocol::event::{Phase, Rejection, SendAnswer};
use sealift_protocol::{Effect, Event, Halt, Intent, Outcome, Record};

use super::{Core, id, stage};
use crate::world::{self, KEY};

const POOR: SendAnswer = SendAnswer::Rejected(Rejection::InsufficientFunds);

/// Nobody can pay for a batch, and everybody for an abort.
fn poor_forward(intent: Intent) -> SendAnswer {
    match intent {
        Intent::Stage { .. } => POOR,
        _ => SendAnswer::Accepted,
    }
}

#[test]
fn rule_16_a_batch_that_nobody_can_pay_for_does_not_stand_in_the_way_of_an_abort() {
    let invalid = |intent: Intent| match poor_forward(intent) {
        SendAnswer::Rejected(_) => SendAnswer::Rejected(Rejection::Invalid("cap".into())),
        other => other,
    };
    for answer in [poor_forward as fn(Intent) -> SendAnswer, invalid] {
        let mut core = Core::frozen(world::policy());
        core.turn_with(answer)
            .expect_err("a batch halts the way forward");
        core.restart();
        core.feed(Event::AbortRequested);
        core.turn_with(answer).expect("an abort");
        let aborts = core
            .bound()
            .into_iter()
            .filter(|(_, intent)| *intent == Intent::Abort);
        let [(nonce, _)] = aborts.collect::<Vec<_>>()[..] else {
            panic!("{:?}", core.bound());
        };
        let hash = core.state.txs[&id(nonce)].variants[0].hash;
        // The guardian's wallet would do as well; here somebody filled the gap below.
        core.look.latest.phase = Phase::Aborted;
        core.look.latest.lanes[0].settled = true;
        core.mined(hash, 2, true);
        core.finalize(2, nonce + 1);
        for _ in 0..4 {
            core.turn_with(answer).expect("the end");
        }
        assert_eq!(core.state.outcome, Some(Outcome::RolledBack));
    }
}

#[test]
fn a_refused_batch_is_not_waited_for_after_the_end() {
    let mut core = Core::frozen(world::policy());
    core.turn_with(poor_forward).expect_err("a halt");
    core.restart();
    core.look.latest.phase = Phase::Aborted;
    core.look.latest.lanes[0].settled = true;
    core.look.finalized = core.look.latest.clone();
    for _ in 0..3 {
        core.turn_with(poor_forward).expect("the end");
    }
    assert_eq!(core.state.outcome, Some(Outcome::RolledBack));
}

/// A core that is rolled back on finalized ground, with one transaction of this intent signed.
fn rolled_back_with(intent: Intent) -> Core {
    let mut core = Core::frozen(world::policy());
    for nonce in 0..2 {
        core.state.txs.remove(&id(nonce));
    }
    let gas_limit = 1;
    let tx = id(0);
    let bound = Record::Bound {
        tx,
        intent,
        gas_limit,
    };
    core.state.apply(&bound).unwrap();
    core.feed(Event::Signed(vec![(tx, super::variant(tx, 3, 1))]));
    core.feed(Event::AbortRequested);
    core.look.latest.phase = Phase::Aborted;
    core.look.latest.lanes[0].settled = true;
    core.look.finalized = core.look.latest.clone();
    core
}

#[test]
fn rule_16_a_commit_is_not_offered_on_the_way_back_and_not_waited_for() {
    let effects = rolled_back_with(Intent::Commit).observe();
    assert_eq!(effects, [Effect::Finish(Outcome::RolledBack)]);
    let effects = rolled_back_with(stage(0)).observe();
    assert!(matches!(effects[..], [Effect::Send { .. }]), "{effects:?}");
}

#[test]
fn pools_that_add_up_costs_halt_only_at_the_lowest() {
    let above = |intent: Intent| match intent {
        Intent::Stage { index: 1, .. } => POOR,
        _ => SendAnswer::Accepted,
    };
    let mut core = Core::frozen(world::policy());
    core.turn_with(above).expect("the one below frees money");
    core.mined(core.state.txs[&id(0)].variants[0].hash, 2, true);
    core.look.nonces.insert(KEY, 1);
    core.look.latest.lanes[0].cursor = 1;
    let halt = core.turn_with(above).expect_err("nothing below");
    let intent = stage(1);
    assert_eq!(
        halt,
        Halt::InsufficientFunds {
            sender: KEY,
            intent
        }
    );
}

#[test]
fn a_full_pool_keeps_the_bytes_and_asks_again() {
    let mut core = Core::frozen(world::policy());
    let full = SendAnswer::Rejected(Rejection::PoolFull);
    let sent = core.turn(full);
    core.look.now_secs = 20;
    assert_eq!(core.turn(SendAnswer::Accepted), sent, "the same bytes");
}

#[test]
fn an_end_that_the_chain_contradicts_is_not_believed() {
    let mut core = Core::new();
    core.look.latest.deployed = false;
    core.look.latest.lanes[0].guard_deployed = false;
    core.feed(Event::AbortRequested);
    let effects = core.observe();
    assert!(
        effects.contains(&Effect::Finish(Outcome::RolledBack)),
        "{effects:?}"
    );
    assert_eq!(core.observe(), [Effect::Finish(Outcome::RolledBack)]);
    // A handover that a multisig had queued is executed after all.
    core.look.latest.deployed = true;
    let lane = &mut core.look.latest.lanes[0];
    (lane.guard_deployed, lane.settled, lane.exclusive) = (true, false, true);
    core.restart();
    let intent = Intent::Reclaim { lane: 0 };
    assert_eq!(
        core.observe(),
        [Effect::Prepare {
            sender: KEY,
            intent
        }]
    );
    core.look.latest.lanes[0].settled = true;
    core.restart();
    core.observe();
    let ends = core
        .records
        .iter()
        .filter(|record| matches!(record, Record::Ended(_)));
    assert_eq!(ends.count(), 1, "an end is written down once");
}

#[test]
fn rule_08_what_rests_on_finality_takes_its_mark_along() {
    let mut core = Core::frozen(world::policy());
    core.look.latest.lanes[0].cursor = 2;
    core.mined(Default::default(), 9, true);
    core.look.receipts.clear();
    core.finalize(9, 0);
    core.observe();
    let at = core.look.finalized.at;
    assert_ne!(core.state.finality, Some(at), "not for every block");
    core.feed(Event::Verified(sealift_protocol::event::Gate::Seal, at));
    assert_eq!(core.state.finality, Some(at));
}
