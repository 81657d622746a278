//! The chain port: deploy, call, send, receipts, older states, reorganisations.

use crate::code::{FILL, GREEDY, REVERT, STORE, created, deploys, word, words};
use crate::wallet::{Draft, GWEI, draft};
use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_evm::{Config, DEV_ACCOUNTS, Dropped, EmbeddedChain, Mining, ReorgError};
use sealift_protocol::event::Rejection;

fn chain() -> EmbeddedChain {
    EmbeddedChain::new(Config::default())
}

fn manual() -> EmbeddedChain {
    EmbeddedChain::new(Config {
        mining: Mining::Manual,
        finality_depth: 32,
        ..Config::default()
    })
}

#[track_caller]
fn accepted(chain: &EmbeddedChain, draft: Draft) -> B256 {
    let (raw, hash) = draft.sign();
    assert_eq!(chain.send(&raw), SendAnswer::Accepted);
    hash
}

#[track_caller]
fn receipt(chain: &EmbeddedChain, hash: B256) -> Receipt {
    let receipt = chain
        .receipts(&[hash])
        .unwrap()
        .remove(0)
        .expect("a receipt");
    assert_eq!(receipt.transaction, hash);
    receipt
}

#[track_caller]
fn mined(chain: &EmbeddedChain, draft: Draft) -> Receipt {
    let hash = accepted(chain, draft);
    receipt(chain, hash)
}

fn call(to: Address, data: Bytes) -> Query {
    Query::Call {
        from: Address::ZERO,
        to: Some(to),
        data,
        code_override: None,
    }
}

#[track_caller]
fn check_read(chain: &EmbeddedChain, at: At, query: Query, expected: Answer) {
    assert_eq!(chain.read(at, &[query]).unwrap(), [expected]);
}

fn head(chain: &EmbeddedChain) -> Header {
    chain.header(At::Latest).unwrap().unwrap()
}

#[test]
fn a_contract_is_deployed_called_and_written() {
    let chain = chain();
    let deploy = mined(&chain, draft(0, 0).creates(deploys(STORE)));
    assert!(deploy.succeeded);
    assert_eq!(deploy.block, head(&chain).id());
    let store = created(0, 0);
    check_read(
        &chain,
        At::Latest,
        Query::Code(store),
        Answer::Bytes(Bytes::from_static(STORE)),
    );

    let write = mined(&chain, draft(0, 1).to(store).data(words(&[7, 99])));
    assert!(write.succeeded);
    assert_eq!(write.block.number, 2);
    check_read(
        &chain,
        At::Latest,
        call(store, words(&[7])),
        Answer::Bytes(words(&[99])),
    );
    let slot = U256::from(7);
    check_read(
        &chain,
        At::Latest,
        Query::Storage(store, slot),
        Answer::Word(U256::from(99)),
    );
    check_read(
        &chain,
        At::Number(1),
        Query::Storage(store, slot),
        Answer::Word(U256::ZERO),
    );
    check_read(
        &chain,
        At::Number(1),
        call(store, words(&[7])),
        Answer::Bytes(words(&[0])),
    );
    check_read(
        &chain,
        At::Number(0),
        Query::Code(store),
        Answer::Bytes(Bytes::new()),
    );
    let sender = DEV_ACCOUNTS[0].address;
    check_read(
        &chain,
        At::Latest,
        Query::Nonce(sender),
        Answer::Word(U256::from(2)),
    );
    check_read(
        &chain,
        At::Hash(deploy.block.hash),
        Query::Nonce(sender),
        Answer::Word(U256::ONE),
    );
}

#[test]
fn a_failed_transaction_has_a_receipt_and_changes_only_its_sender() {
    let chain = chain();
    mined(&chain, draft(0, 0).creates(deploys(REVERT)));
    let failed = mined(
        &chain,
        draft(0, 1).to(created(0, 0)).data(words(&[5])).value(9),
    );
    assert!(!failed.succeeded);
    check_read(
        &chain,
        At::Latest,
        Query::Balance(created(0, 0)),
        Answer::Word(U256::ZERO),
    );
    check_read(
        &chain,
        At::Latest,
        call(created(0, 0), words(&[5])),
        Answer::Reverted(words(&[5])),
    );
}

#[test]
fn fees_leave_the_sender() {
    let chain = chain();
    let before = U256::from(10_000u128 * GWEI * GWEI);
    let sent = mined(&chain, draft(0, 0).value(GWEI).fees(50 * GWEI, 2 * GWEI));
    assert_eq!(sent.gas_used, 21_000);
    assert_eq!(sent.effective_gas_price, head(&chain).base_fee + 2 * GWEI);
    let paid = U256::from(GWEI) + U256::from(21_000 * sent.effective_gas_price);
    let balance = Query::Balance(DEV_ACCOUNTS[0].address);
    check_read(&chain, At::Latest, balance, Answer::Word(before - paid));
}

#[test]
fn a_call_can_stand_in_code_and_run_init_code() {
    let chain = chain();
    let query = Query::Call {
        from: Address::ZERO,
        to: Some(created(3, 3)),
        data: words(&[5]),
        code_override: Some((created(3, 3), Bytes::from_static(REVERT))),
    };
    check_read(&chain, At::Latest, query, Answer::Reverted(words(&[5])));
    let init = Query::Call {
        from: Address::ZERO,
        to: None,
        data: deploys(&[0xef; 40_000]),
        code_override: None,
    };
    let returned = Answer::Bytes(vec![0xef; 40_000].into());
    check_read(&chain, At::Latest, init, returned);
}

#[test]
fn an_estimate_is_the_least_gas_that_succeeds() {
    let chain = chain();
    mined(&chain, draft(0, 0).creates(deploys(GREEDY)));
    mined(&chain, draft(0, 1).creates(deploys(FILL)));
    let mut nonce = 2;
    for (to, data) in [
        (created(0, 0), words(&[])),
        (created(0, 1), words(&[1, 50])),
    ] {
        let from = DEV_ACCOUNTS[0].address;
        let query = Query::Gas {
            from,
            to: Some(to),
            data: data.clone(),
        };
        let [Answer::Word(gas)] = chain.read(At::Latest, &[query]).unwrap()[..] else {
            panic!("no estimate")
        };
        let gas: u64 = gas.to();
        let call = |nonce, gas| draft(0, nonce).to(to).data(data.clone()).gas(gas);
        assert!(!mined(&chain, call(nonce, gas - 1)).succeeded);
        assert!(mined(&chain, call(nonce + 1, gas)).succeeded);
        nonce += 2;
    }
    let query = Query::Gas {
        from: Address::ZERO,
        to: None,
        data: Bytes::from_static(&[0x5f, 0x5f, 0xfd]),
    };
    check_read(&chain, At::Latest, query, Answer::Reverted(Bytes::new()));
}

#[test]
fn logs_come_by_address_topic_and_range() {
    let chain = chain();
    mined(&chain, draft(0, 0).creates(deploys(STORE)));
    mined(&chain, draft(0, 1).creates(deploys(STORE)));
    for (nonce, value) in (2..8).zip(1..) {
        let to = created(0, nonce % 2);
        mined(&chain, draft(0, nonce).to(to).data(words(&[5, value])));
    }
    let filter = LogFilter {
        address: created(0, 1),
        topic0: word(5),
        from: 5,
        to: 100,
    };
    let logs = chain.logs(&filter).unwrap();
    let found: Vec<(u64, Bytes)> = logs
        .iter()
        .map(|log| (log.block, log.data.clone()))
        .collect();
    assert_eq!(found, [(6, words(&[4])), (8, words(&[6]))]);
    assert_eq!(
        logs[0].block_hash,
        chain.header(At::Number(6)).unwrap().unwrap().hash
    );
    assert!(chain.receipts(&[logs[0].transaction]).unwrap()[0].is_some());
    assert_eq!(
        chain
            .logs(&LogFilter {
                topic0: word(6),
                ..filter
            })
            .unwrap(),
        []
    );
}

#[test]
fn a_reorganisation_takes_blocks_back_and_readmits() {
    let chain = manual();
    accepted(&chain, draft(0, 0).creates(deploys(STORE)));
    chain.mine();
    let store = created(0, 0);
    let write = accepted(&chain, draft(0, 1).to(store).data(words(&[1, 11])));
    chain.mine();
    let old = head(&chain);
    chain.mine();
    chain.reorg(2, Dropped::Readmit).unwrap();

    assert_eq!(head(&chain).number, 1);
    assert_eq!(chain.receipts(&[write]).unwrap(), [None]);
    let slot = Query::Storage(store, U256::ONE);
    check_read(&chain, At::Latest, slot.clone(), Answer::Word(U256::ZERO));
    let gone = chain.read(At::Hash(old.hash), std::slice::from_ref(&slot));
    assert!(matches!(gone, Err(ChainError::Missing(At::Hash(hash))) if hash == old.hash));
    assert_eq!(chain.header(At::Hash(old.hash)).unwrap(), None);
    let filter = LogFilter {
        address: store,
        topic0: word(1),
        from: 0,
        to: 9,
    };
    assert_eq!(chain.logs(&filter).unwrap(), []);

    let again = chain.mine();
    assert_ne!(again.hash, old.hash);
    assert_eq!(receipt(&chain, write).block, again.id());
    check_read(&chain, At::Latest, slot, Answer::Word(U256::from(11)));
    assert_eq!(chain.logs(&filter).unwrap().len(), 1);
}

#[test]
fn a_reorganisation_can_forget() {
    let chain = manual();
    let sent = accepted(&chain, draft(0, 0).value(5));
    chain.mine();
    chain.reorg(1, Dropped::Forget).unwrap();
    chain.mine();
    assert_eq!(chain.receipts(&[sent]).unwrap(), [None]);
    let sender = Query::Nonce(DEV_ACCOUNTS[0].address);
    check_read(&chain, At::Latest, sender, Answer::Word(U256::ZERO));
}

#[test]
fn a_final_block_is_never_dropped() {
    let chain = EmbeddedChain::new(Config {
        mining: Mining::Manual,
        finality_depth: 3,
        ..Config::default()
    });
    for _ in 0..5 {
        chain.mine();
    }
    assert_eq!(chain.header(At::Finalized).unwrap().unwrap().number, 2);
    let refused = chain.reorg(4, Dropped::Forget);
    assert_eq!(
        refused,
        Err(ReorgError::Final {
            depth: 4,
            finalized: 2
        })
    );
    chain.reorg(3, Dropped::Forget).unwrap();
    assert_eq!(head(&chain).number, 2);
    chain.mine();
    assert_eq!(chain.header(At::Finalized).unwrap().unwrap().number, 2);
    chain.node_mut().break_finality(2, Dropped::Forget).unwrap();
    assert_eq!(chain.header(At::Finalized).unwrap().unwrap().number, 1);
}

#[test]
fn states_are_kept_for_the_configured_depth() {
    let chain = EmbeddedChain::new(Config {
        history_blocks: 4,
        ..Config::default()
    });
    mined(&chain, draft(0, 0).creates(deploys(STORE)));
    for nonce in 1..10 {
        mined(
            &chain,
            draft(0, nonce).to(created(0, 0)).data(words(&[3, nonce])),
        );
    }
    for number in 6..=10 {
        let slot = Query::Storage(created(0, 0), U256::from(3));
        check_read(
            &chain,
            At::Number(number),
            slot,
            Answer::Word(U256::from(number - 1)),
        );
    }
    let pruned = chain.read(At::Number(5), &[]);
    assert!(matches!(pruned, Err(ChainError::Refused(text)) if text.contains("block 5")));
    assert!(matches!(
        chain.read(At::Number(11), &[]),
        Err(ChainError::Missing(_))
    ));
    let deep = chain.node_mut().break_finality(5, Dropped::Forget);
    assert_eq!(deep, Err(ReorgError::TooDeep { depth: 5, kept: 4 }));
}

#[test]
fn time_moves_as_it_is_told() {
    let chain = manual();
    let start = head(&chain).timestamp;
    assert_eq!(chain.mine().timestamp, start + 1);
    chain.advance(1_000);
    assert_eq!(chain.mine().timestamp, start + 1_002);
    assert_eq!(chain.mine().timestamp, start + 1_003);
    chain.set_time(start + 5_000).unwrap();
    assert_eq!(chain.mine().timestamp, start + 5_000);
    assert_eq!(chain.mine().timestamp, start + 5_001);
    assert!(chain.set_time(start + 5_001).is_err());
}

#[test]
fn refusals_say_what_they_prove() {
    let chain = manual();
    let send = |draft: Draft| chain.send(&draft.sign().0);
    accepted(&chain, draft(0, 0).fees(100 * GWEI, 10 * GWEI));
    let same = send(draft(0, 0).fees(100 * GWEI, 10 * GWEI));
    assert_eq!(same, SendAnswer::Ambiguous("already known".into()));
    let cheap = send(draft(0, 0).fees(110 * GWEI, 11 * GWEI - 1));
    assert_eq!(
        cheap,
        SendAnswer::Ambiguous("replacement transaction underpriced".into())
    );
    let cheap = send(draft(0, 0).fees(110 * GWEI - 1, 11 * GWEI));
    assert_eq!(
        cheap,
        SendAnswer::Ambiguous("replacement transaction underpriced".into())
    );
    assert_eq!(
        send(draft(0, 0).fees(110 * GWEI, 11 * GWEI)),
        SendAnswer::Accepted
    );
    chain.mine();
    assert_eq!(
        send(draft(0, 0)),
        SendAnswer::Rejected(Rejection::NonceTooLow)
    );
    let poor = send(draft(1, 0).value(10_000 * GWEI * GWEI));
    assert_eq!(poor, SendAnswer::Rejected(Rejection::InsufficientFunds));
    let invalid = |answer: SendAnswer| match answer {
        SendAnswer::Rejected(Rejection::Invalid(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(invalid(send(draft(1, 0).gas(20_999))).starts_with("intrinsic gas too low"));
    assert!(invalid(send(draft(1, 0).gas(16_777_217))).contains("cap: 16777216"));
    assert!(invalid(chain.send(&[2, 1])).starts_with("rlp: "));
    let (mut raw, _) = draft(1, 0).sign();
    raw.push(0);
    assert!(invalid(chain.send(&raw)).starts_with("rlp: "));
}
