//! The mempool: order, gaps, replacement, limits.

use crate::code::{FILL, created, deploys, words};
use crate::wallet::{Draft, GWEI, draft};
use alloy_consensus::Transaction;
use alloy_primitives::B256;
use proptest::prelude::*;
use sealift_evm::{Config, DEV_ACCOUNTS, Mining, Node, PoolError, PoolLimits};

fn node() -> Node {
    Node::new(Config {
        mining: Mining::Manual,
        ..Config::default()
    })
}

#[track_caller]
fn send(node: &mut Node, draft: Draft) -> B256 {
    let (raw, hash) = draft.sign();
    assert_eq!(node.send(&raw), Ok(hash));
    hash
}

/// Mines one block; the (account, nonce) of its transactions in order.
fn mined(node: &mut Node) -> Vec<(usize, u64)> {
    let account = |sender| {
        DEV_ACCOUNTS
            .iter()
            .position(|dev| dev.address == sender)
            .unwrap()
    };
    let block = node.mine();
    block
        .transactions
        .iter()
        .map(|tx| (account(tx.sender), tx.envelope.nonce()))
        .collect()
}

#[test]
fn a_gap_holds_back_what_follows() {
    let mut node = node();
    send(&mut node, draft(0, 2));
    send(&mut node, draft(0, 1));
    assert_eq!(mined(&mut node), []);
    assert_eq!(node.pending_nonce(DEV_ACCOUNTS[0].address), 0);
    send(&mut node, draft(0, 0));
    assert_eq!(node.pending_nonce(DEV_ACCOUNTS[0].address), 3);
    assert_eq!(mined(&mut node), [(0, 0), (0, 1), (0, 2)]);
    assert!(node.pool().is_empty());
}

#[test]
fn automine_takes_all_that_a_filled_gap_releases() {
    let mut node = Node::new(Config::default());
    for nonce in (1..4).rev() {
        send(&mut node, draft(0, nonce));
        assert_eq!(node.head().header.number, 0);
    }
    send(&mut node, draft(0, 0));
    assert_eq!(node.head().transactions.len(), 4);
    assert_eq!(node.nonce(DEV_ACCOUNTS[0].address), 4);
}

#[test]
fn the_best_tip_comes_first_and_ties_by_arrival() {
    let mut node = node();
    for (account, nonce, tip) in [
        (0, 0, 1),
        (1, 0, 5),
        (2, 0, 3),
        (3, 0, 5),
        (1, 1, 9),
        (2, 1, 1),
    ] {
        send(
            &mut node,
            draft(account, nonce).fees(100 * GWEI, tip * GWEI),
        );
    }
    // A legacy transaction pays what is above the base fee.
    send(&mut node, draft(4, 0).ty(0).fees(200 * GWEI, 0));
    assert_eq!(
        mined(&mut node),
        [(4, 0), (1, 0), (1, 1), (3, 0), (2, 0), (0, 0), (2, 1)]
    );
}

#[test]
fn a_replacement_takes_the_place_and_pays_more() {
    let mut node = node();
    let old = send(&mut node, draft(0, 0).value(1).fees(20 * GWEI, 2 * GWEI));
    send(&mut node, draft(0, 1));
    let same_tip = draft(0, 0).value(2).fees(22 * GWEI, 2 * GWEI);
    assert_eq!(
        node.send(&same_tip.sign().0),
        Err(PoolError::ReplacementUnderpriced)
    );
    let new = send(
        &mut node,
        draft(0, 0).value(3).fees(22 * GWEI, 22 * GWEI / 10),
    );
    assert!(node.pool().get(old).is_none());
    assert_eq!(mined(&mut node), [(0, 0), (0, 1)]);
    assert!(node.included(old).is_none());
    let price = node.included(new).unwrap().outcome.effective_gas_price;
    let base_fee = u128::from(node.head().header.base_fee_per_gas.unwrap());
    assert_eq!(price, base_fee + 22 * GWEI / 10);
}

#[test]
fn a_fee_below_the_base_fee_waits() {
    let mut node = node();
    let base_fee = u128::from(node.next_base_fee());
    send(&mut node, draft(0, 0).fees(base_fee - 1, 0));
    send(&mut node, draft(0, 1));
    assert_eq!(mined(&mut node), []);
    // The empty block lowered the base fee.
    assert_eq!(mined(&mut node), [(0, 0), (0, 1)]);
}

#[test]
fn a_block_is_not_overfilled() {
    let mut node = node();
    send(&mut node, draft(0, 0).creates(deploys(FILL)));
    assert_eq!(mined(&mut node).len(), 1);
    for account in 1..6 {
        let fill = words(&[1 + 1_000 * account as u64, 700]);
        send(
            &mut node,
            draft(account, 0)
                .to(created(0, 0))
                .data(fill)
                .gas(16_777_216),
        );
    }
    assert_eq!(mined(&mut node).len(), 3);
    assert!(node.head().header.gas_used <= node.config().block_gas_limit);
    let base_fee = node.head().header.base_fee_per_gas.unwrap();
    assert!(
        node.next_base_fee() > base_fee,
        "a block above its target raises the base fee"
    );
    assert_eq!(mined(&mut node).len(), 2);
}

#[test]
fn a_sender_has_limited_room() {
    let limits = PoolLimits {
        per_sender: 3,
        total: 5,
        min_tip_wei: GWEI,
    };
    let mut node = Node::new(Config {
        mining: Mining::Manual,
        pool: limits,
        ..Config::default()
    });
    for nonce in 0..3 {
        send(&mut node, draft(0, nonce));
    }
    let sender = DEV_ACCOUNTS[0].address;
    let refused = |node: &mut Node, draft: Draft| node.send(&draft.sign().0).unwrap_err();
    let full = PoolError::AccountLimit { sender, pooled: 3 };
    assert_eq!(refused(&mut node, draft(0, 3)), full);
    send(&mut node, draft(0, 2).fees(200 * GWEI, 2 * GWEI));
    let cheap = PoolError::Underpriced {
        tip: GWEI - 1,
        minimum: GWEI,
    };
    assert_eq!(refused(&mut node, draft(1, 0).fees(GWEI, GWEI - 1)), cheap);
    send(&mut node, draft(1, 0));
    send(&mut node, draft(1, 1));
    assert_eq!(refused(&mut node, draft(2, 0)), PoolError::Full);
}

#[test]
fn pooled_costs_add_up() {
    let mut node = node();
    let ether = GWEI * GWEI;
    send(&mut node, draft(0, 0).value(6_000 * ether));
    let second = node.send(&draft(0, 1).value(4_000 * ether).sign().0);
    assert!(matches!(second, Err(PoolError::InsufficientFunds { .. })));
    send(&mut node, draft(0, 1).value(3_999 * ether));
}

#[test]
fn bytes_that_are_no_transaction_are_refused() {
    let refused = |ty: u8| node().send(&[ty, 0xc0]).unwrap_err().to_string();
    assert!(refused(3).starts_with("rlp: "), "{}", refused(3));
    assert!(refused(5).starts_with("rlp: "), "{}", refused(5));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever arrives in whatever order: blocks hold each sender's nonces from 0 without a gap,
    /// and what is left in the pool lies behind a gap.
    #[test]
    fn nonces_are_mined_in_order(
        sends in prop::collection::vec((0usize..3, 0u64..6, 1u128..8), 1..40),
        mine_every in 1usize..6,
    ) {
        let mut node = node();
        let mut order = Vec::new();
        for (index, (account, nonce, tip)) in sends.into_iter().enumerate() {
            let _ = node.send(&draft(account, nonce).fees(50 * GWEI * tip, tip * GWEI).sign().0);
            if index % mine_every == 0 {
                order.extend(mined(&mut node));
            }
        }
        order.extend(mined(&mut node));
        for account in 0..3 {
            let nonces: Vec<u64> =
                order.iter().filter(|(who, _)| *who == account).map(|(_, nonce)| *nonce).collect();
            let expected: Vec<u64> = (0..nonces.len() as u64).collect();
            prop_assert_eq!(nonces, expected);
        }
        prop_assert!(!node.has_executable());
    }
}
