//! Rules 3 to 9: what became of a transaction, and what is done while that is not known.

use alloy_primitives::B256;
use sealift_protocol::event::{BlockId, Rejection, SendAnswer};
use sealift_protocol::{Event, Policy};

use super::{Core, ambiguous, id, is_halt, stage};
use crate::world::{self, KEY};

#[test]
fn rule_03_a_new_nonce_only_when_the_old_one_is_finally_taken_without_effect() {
    let mut core = Core::frozen(world::policy());
    core.turn(SendAnswer::Accepted);
    core.look.nonces.insert(KEY, 1);
    core.look.latest.at.number = 2;
    for _ in 0..9 {
        core.observe();
    }
    assert_eq!(core.bound().len(), 2, "taken, but not finally");
    core.finalize(2, 1);
    for look in 0..3 {
        assert_eq!(core.status(0), "Pending", "look {look}");
        core.observe();
    }
    assert_eq!(core.status(0), "Superseded");
    assert_eq!(core.bound().last(), Some(&(2, stage(0))));
    assert_eq!(core.state.memory.failures[&stage(0)], 1);
}

#[test]
fn rule_03_no_new_nonce_where_the_cursor_shows_the_effect() {
    let mut core = Core::frozen(world::policy());
    core.turn(SendAnswer::Accepted);
    core.look.latest.at.number = 2;
    core.look.latest.lanes[0].cursor = 1;
    core.finalize(2, 1);
    for _ in 0..5 {
        core.observe();
    }
    assert_eq!(core.status(0), "Superseded");
    assert_eq!(core.bound().len(), 2);
    assert!(core.state.memory.failures.is_empty());
}

#[test]
fn rule_03_a_reorged_transaction_whose_nonce_is_taken_is_superseded() {
    let mut core = Core::frozen(world::policy());
    let sent = core.turn(SendAnswer::Accepted);
    core.mined(sent[0].1, 2, true);
    core.observe();
    assert_eq!(core.status(0), "Included");
    core.look.receipts.clear();
    core.finalize(2, 1);
    for _ in 0..4 {
        core.observe();
    }
    assert_eq!(core.status(0), "Superseded");
}

#[test]
fn rule_04_ambiguous_keeps_polling_and_nonce_too_low_proves_nothing() {
    for answer in [ambiguous(), SendAnswer::Rejected(Rejection::NonceTooLow)] {
        let mut core = Core::frozen(world::policy());
        let sent = core.turn(answer.clone());
        assert_eq!(core.status(0), "Pending", "{answer:?}");
        let again = core.turn(answer);
        assert_eq!(sent, again, "the same bytes, and no new ones");
    }
}

#[test]
fn rule_04_an_old_variant_settles_the_intent() {
    let mut core = Core::frozen(Policy {
        bump_after_secs: 10,
        ..world::policy()
    });
    let sent = core.turn(SendAnswer::Accepted);
    core.look.now_secs = 20;
    core.turn(SendAnswer::Accepted);
    assert_eq!(core.state.txs[&id(0)].variants.len(), 2);
    core.mined(sent[0].1, 2, true);
    core.look.latest.lanes[0].cursor = 1;
    core.finalize(2, 1);
    core.observe();
    assert_eq!(core.status(0), "Finalized");
}

#[test]
fn rule_05_already_known_is_not_inclusion() {
    let mut core = Core::frozen(world::policy());
    core.turn(ambiguous());
    let states: Vec<_> = (0..2).map(|nonce| core.status(nonce)).collect();
    assert_eq!(states, ["Pending", "Pending"]);
}

#[test]
fn rule_06_the_cursor_is_the_truth() {
    let mut core = Core::frozen(world::policy());
    core.look.latest.lanes[0].cursor = 1;
    core.observe();
    assert_eq!(core.bound(), [(0, stage(1))]);
}

#[test]
fn rule_07_inclusion_is_reversible_until_final() {
    let mut core = Core::frozen(world::policy());
    let sent = core.turn(SendAnswer::Accepted);
    core.mined(sent[0].1, 2, true);
    core.observe();
    assert_eq!(core.status(0), "Included");
    core.look.receipts.clear();
    let again = core.turn(SendAnswer::Accepted);
    assert_eq!(core.status(0), "Pending");
    assert!(
        again.contains(&sent[0]),
        "identical bytes are offered again"
    );
}

#[test]
fn rule_08_a_regression_of_finality_halts() {
    let mut core = Core::new();
    core.look.finalized.at.number = 5;
    core.look.latest.at.number = 6;
    core.observe();
    let mark = core.state.finality.unwrap();
    let mut check = |number: u64, hash: u8, walked_to| {
        let mut look = core.look.clone();
        look.finalized.at = BlockId {
            number,
            hash: B256::with_last_byte(hash),
        };
        look.latest.at.number = 20;
        look.walked_to = walked_to;
        core.try_feed(Event::Observed(Box::new(look)))
    };
    assert!(is_halt(check(4, 0, Some(mark))), "lower");
    assert!(
        is_halt(check(5, 1, Some(mark))),
        "another block at the same height"
    );
    assert!(is_halt(check(
        9,
        0,
        Some(BlockId {
            number: 5,
            hash: B256::with_last_byte(3)
        })
    )));
    assert!(is_halt(check(9, 0, None)), "without a walk");
    assert!(check(9, 0, Some(mark)).is_ok());
}

#[test]
fn rule_09_dropped_needs_a_grace_and_the_reaction_is_the_same_bytes() {
    let mut core = Core::frozen(Policy {
        resend_after_secs: 15,
        ..world::policy()
    });
    let sent = core.turn(SendAnswer::Accepted);
    core.look.now_secs = 14;
    assert_eq!(core.turn(SendAnswer::Accepted), []);
    core.look.now_secs = 15;
    assert_eq!(core.turn(SendAnswer::Accepted), sent);
}
