//! What happens on the way: batches, patience, limits, and what errors show.

use crate::stand_in::{StandIn, Wire, block, each, error, hash, quantity, quick, result};
use alloy_primitives::{Address, U256};
use sealift_engine::chain::{Answer, At, Chain, ChainError, Query};
use sealift_rpc::{ConnectError, HttpChain, Options};
use serde_json::{Value, json};

/// `count` balances to ask for; the answer to the `i`th is `i`.
pub(crate) fn balances(count: u64) -> Vec<Query> {
    (0..count)
        .map(|i| Query::Balance(Address::left_padding_from(&i.to_be_bytes())))
        .collect()
}

pub(crate) fn words(count: u64) -> Vec<Answer> {
    (0..count).map(|i| Answer::Word(U256::from(i))).collect()
}

/// Answers [`balances`]; refuses a question that is not about block 9 by hash.
pub(crate) fn balance(request: &Value) -> Value {
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

pub(crate) fn block_nine() -> At {
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
fn patience_with_a_transport_that_fails() {
    let faults: [fn() -> Wire; 8] = [
        || {
            let error = json!({ "code": -32603, "message": "upstream is gone" });
            Wire::Http(
                502,
                "",
                json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string(),
            )
        },
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
fn a_batch_whose_answer_is_too_large_is_asked_in_parts() {
    let node = StandIn::new(|_, request| Wire::Json(each(request, balance)));
    let options = Options {
        max_response_bytes: 1_000,
        ..quick()
    };
    let chain = HttpChain::connect(&node.url(), options).unwrap();
    assert_eq!(
        chain.read(block_nine(), &balances(250)).unwrap(),
        words(250)
    );
    assert!(node.seen().iter().filter(|body| body.is_array()).count() < 40);
}
