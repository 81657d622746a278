//! Reads after a block, headers, receipts.

use crate::stand_in::{StandIn, Wire, block, each, error, hash, quantity, quick, result};
use crate::transport::{balance, balances, block_nine, words};
use alloy_primitives::{Address, B256, Bytes, bytes};
use sealift_engine::chain::{Answer, At, Chain, ChainError, Query};
use sealift_rpc::{Finality, HttpChain, Options};
use serde_json::{Value, json};

#[test]
fn many_questions_about_a_moving_block_are_pinned() {
    let node = StandIn::new(|_, request| Wire::Json(each(request, balance)));
    assert_eq!(
        node.chain().read(At::Latest, &balances(2)).unwrap(),
        words(2)
    );
    assert_eq!(node.seen()[0]["params"], json!(["latest", false]));
}

#[test]
fn a_node_that_lags_behind_the_one_that_named_the_block_is_waited_for() {
    let script = |number: usize, request: &Value| match number {
        1 => Wire::Json(each(request, |one| error(one, -32000, "header not found"))),
        _ => Wire::Json(each(request, balance)),
    };
    let node = StandIn::new(script);
    assert_eq!(
        node.chain().read(At::Latest, &balances(2)).unwrap(),
        words(2)
    );
    assert_eq!(node.seen().len(), 4);
    // The caller's own hash is not second-guessed.
    let node = StandIn::new(|_, request| {
        Wire::Json(each(request, |one| error(one, -32000, "header not found")))
    });
    let missing = node.chain().read(block_nine(), &balances(2));
    assert!(
        matches!(missing, Err(ChainError::Missing(At::Hash(_)))),
        "{missing:?}"
    );
    assert_eq!(node.seen().len(), 1);
}

#[test]
fn finality() {
    let chain = |finality| {
        let node = StandIn::new(|_, request| {
            let which = request["params"][0].as_str().unwrap();
            Wire::Json(match which {
                "latest" => result(request, block(9)),
                "finalized" => error(request, -32602, "invalid argument 0: hex string without 0x"),
                number => result(request, block(quantity(&json!(number)))),
            })
        });
        let options = Options {
            finality,
            ..quick()
        };
        let chain = HttpChain::connect(&node.url(), options).unwrap();
        (node, chain)
    };
    for (depth, number) in [(0, 9), (1, 8), (9, 0), (50, 0)] {
        let (_node, chain) = chain(Finality::Depth(depth));
        let header = chain.header(At::Finalized).unwrap().unwrap();
        assert_eq!(header.number, number, "depth {depth}");
    }
    let (_node, chain) = chain(Finality::Tag);
    let Err(ChainError::Refused(text)) = chain.header(At::Finalized) else {
        panic!()
    };
    assert!(text.contains("`finality`"), "{text}");
}

#[test]
fn nothing_finalized_yet() {
    for answer in [
        |r: &Value| result(r, Value::Null),
        |r: &Value| error(r, -39001, "finalized block not found"),
        |r: &Value| error(r, -39001, "Unknown block"),
    ] {
        let node = StandIn::new(move |_, request| Wire::Json(answer(request)));
        assert_eq!(node.chain().header(At::Finalized).unwrap(), None);
    }
}

#[test]
fn a_block_of_an_abandoned_fork_is_not_there() {
    let node = StandIn::new(|_, request| {
        let mut fork = block(9);
        fork["hash"] = json!(hash(99));
        Wire::Json(match request["method"].as_str() {
            Some("eth_getBlockByHash") => result(request, fork),
            _ => result(request, block(9)),
        })
    });
    assert_eq!(
        node.chain()
            .header(At::Hash(hash(99).parse().unwrap()))
            .unwrap(),
        None
    );
}

#[test]
fn a_node_that_answers_with_another_block_is_refused() {
    let node = StandIn::new(|_, request| Wire::Json(result(request, block(9))));
    assert!(matches!(
        node.chain().header(At::Number(8)),
        Err(ChainError::Refused(_))
    ));
    let other = At::Hash(hash(8).parse().unwrap());
    assert!(matches!(
        node.chain().header(other),
        Err(ChainError::Refused(_))
    ));
}

#[test]
fn reverts_of_clients() {
    let data = "0x08c379a0";
    let rows: &[(&str, Value, Option<Bytes>)] = &[
        (
            "geth",
            json!({ "code": 3, "message": "execution reverted: no", "data": data }),
            Some(bytes!("08c379a0")),
        ),
        (
            "geth",
            json!({ "code": -32000, "message": "execution reverted" }),
            Some(Bytes::new()),
        ),
        (
            "geth",
            json!({ "code": -32000, "message": "invalid opcode: INVALID" }),
            Some(Bytes::new()),
        ),
        (
            "besu",
            json!({ "code": -32000, "message": "Execution reverted", "data": data }),
            Some(bytes!("08c379a0")),
        ),
        (
            "nethermind",
            json!({ "code": -32015, "message": "VM execution error.", "data": "Reverted 0x08c379a0" }),
            Some(bytes!("08c379a0")),
        ),
        (
            "anvil",
            json!({ "code": 3, "message": "execution reverted", "data": "0x" }),
            Some(Bytes::new()),
        ),
        (
            "anvil",
            json!({ "code": -32603, "message": "EVM error InvalidFEOpcode" }),
            Some(Bytes::new()),
        ),
        (
            "hardhat",
            json!({ "code": -32603, "message": "Error: VM Exception while processing transaction: reverted with reason string 'no'", "data": { "message": "x", "txHash": "0x12", "data": data } }),
            Some(bytes!("08c379a0")),
        ),
        (
            "geth",
            json!({ "code": -32000, "message": "out of gas" }),
            None,
        ),
        (
            "nethermind",
            json!({ "code": -32015, "message": "VM execution error.", "data": "OutOfGas" }),
            None,
        ),
        (
            "geth",
            json!({ "code": -32601, "message": "the method does not exist" }),
            None,
        ),
        (
            "geth",
            json!({ "code": -32000, "message": "missing trie node 0xab" }),
            None,
        ),
    ];
    for (client, object, expected) in rows {
        let object = object.clone();
        let node = StandIn::new(move |_, r| {
            Wire::Json(json!({ "jsonrpc": "2.0", "id": r["id"], "error": object }))
        });
        let call = Query::Call {
            from: Address::ZERO,
            to: Some(Address::ZERO),
            data: Bytes::new(),
            code_override: None,
        };
        match (node.chain().read(At::Latest, &[call]), expected) {
            (Ok(answers), Some(data)) => {
                assert_eq!(answers, [Answer::Reverted(data.clone())], "{client}")
            }
            (Err(ChainError::Refused(_)), None) => {}
            (other, _) => panic!("{client}: {other:?}, not {expected:?}"),
        }
    }
}

#[test]
fn the_tip_has_a_fallback() {
    let node = StandIn::new(|_, r| Wire::Json(error(r, -32601, "method not found")));
    assert_eq!(node.chain().tip_wei().unwrap(), 1_000_000_000);
    let node = StandIn::new(|_, r| Wire::Json(result(r, json!("0x5"))));
    assert_eq!(node.chain().tip_wei().unwrap(), 5);
}

#[test]
fn receipts() {
    let mined = B256::repeat_byte(1);
    let node = StandIn::new(move |_, request| {
        Wire::Json(each(request, |one| {
            let asked: B256 = one["params"][0].as_str().unwrap().parse().unwrap();
            let receipt = json!({
                "transactionHash": asked, "blockHash": hash(7), "blockNumber": "0x7",
                "status": "0x0", "gasUsed": "0x5208", "effectiveGasPrice": "0x3",
            });
            match asked {
                asked if asked == mined => result(one, receipt),
                asked if asked == B256::repeat_byte(2) => {
                    let mut pending = receipt;
                    pending["blockHash"] = Value::Null;
                    pending["blockNumber"] = Value::Null;
                    result(one, pending)
                }
                _ => result(one, Value::Null),
            }
        }))
    });
    let hashes = [B256::repeat_byte(3), mined, B256::repeat_byte(2)];
    let receipts = node.chain().receipts(&hashes).unwrap();
    let [None, Some(receipt), None] = &receipts[..] else {
        panic!("{receipts:?}")
    };
    assert_eq!(receipt.transaction, mined);
    assert_eq!(
        (receipt.block.number, receipt.succeeded, receipt.gas_used),
        (7, false, 21_000)
    );
    assert_eq!(receipt.effective_gas_price, 3);
    assert_eq!(node.chain().receipts(&[]).unwrap(), []);
    // Unknown for now is not the same as absent.
    let node =
        StandIn::new(|_, r| Wire::Json(error(r, -32000, "transaction indexing is in progress")));
    let failed = node.chain().receipts(&[mined]);
    assert!(
        matches!(failed, Err(ChainError::Unreachable(_))),
        "{failed:?}"
    );
}

#[test]
fn a_call_that_is_starved_is_asked_again_with_gas() {
    let run = |with_gas: fn(&Value) -> Value| {
        let node = StandIn::new(move |_, request| {
            Wire::Json(each(request, |one| match &one["params"][0]["gas"] {
                Value::Null => error(one, -32000, "out of gas"),
                gas => {
                    assert_eq!(gas, "0x3b9aca00");
                    with_gas(one)
                }
            }))
        });
        let call = Query::Call {
            from: Address::ZERO,
            to: None,
            data: Bytes::new(),
            code_override: None,
        };
        node.chain().read(block_nine(), &[call])
    };
    assert_eq!(
        run(|r| result(r, json!("0x05"))).unwrap(),
        [Answer::Bytes(bytes!("05"))]
    );
    let reverted = run(|r| error(r, 3, "execution reverted")).unwrap();
    assert_eq!(reverted, [Answer::Reverted(Bytes::new())]);
    // The node's first words stand when it does not take so much gas.
    let Err(ChainError::Refused(text)) = run(|r| error(r, -32000, "intrinsic gas too high")) else {
        panic!("not refused")
    };
    assert!(text.contains("out of gas"), "{text}");
}
