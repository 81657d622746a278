//! Rules 14 and 16, and what else decides which intent comes next: failures, aborts, a stop, a key
//! that is not here.

use alloy_primitives::Address;
use sealift_protocol::event::{Gate, Observation, Phase, SendAnswer};
use sealift_protocol::plan::Source;
use sealift_protocol::{Effect, Event, Halt, Intent, Outcome, Policy, State};

use super::{Core, id, is_halt, stage, variant};
use crate::world::{self, Chain, DEADLINE_SECS, KEY};

#[test]
fn rule_14_a_batch_behind_a_failed_one_has_not_failed_itself() {
    let mut core = Core::frozen(world::policy());
    let sent = core.turn(SendAnswer::Accepted);
    core.mined(sent[0].1, 2, false);
    core.mined(sent[1].1, 2, false);
    core.finalize(2, 2);
    core.observe();
    let failures: Vec<_> = core.state.memory.failures.iter().collect();
    assert_eq!(failures, [(&stage(0), &1)]);
    assert_eq!(core.bound()[2..], [(2, stage(0)), (3, stage(1))]);
}

#[test]
fn rule_14_nothing_is_bound_behind_a_batch_that_was_mined_and_failed() {
    let mut core = Core::frozen(Policy {
        window: 1,
        ..world::policy()
    });
    let sent = core.turn(SendAnswer::Accepted);
    core.mined(sent[0].1, 2, false);
    core.observe();
    assert_eq!(core.bound(), [(0, stage(0))]);
}

#[test]
fn rule_16_what_was_simulated_before_an_abort_is_not_sent_after_it() {
    let mut core = Core::new();
    let effects = core.observe();
    let intent = Intent::Handover { lane: 0, step: 0 };
    assert_eq!(
        effects,
        [Effect::Prepare {
            sender: KEY,
            intent
        }]
    );
    core.feed(Event::AbortRequested);
    assert_eq!(core.feed(Event::Prepared(intent, Ok(1))), []);
    assert_eq!(core.bound(), []);
    let mut core = Core::frozen(world::policy());
    core.look.latest.lanes[0].cursor = 2;
    core.feed(Event::AbortRequested);
    core.observe();
    core.feed(Event::Prepared(Intent::Seal, Ok(1)));
    assert_eq!(core.bound(), []);
}

#[test]
fn rule_16_an_abort_that_lost_the_race_leaves_the_way_forward_open() {
    let mut core = Core::frozen(world::policy());
    core.feed(Event::AbortRequested);
    core.look.latest.phase = Phase::Committed;
    core.look.finalized.phase = Phase::Committed;
    let look = core.look.clone();
    let look = Observation {
        walked_to: core.state.finality,
        ..look
    };
    let halt = core
        .try_feed(Event::Observed(Box::new(look.clone())))
        .unwrap_err();
    assert_eq!(halt, Halt::AlreadyCommitted);
    let (plan, policy) = (core.state.plan.clone(), core.state.policy.clone());
    core.state = State::replay(plan, policy, &core.records).unwrap();
    let effects = core.feed(Event::Observed(Box::new(look)));
    assert!(effects.contains(&Effect::Prepare {
        sender: KEY,
        intent: Intent::Retire { lane: 0 }
    }));
    assert_eq!(
        core.try_feed(Event::AbortRequested),
        Err(Halt::AlreadyCommitted)
    );
}

#[test]
fn the_deadline_finds_room_in_a_full_window() {
    let mut core = Core::frozen(Policy {
        window: 2,
        ..world::policy()
    });
    core.turn(SendAnswer::Accepted);
    core.look.latest.timestamp = DEADLINE_SECS;
    let effects = core.observe();
    assert!(
        effects.contains(&Effect::Prepare {
            sender: KEY,
            intent: Intent::Abort
        }),
        "{effects:?}"
    );
}

#[test]
fn an_unsigned_batch_is_not_signed_on_the_way_back() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    core.feed(Event::AbortRequested);
    let effects = core.observe();
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Sign { .. })),
        "{effects:?}"
    );
}

#[test]
fn rule_16_an_abort_takes_over_a_nonce_whose_bytes_never_existed() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    core.feed(Event::AbortRequested);
    core.observe();
    core.feed(Event::Prepared(Intent::Abort, Ok(1)));
    assert_eq!(core.bound(), [(0, Intent::Abort), (1, stage(1))]);
    // A nonce that somebody else has used is not taken over.
    let mut core = Core::frozen(world::policy());
    core.observe();
    core.look.nonces.insert(KEY, 1);
    core.feed(Event::AbortRequested);
    core.observe();
    core.feed(Event::Prepared(Intent::Abort, Ok(1)));
    assert_eq!(core.bound(), [(0, stage(0)), (1, Intent::Abort)]);
    let mut core = Core::frozen(world::policy());
    core.turn(SendAnswer::Accepted);
    core.feed(Event::AbortRequested);
    core.observe();
    core.feed(Event::Prepared(Intent::Abort, Ok(1)));
    assert_eq!(
        core.bound()[2],
        (2, Intent::Abort),
        "signed bytes keep their nonce"
    );
}

#[test]
fn stopping_neither_signs_nor_sends_and_leaves() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    core.feed(Event::Interrupted);
    assert_eq!(
        core.feed(Event::Signed(vec![(id(0), variant(id(0), 3, 1))])),
        []
    );
    assert_eq!(core.observe(), [Effect::Leave]);
}

#[test]
fn stopping_signs_what_an_offered_nonce_waits_for() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    let high = variant(id(1), 3, 1);
    core.feed(Event::Signed(vec![(id(1), high.clone())]));
    core.feed(Event::Answered(vec![(
        id(1),
        high.hash,
        SendAnswer::Accepted,
    )]));
    core.feed(Event::Interrupted);
    let effects = core.observe();
    assert!(
        matches!(effects[0], Effect::Sign { tx, .. } if tx == id(0)),
        "{effects:?}"
    );
    assert!(!effects.contains(&Effect::Leave));
}

#[test]
fn a_tail_that_reverts_halts_only_when_nothing_else_is_left() {
    let mut core = Core::frozen(world::policy());
    core.look.latest.phase = Phase::Committed;
    core.look.latest.lanes[0].materialized = vec![false];
    core.look.finalized.phase = Phase::Committed;
    let retire = Intent::Retire { lane: 0 };
    for _ in 0..5 {
        core.observe();
        core.feed(Event::Prepared(retire, Err(vec![1].into())));
    }
    assert_eq!(
        core.bound(),
        [(0, Intent::Materialize { lane: 0, index: 0 })]
    );
    let mut alone = Core::frozen(world::policy());
    alone.look.latest.phase = Phase::Committed;
    alone.look.finalized.phase = Phase::Committed;
    let halted = (0..5).any(|_| {
        alone.observe();
        is_halt(alone.try_feed(Event::Prepared(retire, Err(vec![1].into()))))
    });
    assert!(halted);
}

#[test]
fn nothing_is_signed_at_the_end() {
    let mut core = Core::frozen(world::policy());
    core.observe();
    assert_eq!(core.bound().len(), 2, "bound, and never signed");
    core.look.latest.phase = Phase::Committed;
    core.look.latest.lanes[0].settled = true;
    core.look.finalized = core.look.latest.clone();
    assert_eq!(core.observe(), [Effect::Finish(Outcome::Done)]);
}

#[test]
fn an_abort_before_open_waits_for_what_may_still_hand_control_over() {
    let mut core = Core::new();
    let sent = core.turn(SendAnswer::Accepted);
    assert_eq!(sent.len(), 1);
    core.feed(Event::AbortRequested);
    let effects = core.observe();
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Finish(_))),
        "{effects:?}"
    );
    core.mined(sent[0].1, 2, true);
    core.look.latest.lanes[0].settled = false;
    core.look.latest.lanes[0].exclusive = false; // only a part was handed over
    let effects = core.observe();
    let wanted = Effect::Prepare {
        sender: KEY,
        intent: Intent::Reclaim { lane: 0 },
    };
    assert!(effects.contains(&wanted), "{effects:?}");
}

#[test]
fn an_answer_to_what_is_not_asked_is_not_a_verification() {
    let mut core = Core::frozen(world::policy());
    let at = core.look.finalized.at;
    core.feed(Event::Verified(Gate::Seal, at));
    core.feed(Event::Verified(Gate::Commit, at));
    assert!(core.state.verified.is_empty(), "nothing is staged yet");
    let mut wrong = Chain::new(Source::ChainRead, 2).list();
    wrong.count += 1;
    assert!(is_halt(core.try_feed(Event::ListFixed(0, wrong))));
}

#[test]
fn a_stranger_is_asked_for_where_the_key_is_not_here() {
    let mut policy = world::policy();
    policy.signers = [Address::repeat_byte(7)].into();
    let effects = Core::with(policy).observe();
    let intent = Intent::Handover { lane: 0, step: 0 };
    assert_eq!(
        effects,
        [Effect::AwaitExternal {
            sender: KEY,
            intent
        }]
    );
}
