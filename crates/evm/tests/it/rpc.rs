//! The JSON-RPC server over real HTTP.

use crate::code::{FILL, REVERT, STORE, created, deploys, word, words};
use crate::http::{ask, error, post, result};
use crate::wallet::{Draft, GWEI, draft};
use alloy_primitives::{Address, B256, Bytes, U64, U256, hex};
use alloy_rpc_types_eth::{Block, FeeHistory, Log, Transaction, TransactionReceipt};
use sealift_evm::rpc::{ServeOptions, Server, serve};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain, Mining};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn started(config: Config) -> (Server, EmbeddedChain) {
    let chain = EmbeddedChain::new(config);
    let options = ServeOptions {
        max_body_bytes: 1 << 20,
        block_interval: None,
    };
    (
        serve(chain.clone(), ([127, 0, 0, 1], 0).into(), options).unwrap(),
        chain,
    )
}

fn raw(draft: Draft) -> Value {
    json!([Bytes::from(draft.sign().0)])
}

#[track_caller]
fn sent(addr: SocketAddr, draft: Draft) -> B256 {
    let hash = draft.sign().1;
    assert_eq!(
        result(addr, "eth_sendRawTransaction", raw(draft)),
        json!(hash)
    );
    hash
}

#[test]
fn a_contract_lives_over_http() {
    let (server, _) = started(Config::default());
    let addr = server.addr();
    assert_eq!(result(addr, "eth_chainId", json!([])), json!("0x7a69"));
    assert_eq!(result(addr, "net_version", json!([])), json!("31337"));
    assert_eq!(result(addr, "eth_syncing", json!([])), json!(false));
    assert_eq!(result(addr, "eth_accounts", json!([])), json!([]));

    let deploy = sent(addr, draft(0, 0).creates(deploys(STORE)));
    let write = sent(
        addr,
        draft(0, 1).to(created(0, 0)).data(words(&[4, 44])).value(0),
    );
    assert_eq!(result(addr, "eth_blockNumber", json!([])), json!("0x2"));
    let store = created(0, 0);
    let call = json!({ "to": store, "data": words(&[4]) });
    assert_eq!(
        result(addr, "eth_call", json!([call, "latest"])),
        json!(words(&[44]))
    );
    assert_eq!(
        result(addr, "eth_call", json!([call, "0x1"])),
        json!(words(&[0]))
    );
    assert_eq!(
        result(addr, "eth_getCode", json!([store, "latest"])),
        json!(Bytes::from(STORE))
    );
    assert_eq!(
        result(addr, "eth_getStorageAt", json!([store, "0x4", "latest"])),
        json!(word(44))
    );
    let sender = DEV_ACCOUNTS[0].address;
    assert_eq!(
        result(addr, "eth_getTransactionCount", json!([sender, "latest"])),
        json!("0x2")
    );
    let rich = json!(U256::from(10_000 * GWEI * GWEI));
    assert_eq!(
        result(addr, "eth_getBalance", json!([sender, "earliest"])),
        rich
    );

    let receipt = result(addr, "eth_getTransactionReceipt", json!([deploy]));
    let receipt: TransactionReceipt = serde_json::from_value(receipt).unwrap();
    assert_eq!(receipt.contract_address, Some(store));
    assert!(receipt.status());
    let receipts = result(addr, "eth_getBlockReceipts", json!(["0x2"]));
    let receipts: Vec<TransactionReceipt> = serde_json::from_value(receipts).unwrap();
    assert_eq!(receipts[0].transaction_hash, write);
    assert_eq!(receipts[0].logs()[0].topics(), [word(4)]);

    let transaction = result(addr, "eth_getTransactionByHash", json!([write]));
    let transaction: Transaction = serde_json::from_value(transaction).unwrap();
    assert_eq!(*transaction.inner.tx_hash(), write);
    assert_eq!(transaction.inner.signer(), sender);
    assert_eq!(
        result(addr, "eth_getTransactionByHash", json!([word(1)])),
        Value::Null
    );
}

#[test]
fn blocks_have_tags_and_hash_to_their_hash() {
    let config = Config {
        mining: Mining::Manual,
        finality_depth: 2,
        ..Config::default()
    };
    let (server, chain) = started(config);
    let addr = server.addr();
    for _ in 0..5 {
        chain.mine();
    }
    let write = sent(addr, draft(0, 0).creates(deploys(STORE)));
    chain.mine();
    let block = |tag: &str, full: bool| -> Block {
        let block = result(addr, "eth_getBlockByNumber", json!([tag, full]));
        serde_json::from_value(block).unwrap()
    };
    let heights = [
        ("latest", 6),
        ("earliest", 0),
        ("finalized", 4),
        ("safe", 4),
        ("pending", 7),
    ];
    for (tag, number) in heights {
        assert_eq!(block(tag, false).header.number, number, "{tag}");
    }
    let newest = block("latest", true);
    assert_eq!(newest.header.hash, newest.header.inner.hash_slow());
    assert_eq!(newest.header.parent_hash, block("0x5", false).header.hash);
    assert_eq!(newest.transactions.hashes().collect::<Vec<_>>(), [write]);
    assert_eq!(
        *newest.transactions.as_transactions().unwrap()[0]
            .inner
            .tx_hash(),
        write
    );
    let same = result(
        addr,
        "eth_getBlockByHash",
        json!([newest.header.hash, true]),
    );
    assert_eq!(serde_json::from_value::<Block>(same).unwrap(), newest);
    assert_eq!(
        result(addr, "eth_getBlockByNumber", json!(["0x7", false])),
        Value::Null
    );

    let at = |id: Value| ask(addr, "eth_getCode", json!([created(0, 0), id]));
    assert_eq!(
        at(json!({ "blockHash": newest.header.hash }))["result"],
        json!(Bytes::from(STORE))
    );
    assert_eq!(at(json!({ "blockNumber": "0x5" }))["result"], json!("0x"));
    assert_eq!(
        at(json!({ "blockHash": word(9) }))["error"]["code"],
        json!(-32000)
    );
}

#[test]
fn errors_have_the_codes_and_texts_of_a_node() {
    let (server, _) = started(Config {
        mining: Mining::Manual,
        ..Config::default()
    });
    let addr = server.addr();
    let send = |draft: Draft| error(addr, "eth_sendRawTransaction", raw(draft));
    sent(addr, draft(0, 0).fees(100 * GWEI, 10 * GWEI));
    let same = draft(0, 0).fees(100 * GWEI, 10 * GWEI);
    assert_eq!(send(same), (-32000, "already known".into()));
    let cheap = send(draft(0, 0).fees(101 * GWEI, 10 * GWEI));
    assert_eq!(
        cheap,
        (-32000, "replacement transaction underpriced".into())
    );
    let poor = send(draft(1, 0).value(20_000 * GWEI * GWEI));
    assert_eq!(poor.0, -32000);
    assert!(
        poor.1
            .starts_with("insufficient funds for gas * price + value"),
        "{}",
        poor.1
    );
    assert_eq!(result(addr, "evm_mine", json!([])), json!("0x0"));
    let low = send(draft(0, 0));
    assert_eq!(
        low,
        (-32000, "nonce too low: next nonce 1, tx nonce 0".into())
    );

    let code = |method: &str, params: Value| error(addr, method, params).0;
    assert_eq!(code("eth_noSuchThing", json!([])), -32601);
    assert_eq!(code("eth_getBalance", json!([])), -32602);
    assert_eq!(code("eth_getBalance", json!(["0x12"])), -32602);
    assert_eq!(code("eth_getBalance", json!({ "address": 1 })), -32602);
    assert_eq!(
        code("eth_getBalance", json!([Address::ZERO, "0xff"])),
        -32000
    );
    let (status, text) = post(addr, "application/json", b"{\"jsonrpc\":");
    assert_eq!(status, 200);
    assert!(text.contains("-32700"), "{text}");
    assert!(post(addr, "application/json", b"17").1.contains("-32600"));
    assert!(post(addr, "application/json", b"[]").1.contains("-32600"));
    assert_eq!(post(addr, "text/plain", b"{}").0, 415);
    assert_eq!(
        post(addr, "application/json", &vec![b' '; (1 << 20) + 1]).0,
        413
    );

    sent(addr, draft(0, 1).creates(deploys(REVERT)));
    result(addr, "evm_mine", json!([]));
    let reason = hex!(
        "08c379a0"
        "0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000004"
        "6e6f706500000000000000000000000000000000000000000000000000000000"
    );
    for method in ["eth_call", "eth_estimateGas"] {
        let call = json!([{ "to": created(0, 1), "data": Bytes::from(reason) }]);
        let error = ask(addr, method, call)["error"].take();
        let data = Bytes::from(reason);
        let message = "execution reverted: nope";
        assert_eq!(
            error,
            json!({ "code": 3, "message": message, "data": data })
        );
    }
    let bad = json!([{ "input": "0xfe" }]);
    assert_eq!(
        error(addr, "eth_call", bad),
        (-32000, "invalid opcode".into())
    );
}

#[test]
fn a_batch_is_answered_in_order_without_its_notifications() {
    let (server, _) = started(Config::default());
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "eth_chainId" },
        { "jsonrpc": "2.0", "method": "evm_mine" },
        { "jsonrpc": "2.0", "id": 2, "method": "eth_blockNumber", "params": [] },
        { "jsonrpc": "2.0", "id": 3, "method": "nothing" },
    ]);
    let (_, text) = post(
        server.addr(),
        "application/json",
        batch.to_string().as_bytes(),
    );
    let answers: Vec<Value> = serde_json::from_str(&text).unwrap();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!("a"), &json!(2), &json!(3)]);
    assert_eq!(answers[1]["result"], json!("0x1"));
    assert_eq!(answers[2]["error"]["code"], json!(-32601));
}

#[test]
fn storage_values_come_in_the_order_asked() {
    let (server, _) = started(Config::default());
    let addr = server.addr();
    sent(addr, draft(0, 0).creates(deploys(FILL)));
    sent(addr, draft(0, 1).to(created(0, 0)).data(words(&[10, 5])));
    let (full, bare) = (created(0, 0), created(7, 7));
    let asked =
        json!({ full.to_string(): [word(12), word(99), word(10)], bare.to_string(): [word(1)] });
    let got = result(addr, "eth_getStorageValues", json!([asked, "latest"]));
    let lower = |address: Address| format!("{address:#x}");
    assert_eq!(got[lower(full)], json!([word(12), word(0), word(10)]));
    assert_eq!(got[lower(bare)], json!([word(0)]));
    assert_eq!(
        error(addr, "eth_getStorageValues", json!([{}, "latest"])).0,
        -32602
    );
    let many: Vec<B256> = (0..1_025).map(word).collect();
    let many = json!([{ full.to_string(): many }, "latest"]);
    assert_eq!(error(addr, "eth_getStorageValues", many).0, -38026);
}

#[test]
fn logs_are_filtered_by_range_hash_addresses_and_topics() {
    let (server, _) = started(Config::default());
    let addr = server.addr();
    sent(addr, draft(0, 0).creates(deploys(STORE)));
    sent(addr, draft(0, 1).creates(deploys(STORE)));
    for nonce in 2..8 {
        let to = created(0, nonce % 2);
        sent(
            addr,
            draft(0, nonce).to(to).data(words(&[nonce / 2, nonce])),
        );
    }
    let count = |filter: Value| -> usize {
        let logs = result(addr, "eth_getLogs", json!([filter]));
        serde_json::from_value::<Vec<Log>>(logs).unwrap().len()
    };
    let (even, odd) = (created(0, 0), created(0, 1));
    assert_eq!(count(json!({ "fromBlock": "earliest" })), 6);
    assert_eq!(count(json!({})), 1);
    assert_eq!(count(json!({ "fromBlock": "0x4", "toBlock": "0x6" })), 3);
    assert_eq!(count(json!({ "fromBlock": "0x0", "address": even })), 3);
    assert_eq!(
        count(json!({ "fromBlock": "0x0", "address": [even, odd] })),
        6
    );
    assert_eq!(count(json!({ "fromBlock": "0x0", "topics": [word(2)] })), 2);
    assert_eq!(
        count(json!({ "fromBlock": "0x0", "topics": [[word(2), word(3)]] })),
        4
    );
    assert_eq!(
        count(json!({ "fromBlock": "0x0", "address": odd, "topics": [word(2)] })),
        1
    );
    assert_eq!(
        count(json!({ "fromBlock": "0x0", "topics": [null, word(2)] })),
        0
    );
    let block = result(addr, "eth_getBlockByNumber", json!(["0x5", false]))["hash"].take();
    assert_eq!(count(json!({ "blockHash": block })), 1);
    assert_eq!(
        error(addr, "eth_getLogs", json!([{ "blockHash": word(1) }])).0,
        -32000
    );
    let backwards = json!([{ "fromBlock": "0x5", "toBlock": "0x4" }]);
    assert_eq!(error(addr, "eth_getLogs", backwards).0, -32602);
}

#[test]
fn calls_see_overrides() {
    let (server, _) = started(Config::default());
    let addr = server.addr();
    sent(addr, draft(0, 0).creates(deploys(STORE)));
    let store = created(0, 0);
    let call = json!({ "to": store, "input": words(&[4]) });
    let with = |over: Value| {
        result(
            addr,
            "eth_call",
            json!([call, "latest", { store.to_string(): over }]),
        )
    };
    assert_eq!(
        with(json!({ "stateDiff": { word(4).to_string(): word(8) } })),
        json!(word(8))
    );
    assert_eq!(
        with(json!({ "state": { word(5).to_string(): word(8) } })),
        json!(word(0))
    );
    // CALLVALUE is replaced by SELFBALANCE: the balance of the overridden account.
    let balance = hex!("475f5260205ff3");
    let over = json!({ "code": Bytes::from(balance), "balance": "0x1234" });
    assert_eq!(with(over), json!(word(0x1234)));
}

#[test]
fn fees_are_suggested_and_remembered() {
    let (server, chain) = started(Config {
        mining: Mining::Manual,
        ..Config::default()
    });
    let addr = server.addr();
    for (account, tip) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        sent(addr, draft(account, 0).fees(100 * GWEI, tip * GWEI));
    }
    let block = chain.mine();
    chain.mine();
    let history = result(addr, "eth_feeHistory", json!(["0x2", "0x1", [0, 50, 100]]));
    let history: FeeHistory = serde_json::from_value(history).unwrap();
    assert_eq!(history.oldest_block, 0);
    assert_eq!(history.base_fee_per_gas[1], block.base_fee);
    assert_eq!(history.base_fee_per_gas.len(), 3);
    assert_eq!(history.gas_used_ratio, [0.0, 84_000.0 / 60_000_000.0]);
    assert_eq!(history.reward.unwrap()[1], [GWEI, 2 * GWEI, 4 * GWEI]);
    let price: U64 = serde_json::from_value(result(addr, "eth_gasPrice", json!([]))).unwrap();
    assert_eq!(
        price.to::<u64>(),
        chain.node().next_base_fee() + 1_000_000_000
    );
}

#[test]
fn development_methods_move_time_blocks_and_money() {
    let config = Config {
        mining: Mining::Manual,
        finality_depth: 9,
        ..Config::default()
    };
    let (server, _) = started(config);
    let addr = server.addr();
    let newest = || {
        let block = result(addr, "eth_getBlockByNumber", json!(["latest", false]));
        serde_json::from_value::<Block>(block).unwrap().header
    };
    let start = newest().timestamp;
    result(addr, "evm_increaseTime", json!([100]));
    result(addr, "anvil_mine", json!(["0x3"]));
    assert_eq!((newest().number, newest().timestamp), (3, start + 103));
    result(addr, "evm_setNextBlockTimestamp", json!([start + 1_000]));
    result(addr, "evm_mine", json!([]));
    assert_eq!(newest().timestamp, start + 1_000);
    assert_eq!(
        error(addr, "evm_setNextBlockTimestamp", json!([start])).0,
        -32602
    );

    result(
        addr,
        "anvil_setBalance",
        json!([Address::repeat_byte(1), "0x10"]),
    );
    let balance = json!([Address::repeat_byte(1), "latest"]);
    assert_eq!(result(addr, "eth_getBalance", balance), json!("0x10"));
    let word = B256::with_last_byte(7);
    let place = json!([Address::repeat_byte(1), "0x2", word]);
    assert_eq!(result(addr, "anvil_setStorageAt", place), json!(true));
    let place = json!([Address::repeat_byte(1), "0x2", "latest"]);
    assert_eq!(result(addr, "eth_getStorageAt", place), json!(word));
    let hash = sent(addr, draft(0, 0));
    sent(addr, draft(0, 2));
    let status = json!({ "pending": "0x1", "queued": "0x1" });
    assert_eq!(result(addr, "txpool_status", json!([])), status);
    assert_eq!(
        result(
            addr,
            "eth_getTransactionCount",
            json!([DEV_ACCOUNTS[0].address, "pending"])
        ),
        json!("0x1")
    );
    result(addr, "evm_mine", json!([]));
    assert_ne!(
        result(addr, "eth_getTransactionReceipt", json!([hash])),
        Value::Null
    );
    let old = newest();
    result(addr, "anvil_reorg", json!([2, []]));
    assert_eq!(newest().number, old.number);
    assert_ne!(newest().hash, old.hash);
    assert_eq!(
        result(addr, "eth_getTransactionReceipt", json!([hash])),
        Value::Null
    );
    assert_eq!(error(addr, "anvil_reorg", json!([200, []])).0, -32000);
    result(addr, "evm_setAutomine", json!([true]));
    sent(addr, draft(0, 0));
    assert_eq!(newest().number, old.number + 1);
}

#[test]
fn a_server_stops_and_frees_its_port_and_can_mine_by_itself() {
    let chain = EmbeddedChain::new(Config {
        mining: Mining::Manual,
        ..Config::default()
    });
    let interval = Some(Duration::from_millis(10));
    let options = ServeOptions {
        block_interval: interval,
        ..ServeOptions::default()
    };
    let server = serve(chain.clone(), ([127, 0, 0, 1], 0).into(), options).unwrap();
    let addr = server.addr();
    assert_eq!(server.url(), format!("http://{addr}"));
    assert!(
        serve(chain.clone(), addr, options).is_err(),
        "the port is taken"
    );
    let patience = Instant::now() + Duration::from_secs(30);
    while chain.node().head().header.number < 3 {
        assert!(Instant::now() < patience, "no block is made");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.shutdown();
    assert!(std::net::TcpStream::connect(addr).is_err());
    serve(chain, addr, options).unwrap();
}
