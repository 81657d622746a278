//! What goes wrong inside transactions as they are mined.

use crate::code::{REVERT, word};
use crate::wallet::draft;
use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_evm::{
    Config, Disturbance, Dropped, Interference, Meddle, Meddling, Mining, Node, Reentry, Snapshot,
    Turn,
};

const CALLER: Address = Address::repeat_byte(0xc1);
const CALLEE: Address = Address::repeat_byte(0xc2);
const OTHER: Address = Address::repeat_byte(0xc3);
const STRANGER: Address = Address::repeat_byte(0xa5);

/// Calls a contract, and writes down 1 more than whether that succeeded, and what it answered.
fn calls(callee: Address) -> Bytes {
    let mut code = vec![0x60, 0x20, 0x5f, 0x5f, 0x5f, 0x5f, 0x73];
    code.extend(callee);
    code.extend([0x5a, 0xf1, 0x60, 0x01, 0x01, 0x5f, 0x55, 0x5f, 0x51]);
    code.extend([0x60, 0x01, 0x55, 0x00]);
    code.into()
}

/// Writes down who called it last, and how often it was called; answers 7.
fn counts() -> Bytes {
    let mut code = vec![
        0x33, 0x5f, 0x55, 0x60, 0x01, 0x54, 0x60, 0x01, 0x01, 0x60, 0x01,
    ];
    code.extend([0x55, 0x60, 0x07, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    code.into()
}

/// A chain with the contracts, and a transaction that waits to call the first one.
fn node() -> Node {
    let mut node = Node::new(Config {
        mining: Mining::Manual,
        finality_depth: 32,
        ..Config::default()
    });
    node.set_code(CALLER, calls(CALLEE));
    node.set_code(CALLEE, counts());
    node.set_code(OTHER, counts());
    send(&mut node, 0);
    node
}

fn send(node: &mut Node, nonce: u64) -> B256 {
    let (raw, _) = draft(0, nonce).to(CALLER).gas(200_000).sign();
    node.send(&raw).unwrap()
}

/// Whether it succeeded, its gas, what the caller wrote down, who was told to have called the callee, and how often.
type Seen = (bool, u64, [u64; 2], Address, u64);

#[track_caller]
fn disturbed(node: &Node, meddle: Meddle) -> (Seen, B256) {
    let mut node = node.clone();
    let transaction = node.executed();
    node.disturb(vec![Disturbance {
        transaction,
        meddle,
    }]);
    node.mine();
    assert_eq!(node.disturbed().len(), 1, "it did not strike");
    (seen(&node), node.head().hash)
}

fn seen(node: &Node) -> Seen {
    let outcome = node.head().outcomes.last().unwrap();
    let state = node.state();
    let at = |contract, slot| state.word(contract, U256::from(slot));
    let wrote = [0, 1].map(|slot| at(CALLER, slot).to::<u64>());
    let caller = Address::from_word(B256::from(at(CALLEE, 0)));
    let count = at(CALLEE, 1).to();
    (outcome.succeeded, outcome.gas_used, wrote, caller, count)
}

fn inner(meddling: Meddling) -> Meddle {
    Meddle::Call(Interference { call: 0, meddling })
}

fn reenters(to: Address, turn: Turn) -> Meddle {
    let (call, from) = (0, STRANGER);
    let data = word(3).0.into();
    Meddle::Reenters(Reentry {
        call,
        turn,
        from,
        to,
        data,
    })
}

#[test]
fn an_inner_call_goes_wrong_in_one_transaction_and_never_again() {
    let mut plain = node();
    plain.mine();
    let (ok, gas, wrote, caller, count) = seen(&plain);
    assert_eq!((ok, wrote, caller, count), (true, [2, 7], CALLER, 1));
    assert!(gas < 200_000, "{gas}");

    let node = node();
    let all = 200_000;
    let nobody = Address::ZERO;
    let (reverts, block) = disturbed(&node, inner(Meddling::Reverts));
    assert_eq!(reverts, (true, all, [1, 0], nobody, 0));
    let (lies, _) = disturbed(&node, inner(Meddling::ReturnsFalse));
    assert_eq!(lies, (true, all, [2, 0], nobody, 0));
    // It differs from a revert in the gas that is left, and that is used up in either case.
    let (starves, _) = disturbed(&node, inner(Meddling::OutOfGas));
    assert!(!starves.0, "{starves:?}");
    assert_eq!(disturbed(&node, inner(Meddling::Reverts)).1, block);

    let mut node = node;
    node.disturb(vec![Disturbance {
        transaction: 0,
        meddle: inner(Meddling::Reverts),
    }]);
    node.mine();
    assert_eq!((seen(&node), node.head().hash), (reverts, block));
    send(&mut node, 1);
    node.mine();
    let (ok, gas, wrote, ..) = seen(&node);
    assert_eq!((ok, wrote), (true, [2, 7]));
    assert!(gas < all, "{gas}");
}

#[test]
fn a_stranger_calls_before_an_inner_call_does_its_work() {
    let node = node();
    let (worked, reentered) = disturbed(&node, reenters(CALLEE, Turn::Before));
    assert_eq!(worked, (true, 200_000, [2, 7], CALLER, 2));
    let mut other = node.clone();
    other.disturb_too(Disturbance {
        transaction: 0,
        meddle: reenters(OTHER, Turn::Before),
    });
    other.mine();
    let (ok, _, wrote, caller, count) = seen(&other);
    assert_eq!((ok, wrote, caller, count), (true, [2, 7], CALLER, 1));
    let by = other.state().word(OTHER, U256::ZERO);
    assert_eq!(Address::from_word(by.into()), STRANGER);

    // Two calls that come to nothing leave one block.
    let mut refusing = node;
    refusing.set_code(OTHER, Bytes::from_static(REVERT));
    let nothing = Address::repeat_byte(0xc4);
    let (seen, refused) = disturbed(&refusing, reenters(OTHER, Turn::Before));
    assert_eq!(seen, (true, 200_000, [2, 7], CALLER, 1));
    assert_eq!(
        disturbed(&refusing, reenters(nothing, Turn::Before)).1,
        refused
    );
    assert_ne!(reentered, refused);
}

#[test]
fn a_stranger_calls_after_an_inner_call_has_done_its_work() {
    let node = node();
    let (worked, _) = disturbed(&node, reenters(CALLEE, Turn::After));
    assert_eq!(worked, (true, 200_000, [2, 7], STRANGER, 2));
    let mut other = node.clone();
    let after = Disturbance {
        transaction: 0,
        meddle: reenters(OTHER, Turn::After),
    };
    other.disturb_too(after.clone());
    other.mine();
    let (ok, _, wrote, caller, count) = seen(&other);
    assert_eq!((ok, wrote, caller, count), (true, [2, 7], CALLER, 1));
    let by = other.state().word(OTHER, U256::ZERO);
    assert_eq!(Address::from_word(by.into()), STRANGER);

    // Where the call did not work, nobody is let in.
    let mut failing = node;
    failing.set_code(CALLEE, Bytes::from_static(REVERT));
    failing.disturb_too(after);
    failing.mine();
    assert_eq!(failing.disturbed().len(), 1);
    assert_eq!(seen(&failing).2[0], 1);
    assert_eq!(failing.state().word(OTHER, U256::ONE), U256::ZERO);
}

#[test]
fn less_gas_is_a_limit_that_nothing_sees() {
    let node = node();
    let (starves, block) = disturbed(&node, Meddle::Gas(22_000));
    assert_eq!(starves, (false, 200_000, [0, 0], Address::ZERO, 0));
    let (as_well, same) = disturbed(&node, Meddle::Gas(30_000));
    assert_eq!((as_well, same), (starves, block));
    let (works, _) = disturbed(&node, Meddle::Gas(190_000));
    assert_eq!(works, (true, 200_000, [2, 7], CALLER, 1));
}

#[test]
fn what_cannot_strike_waits_and_is_no_disturbance() {
    let mut plain = node();
    let mut node = plain.clone();
    node.disturb(vec![Disturbance {
        transaction: 0,
        meddle: Meddle::Call(Interference {
            call: 1,
            meddling: Meddling::Reverts,
        }),
    }]);
    plain.mine();
    node.mine();
    assert_eq!(node.head().hash, plain.head().hash);
    assert_eq!(node.disturbed(), []);
}

#[test]
fn transactions_are_counted_and_watched_for_ever() {
    let mut node = node();
    node.watch();
    node.mine();
    assert_eq!(node.executed(), 1);
    let [watched] = node.watched() else {
        panic!("{:?}", node.watched());
    };
    assert_eq!((watched.number, watched.gas_limit), (0, 200_000));
    let [call] = &watched.observed.calls[..] else {
        panic!("{:?}", watched.observed);
    };
    assert_eq!((call.target, call.succeeded), (CALLEE, true));
    let gas = node.head().outcomes[0].gas_used;
    assert!(gas < 200_000, "watching costs nothing: {gas}");
    node.reorg(1, Dropped::Readmit).unwrap();
    node.mine();
    assert_eq!(node.executed(), 2);
}
