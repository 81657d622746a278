//! Log ranges: split, ordered, never short.

use crate::stand_in::{StandIn, Wire, block, error, hash, quantity, result};
use alloy_primitives::{Address, B256};
use sealift_engine::chain::{At, Chain, ChainError, LogFilter};
use serde_json::{Value, json};

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
