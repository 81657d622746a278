//! Rule 11: what is paid, and when more is offered.

use std::sync::Arc;

use sealift_protocol::event::{Rejection, SendAnswer};
use sealift_protocol::{Effect, Event, Intent, Policy};

use super::{Core, id, variant};
use crate::world::{self, KEY};

#[test]
fn rule_11_only_the_lowest_is_bumped_by_ten_percent_within_the_cap() {
    let policy = Policy {
        bump_after_secs: 10,
        max_fee_cap: 4,
        resend_after_secs: 5,
        ..world::policy()
    };
    let mut core = Core::frozen(Policy {
        max_fee_cap: 1_000,
        ..policy.clone()
    });
    core.look.base_fee = 100;
    core.look.tip = 10;
    core.turn(SendAnswer::Accepted);
    core.look.now_secs = 10;
    core.turn(SendAnswer::Accepted);
    let fees = |nonce| {
        core.state.txs[&id(nonce)]
            .variants
            .iter()
            .map(|v| (v.max_fee, v.tip))
            .collect::<Vec<_>>()
    };
    let [old, new] = fees(0)[..] else {
        panic!("{:?}", fees(0))
    };
    assert!(
        new.0 * 10 >= old.0 * 11 && new.1 * 10 >= old.1 * 11,
        "{old:?} {new:?}"
    );
    assert_eq!(fees(1).len(), 1);
    // At the cap: the same bytes go on, and nothing new is sent.
    let mut core = Core::frozen(Policy {
        window: 1,
        ..policy
    });
    core.turn(SendAnswer::Accepted);
    core.look.now_secs = 10;
    let mut wide = (*core.state.policy).clone();
    wide.window = 16;
    core.state.policy = Arc::new(wide);
    let sent = core.turn(SendAnswer::Accepted);
    assert_eq!((sent.len(), core.bound().len()), (1, 1));
}

#[test]
fn rule_11_what_is_too_cheap_for_the_pool_is_raised_at_the_next_look() {
    let mut core = Core::frozen(world::policy());
    (core.look.base_fee, core.look.tip) = (100, 10);
    core.turn(SendAnswer::Rejected(Rejection::Underpriced));
    let variants = |core: &Core| core.state.txs[&id(0)].variants.len();
    core.turn(SendAnswer::Accepted);
    assert_eq!(variants(&core), 1, "not in the same second");
    core.look.now_secs = 1;
    core.turn(SendAnswer::Accepted);
    assert_eq!(variants(&core), 2, "in the first seconds of a run too");
    core.look.now_secs = 2;
    core.turn(SendAnswer::Accepted);
    assert_eq!(variants(&core), 2, "what was taken is given its time");
}

#[test]
fn rule_11_a_nonce_that_is_used_is_not_raised() {
    let mut core = Core::frozen(Policy {
        bump_after_secs: 10,
        ..world::policy()
    });
    (core.look.base_fee, core.look.tip) = (100, 10);
    core.turn(SendAnswer::Accepted);
    // Somebody else's transaction took nonce 0, and is not final yet.
    core.look.nonces.insert(KEY, 1);
    core.look.now_secs = 10;
    core.turn(SendAnswer::Accepted);
    let variants = |nonce| core.state.txs[&id(nonce)].variants.len();
    assert_eq!((variants(0), variants(1)), (1, 2));
}

/// The fees that the first transaction is to be signed with.
#[track_caller]
fn check_quote(policy: Policy, (base_fee, tip): (u128, u128), expected: (u128, u128)) {
    let mut core = Core::frozen(policy);
    (core.look.base_fee, core.look.tip) = (base_fee, tip);
    let effects = core.observe();
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Sign { max_fee, tip, .. } => Some((*max_fee, *tip)),
        _ => None,
    });
    assert_eq!(found, Some(expected));
}

#[test]
fn rule_11_fees_follow_the_chain_up_to_every_cap() {
    const GWEI: u128 = 1_000_000_000;
    let gas = u128::from(world::plan(sealift_protocol::plan::Source::ChainRead).lanes[0].stage_gas);
    let usual = world::policy();
    check_quote(usual.clone(), (10 * GWEI, 2 * GWEI), (22 * GWEI, 2 * GWEI));
    // An oracle that has gone mad (connext/monorepo#416).
    let mad = (10 * GWEI, 1_110_001 * GWEI);
    check_quote(usual.clone(), mad, (70 * GWEI, 50 * GWEI));
    let capped = Policy {
        max_fee_cap: 15 * GWEI,
        ..usual.clone()
    };
    check_quote(capped, (10 * GWEI, 2 * GWEI), (15 * GWEI, 2 * GWEI));
    // A node passes nothing on that costs more than its own limit.
    let dear = Policy {
        tx_cost_cap_wei: 3 * GWEI * gas,
        ..usual
    };
    check_quote(dear, (10 * GWEI, 2 * GWEI), (3 * GWEI, 2 * GWEI));
}

#[test]
fn rule_11_what_was_bound_and_never_signed_is_held_to_the_budget() {
    let mut core = Core::frozen(world::policy());
    (core.look.base_fee, core.look.tip) = (10, 1);
    core.observe();
    assert_eq!(core.bound().len(), 2);
    core.restart();
    let gas: u128 = core
        .state
        .txs
        .values()
        .map(|tx| u128::from(tx.gas_limit))
        .sum();
    let mut policy = (*core.state.policy).clone();
    policy.budget_wei = 21 * gas;
    core.state.policy = Arc::new(policy);
    let signs = |effects: &[Effect]| {
        let is_sign = |effect: &&Effect| matches!(effect, Effect::Sign { .. });
        effects.iter().filter(is_sign).count()
    };
    assert_eq!(signs(&core.observe()), 2);
    core.look.base_fee = 11;
    assert_eq!(
        signs(&core.observe()),
        0,
        "today's fees are above the budget"
    );
}

#[test]
fn rule_11_what_goes_forward_leaves_money_for_the_way_back() {
    let mut core = Core::frozen(world::policy());
    (core.look.base_fee, core.look.tip) = (10, 1);
    let gas = u128::from(core.state.plan.lanes[0].stage_gas);
    let mut policy = (*core.state.policy).clone();
    policy.budget_wei = 21 * (gas + 350_000);
    core.state.policy = Arc::new(policy);
    core.observe();
    assert_eq!(core.bound().len(), 1);
    core.feed(Event::Signed(vec![(id(0), variant(id(0), 21, 1))]));
    core.feed(Event::AbortRequested);
    core.observe();
    core.feed(Event::Prepared(Intent::Abort, Ok(200_000)));
    assert_eq!(core.bound()[1], (1, Intent::Abort));
}
