//! Each scripted fault does what it says, once, and no more.

use crate::wallet::draft;
use alloy_primitives::B256;
use sealift_engine::chain::{At, Chain, ChainError, SendAnswer};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain, Fault, Faulty};
use sealift_protocol::event::Rejection;

fn faulty(script: &[(u64, Fault)]) -> Faulty<EmbeddedChain> {
    Faulty::new(EmbeddedChain::new(Config::default()), script.to_vec())
}

/// Sends one transaction under a fault; the answer, and whether the node has it.
#[track_caller]
fn check_send(fault: Fault, answer: SendAnswer, taken: bool) {
    let chain = faulty(&[(0, fault)]);
    let (raw, hash) = draft(0, 0).sign();
    assert_eq!(chain.send(&raw), answer);
    assert_eq!(chain.inner().node().included(hash).is_some(), taken);
    let (next, _) = draft(1, 0).sign();
    assert_eq!(chain.send(&next), SendAnswer::Accepted);
    assert_eq!(chain.struck(), [(0, fault)]);
    assert_eq!(chain.calls(), 2);
}

fn ambiguous(text: &str) -> SendAnswer {
    SendAnswer::Ambiguous(text.into())
}

#[test]
fn a_send_fails_in_eight_ways() {
    check_send(Fault::AnswerLost, ambiguous("connection reset"), true);
    check_send(Fault::SilentDrop, SendAnswer::Accepted, false);
    check_send(Fault::AlreadyKnown, ambiguous("already known"), true);
    check_send(
        Fault::ReplacementUnderpriced,
        ambiguous("replacement transaction underpriced"),
        true,
    );
    check_send(Fault::SendTimeout, ambiguous("time-out"), false);
    let rejected = SendAnswer::Rejected;
    check_send(Fault::Underpriced, rejected(Rejection::Underpriced), false);
    check_send(Fault::PoolFull, rejected(Rejection::PoolFull), false);
    let poor = rejected(Rejection::InsufficientFunds);
    check_send(Fault::InsufficientFunds, poor, false);
}

#[test]
fn receipts_are_missing_for_as_many_polls() {
    let chain = faulty(&[(0, Fault::NoReceipts(2))]);
    let (raw, hash) = draft(0, 0).sign();
    chain.send(&raw);
    let seen: Vec<bool> = (0..4)
        .map(|_| chain.receipts(&[hash]).unwrap()[0].is_some())
        .collect();
    assert_eq!(seen, [false, false, true, true]);
    assert_eq!(chain.receipts(&[B256::ZERO]).unwrap(), [None]);
}

#[test]
fn a_stale_node_does_not_know_the_newest_blocks() {
    let stale = Fault::StaleHead {
        blocks: 2,
        questions: 5,
    };
    let chain = faulty(&[(3, stale)]);
    let hashes: Vec<B256> = (0..3)
        .map(|nonce| {
            let (raw, hash) = draft(0, nonce).sign();
            assert_eq!(chain.send(&raw), SendAnswer::Accepted);
            hash
        })
        .collect();
    let number = |at| chain.header(at).unwrap().map(|header| header.number);
    assert_eq!(number(At::Latest), Some(1));
    assert_eq!(number(At::Finalized), Some(1));
    assert_eq!(number(At::Number(2)), None);
    assert!(matches!(
        chain.read(At::Number(3), &[]),
        Err(ChainError::Missing(At::Number(3)))
    ));
    let seen: Vec<bool> = chain
        .receipts(&hashes)
        .unwrap()
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(seen, [true, false, false]);
    assert_eq!(number(At::Latest), Some(3));
}

#[test]
fn finality_goes_back_and_questions_go_unanswered_or_are_refused() {
    let back = Fault::FinalityBack {
        blocks: 1,
        questions: 1,
    };
    let script = [
        (1, back),
        (3, Fault::Unreachable(2)),
        (6, Fault::Refused(2)),
    ];
    let chain = faulty(&script);
    chain.send(&draft(0, 0).sign().0);
    let final_number = || {
        chain
            .header(At::Finalized)
            .map(|header| header.unwrap().number)
    };
    assert_eq!(final_number().unwrap(), 0);
    assert_eq!(final_number().unwrap(), 1);
    assert!(matches!(final_number(), Err(ChainError::Unreachable(_))));
    assert!(chain.identity().unwrap_err().is_retryable());
    assert_eq!(chain.identity().unwrap().chain_id, 31_337);
    assert!(matches!(final_number(), Err(ChainError::Refused(_))));
    assert!(!chain.identity().unwrap_err().is_retryable());
    assert_eq!(final_number().unwrap(), 1);
    assert_eq!(chain.inner().node().nonce(DEV_ACCOUNTS[0].address), 1);
}
