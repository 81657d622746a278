//! Reads: batches, patience, blocks, log ranges, and what errors show.

use crate::stand_in::{StandIn, Wire, block, each, error, hash, quantity, quick, result};
use alloy_primitives::{Address, B256, Bytes, U256, bytes};
use sealift_engine::chain::{Answer, At, Chain, ChainError, LogFilter, Query};
use sealift_rpc::{ConnectError, Finality, HttpChain, Options};
use serde_json::{Value, json};

/// `count` balances to ask for; the answer to the `i`th is `i`.
fn balances(count: u64) -> Vec<Query> {
    (0..count)
        .map(|i| Query::Balance(Address::left_padding_from(&i.to_be_bytes())))
        .collect()
}

fn words(count: u64) -> Vec<Answer> {
    (0..count).map(|i| Answer::Word(U256::from(i))).collect()
}

/// Answers [`balances`]; refuses a question that is not about block 9 by hash.
fn balance(request: &Value) -> Value {
    if request["method"] == "eth_getBlockByNumber" {
        return result(request, block(9));
    }
    assert_eq!(request["method"], "eth_getBalance");
    let pinned = json!({ "blockHash": hash(9), "requireCanonical": true });
    assert_eq!(request["params"][1], pinned);
    let address: Address = request["params"][0].as_str().unwrap().parse().unwrap();
    result(
        request,
        json!(format!("{:#x}", U256::from_be_slice(address.as_slice()))),
    )
}

fn block_nine() -> At {
    At::Hash(hash(9).parse().unwrap())
}

/// Reads 250 balances of block 9, and returns how many HTTP requests it took.
#[track_caller]
fn check_balances(script: impl Fn(usize, &Value) -> Wire + Send + Sync + 'static) -> usize {
    let node = StandIn::new(script);
    let answers = node.chain().read(block_nine(), &balances(250)).unwrap();
    assert_eq!(answers, words(250));
    node.seen().len()
}

#[test]
fn batches_are_bounded() {
    let node = StandIn::new(|_, request| Wire::Json(each(request, balance)));
    assert_eq!(
        node.chain().read(block_nine(), &balances(250)).unwrap(),
        words(250)
    );
    let sizes: Vec<usize> = node
        .seen()
        .iter()
        .map(|body| body.as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn batches_are_bounded_in_bytes() {
    let node = StandIn::new(|_, request| Wire::Json(each(request, balance)));
    let options = Options {
        max_batch_bytes: 3_000,
        ..quick()
    };
    let chain = HttpChain::connect(&node.url(), options).unwrap();
    assert_eq!(chain.read(block_nine(), &balances(50)).unwrap(), words(50));
    assert!(
        node.seen()
            .iter()
            .all(|body| body.to_string().len() <= 3_000)
    );
}

#[test]
fn answers_out_of_order_are_put_back() {
    let requests = check_balances(|_, request| {
        let mut answers = each(request, balance);
        answers.as_array_mut().unwrap().reverse();
        Wire::Json(answers)
    });
    assert_eq!(requests, 3);
}

#[test]
fn a_node_that_refuses_batches_is_asked_one_by_one() {
    let refusals: [fn(&Value) -> Wire; 4] = [
        |_| {
            Wire::Json(json!({
                "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": "Invalid Request" }
            }))
        },
        |_| {
            Wire::Json(json!([{
                "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": "no batches" }
            }]))
        },
        |_| Wire::Http(400, "", "batches are off".to_owned()),
        |_| Wire::Http(405, "", String::new()),
    ];
    for refuse in refusals {
        let requests = check_balances(move |_, request| match request {
            Value::Array(_) => refuse(request),
            single => Wire::Json(balance(single)),
        });
        assert_eq!(requests, 1 + 250);
    }
}

#[test]
fn a_node_that_takes_smaller_batches_gets_them() {
    let requests = check_balances(|_, request| match request.as_array() {
        Some(batch) if batch.len() > 30 => Wire::Json(json!({
            "jsonrpc": "2.0", "id": null,
            "error": { "code": -32005, "message": "Number of requests exceeds max batch size" }
        })),
        _ => Wire::Json(each(request, balance)),
    });
    // 100 and 50 are refused, 25 is taken ten times.
    assert_eq!(requests, 2 + 10);
    let requests = check_balances(|_, request| match request.as_array() {
        Some(batch) if batch.len() > 30 => Wire::Http(413, "", String::new()),
        _ => Wire::Json(each(request, balance)),
    });
    assert_eq!(requests, 2 + 10);
}

#[test]
fn a_batch_that_comes_back_short_is_asked_again() {
    let requests = check_balances(|_, request| {
        let mut answers = each(request, balance);
        if let Some(batch) = answers.as_array_mut() {
            batch.truncate(40);
        }
        Wire::Json(answers)
    });
    assert!(requests < 20, "{requests}");
}

#[test]
fn single_answers_may_be_too_many_for_the_node() {
    // One question of a batch is refused for the size of the whole answer (geth).
    let requests = check_balances(|_, request| match request.as_array() {
        Some(batch) if batch.len() > 60 => {
            let answers = batch.iter().enumerate().map(|(place, one)| match place {
                0..60 => balance(one),
                _ => error(one, -32003, "response too large"),
            });
            Wire::Json(answers.collect())
        }
        _ => Wire::Json(each(request, balance)),
    });
    assert!(requests < 20, "{requests}");
}

#[test]
fn patience_with_a_transport_that_fails() {
    let faults: [fn() -> Wire; 7] = [
        || Wire::Http(429, "retry-after: 1\r\n", "slow down".to_owned()),
        || Wire::Http(500, "", "<html>".to_owned()),
        || Wire::Http(503, "", String::new()),
        || Wire::Http(200, "", "no JSON".to_owned()),
        || Wire::Http(200, "", String::new()),
        || Wire::Cut(json!({ "jsonrpc": "2.0", "id": 1, "result": "0x1" })),
        || Wire::Json(json!({ "jsonrpc": "2.0", "id": 777, "result": "0x1" })),
    ];
    for fault in faults {
        let node = StandIn::new(move |number, request| match number {
            0..=2 => fault(),
            _ => Wire::Json(each(request, balance)),
        });
        let answers = node.chain().read(block_nine(), &balances(1)).unwrap();
        assert_eq!(answers, words(1));
        assert_eq!(node.seen().len(), 4);
        // One failure more than there are tries.
        let node = StandIn::new(move |_, _| fault());
        let failed = node.chain().read(block_nine(), &balances(1));
        assert!(
            matches!(failed, Err(ChainError::Unreachable(_))),
            "{failed:?}"
        );
        assert_eq!(node.seen().len(), 1 + quick().max_retries);
    }
}

#[test]
fn a_rate_limit_inside_a_batch_is_waited_for() {
    let requests = check_balances(|number, request| {
        Wire::Json(each(request, |one| match number {
            0 if quantity(&one["params"][0]) % 2 == 1 => error(
                one,
                429,
                "Your app has exceeded its compute units per second capacity",
            ),
            _ => balance(one),
        }))
    });
    assert_eq!(requests, 4);
}

#[test]
fn silence_is_bounded() {
    let node = StandIn::new(|_, _| Wire::Silence);
    let options = Options {
        timeout_secs: 1,
        max_retries: 1,
        ..quick()
    };
    let chain = HttpChain::connect(&node.url(), options).unwrap();
    assert!(matches!(chain.identity(), Err(ChainError::Unreachable(_))));
    assert_eq!(node.seen().len(), 2);
}

#[test]
fn refusals_are_not_asked_again() {
    for status in [401, 403, 404] {
        let node = StandIn::new(move |_, _| Wire::Http(status, "", "<html>".to_owned()));
        let refused = node.chain().identity();
        assert!(
            matches!(&refused, Err(ChainError::Refused(_))),
            "{refused:?}"
        );
        assert_eq!(node.seen().len(), 1);
    }
    let node = StandIn::new(|_, _| Wire::Http(301, "location: /other\r\n", String::new()));
    assert!(matches!(
        node.chain().identity(),
        Err(ChainError::Refused(_))
    ));
    assert_eq!(node.seen().len(), 1, "a redirect was followed");
}

#[test]
fn an_answer_is_read_only_up_to_the_limit() {
    let endless = StandIn::new(|_, _| Wire::Endless);
    let announced = StandIn::new(|_, r| {
        Wire::Json(json!({ "jsonrpc": "2.0", "id": r["id"], "result": "x".repeat(5_000) }))
    });
    for node in [endless, announced] {
        let options = Options {
            max_response_bytes: 4_096,
            ..quick()
        };
        let chain = HttpChain::connect(&node.url(), options).unwrap();
        let Err(ChainError::Refused(text)) = chain.client_version() else {
            panic!("not refused")
        };
        assert!(text.contains("max_response_bytes"), "{text}");
        assert_eq!(node.seen().len(), 1);
    }
}

#[test]
fn secrets_of_the_url_are_in_no_error() {
    const KEY: &str = "0123456789abcdef";
    let node = StandIn::new(move |_, request| match request["method"].as_str() {
        Some("eth_chainId") => Wire::Http(404, "", format!("Cannot POST /v3/{KEY}")),
        Some("web3_clientVersion") => Wire::Json(error(
            request,
            -32000,
            &format!("project {KEY} is over its limit"),
        )),
        _ => Wire::Json(error(request, -32000, &format!("unknown project {KEY}"))),
    });
    let url = node.url().replace("//", "//user:hunter2hunter2@");
    let url = format!("{url}/v3/{KEY}?token=s3cr3ts3cr3t");
    let chain = HttpChain::connect(&url, quick()).unwrap();
    let texts = [
        format!("{chain:?}"),
        format!("{:?}", chain.identity()),
        format!("{:?}", chain.client_version()),
        format!("{:?}", chain.send(b"x")),
        format!(
            "{:?}",
            HttpChain::connect("ftp://user:hunter2hunter2@h/x", quick())
        ),
        format!(
            "{:?}",
            HttpChain::connect("http://user:hunter2hunter2@", quick())
        ),
    ];
    for text in texts {
        for secret in [KEY, "hunter2", "s3cr3t", "token"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn options_that_allow_nothing_are_refused() {
    let wrong = [
        Options {
            timeout_secs: 0,
            ..quick()
        },
        Options {
            max_response_bytes: 0,
            ..quick()
        },
        Options {
            max_batch: 0,
            ..quick()
        },
        Options {
            max_batch_bytes: 0,
            ..quick()
        },
    ];
    for options in wrong {
        let made = HttpChain::connect("http://127.0.0.1:1", options);
        assert!(matches!(made, Err(ConnectError::Limit(_))), "{made:?}");
    }
    let made = HttpChain::connect("ws://127.0.0.1:1", quick());
    assert!(matches!(made, Err(ConnectError::Scheme(_))), "{made:?}");
    assert!(HttpChain::connect("https://node.example", quick()).is_ok());
}

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

/// The texts with which nodes and providers refuse a range.
const RANGE_REFUSALS: &[(i64, &str)] = &[
    (-32005, "query returned more than 10000 results"),
    (-32000, "query returned more than 10000 results"),
    (
        -32602,
        "query exceeds max results 20000, retry with the range 0-5",
    ),
    (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
    ),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (
        -32600,
        "You can make eth_getLogs requests with up to a 10 block range",
    ),
    (-32000, "exceed maximum block range: 50000"),
    (-32005, "Requested range exceeds maximum RPC range limit"),
    (-32062, "Block range is too large"),
    (-32000, "query timeout exceeded"),
    (-32005, "limit exceeded"),
    (
        -32701,
        "Please specify an address in your request or, to remove restrictions, order a dedicated full node here: range too large",
    ),
];

/// A node on which every block `n` has `n % 3` logs, and that takes at most `most` blocks at once.
fn log_node(most: u64, code: i64, text: &'static str) -> StandIn {
    StandIn::new(move |_, request| {
        if request["method"] == "eth_getBlockByNumber" {
            return Wire::Json(result(request, block(quantity(&request["params"][0]))));
        }
        let filter = &request["params"][0];
        let (from, to) = (quantity(&filter["fromBlock"]), quantity(&filter["toBlock"]));
        if to - from + 1 > most {
            return Wire::Json(error(request, code, text));
        }
        let one = |number: u64, index: u64| {
            json!({
                "address": filter["address"], "topics": filter["topics"], "data": "0x",
                "blockNumber": format!("{number:#x}"), "blockHash": hash(number),
                "transactionHash": hash(number), "logIndex": format!("{index:#x}"),
            })
        };
        // From the top down: the order is the client's affair.
        let logs = (from..=to)
            .rev()
            .flat_map(|n| (0..n % 3).rev().map(move |i| (n, i)));
        Wire::Json(result(request, logs.map(|(n, i)| one(n, i)).collect()))
    })
}

fn filter(from: u64, to: u64) -> LogFilter {
    LogFilter {
        address: Address::repeat_byte(5),
        topic0: B256::repeat_byte(6),
        from,
        to,
    }
}

#[test]
fn log_ranges_are_split_until_the_node_takes_them() {
    for &(code, text) in RANGE_REFUSALS {
        let node = log_node(3, code, text);
        let logs = node.chain().logs(&filter(10, 20)).unwrap();
        let blocks: Vec<u64> = logs.iter().map(|log| log.block).collect();
        assert_eq!(
            blocks,
            [10, 11, 11, 13, 14, 14, 16, 17, 17, 19, 20, 20],
            "{text}"
        );
    }
}

#[test]
fn every_small_range_and_limit() {
    for most in 1..=5 {
        let node = log_node(most, -32005, "query returned more than 10000 results");
        let chain = node.chain();
        for from in 0..=6 {
            for to in from..=13 {
                let found = chain.logs(&filter(from, to)).unwrap();
                let blocks: Vec<u64> = found.iter().map(|log| log.block).collect();
                let expected: Vec<u64> = (from..=to)
                    .flat_map(|n| vec![n; (n % 3) as usize])
                    .collect();
                assert_eq!(blocks, expected, "{from}..={to} by {most}");
            }
        }
    }
}

#[test]
fn a_range_that_cannot_be_split_further_is_refused() {
    let node = log_node(0, -32005, "query returned more than 10000 results");
    let refused = node.chain().logs(&filter(10, 20));
    assert!(
        matches!(refused, Err(ChainError::Refused(_))),
        "{refused:?}"
    );
    assert!(node.seen().len() < 10);
    assert_eq!(node.chain().logs(&filter(20, 10)).unwrap(), []);
}

#[test]
fn a_range_beyond_the_head_is_missing_not_short() {
    let node = StandIn::new(|_, request| {
        Wire::Json(match request["method"].as_str() {
            Some("eth_getBlockByNumber") => result(request, Value::Null),
            _ => result(request, json!([])),
        })
    });
    let missing = node.chain().logs(&filter(0, 20));
    assert!(
        matches!(missing, Err(ChainError::Missing(At::Number(20)))),
        "{missing:?}"
    );
}

#[test]
fn a_range_that_changes_under_the_reader_is_read_again() {
    // The last block has another hash at the second look, then stays.
    let node = StandIn::new(|number, request| {
        Wire::Json(match request["method"].as_str() {
            Some("eth_getBlockByNumber") => {
                let mut last = block(20);
                last["hash"] = json!(hash(if number < 2 { 1 } else { 2 }));
                result(request, last)
            }
            _ => result(request, json!([])),
        })
    });
    assert_eq!(node.chain().logs(&filter(10, 20)).unwrap(), []);
    let logs = node
        .seen()
        .iter()
        .filter(|r| r["method"] == "eth_getLogs")
        .count();
    assert_eq!(logs, 2);
}

#[test]
fn logs_that_were_not_asked_for_are_refused() {
    let node = StandIn::new(|_, request| {
        Wire::Json(match request["method"].as_str() {
            Some("eth_getBlockByNumber") => result(request, block(20)),
            _ => result(
                request,
                json!([{
                    "address": Address::repeat_byte(9), "topics": [B256::repeat_byte(6)], "data": "0x",
                    "blockNumber": "0xb", "blockHash": hash(11), "transactionHash": hash(11),
                    "logIndex": "0x0",
                }]),
            ),
        })
    });
    let refused = node.chain().logs(&filter(10, 20));
    assert!(
        matches!(refused, Err(ChainError::Refused(_))),
        "{refused:?}"
    );
}
