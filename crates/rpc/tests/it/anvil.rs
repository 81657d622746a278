//! The port against a real anvil, whose path is in `SEALIFT_ANVIL`.

use crate::keys::{ADDRESS, KEY};
use alloy_primitives::{Address, B256, Bytes, U256, bytes, hex, keccak256};
use sealift_engine::chain::{Answer, At, Chain, ChainError, LogFilter, Query, Receipt, SendAnswer};
use sealift_protocol::event::Rejection;
use sealift_rpc::{Finality, HttpChain, LocalKeys, Options, Signed, TxFields};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// anvil's default chain id.
const CHAIN_ID: u64 = 31337;
/// Longest wait for the node to start, and for a transaction to be mined.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stores the block number in slot 0 and emits an event whose topic is 32 times 0x11.
const RUNTIME: [u8; 39] = {
    let mut code = [0x11; 39];
    code[0] = 0x7f; // PUSH32 topic
    let tail = [0x5f, 0x5f, 0xa1, 0x43, 0x5f, 0x55]; // PUSH0 PUSH0 LOG1 NUMBER PUSH0 SSTORE
    let mut i = 0;
    while i < tail.len() {
        code[33 + i] = tail[i];
        i += 1;
    }
    code
};
const TOPIC: B256 = B256::repeat_byte(0x11);
/// Reverts with 0xdeadbeef.
const REVERTER: Bytes = bytes!("63deadbeef5f526004601cfd");

struct Anvil {
    child: Child,
    url: String,
    chain: HttpChain,
    keys: LocalKeys,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A fresh node, or `None` (said by name) where there is no anvil.
fn anvil(test: &str, arguments: &[&str]) -> Option<Anvil> {
    let Some(binary) = std::env::var_os("SEALIFT_ANVIL") else {
        eprintln!("skipped, SEALIFT_ANVIL is not set: {test}");
        return None;
    };
    let mut child = Command::new(binary)
        .args(["--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, listening) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                let _ = sender.send(address.to_owned());
            }
        }
    });
    let Ok(address) = listening.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        panic!("anvil does not start");
    };
    let url = format!("http://{address}");
    let chain = HttpChain::connect(&url, options(Finality::Depth(0))).unwrap();
    let keys = LocalKeys::from_private_key(KEY).unwrap();
    Some(Anvil {
        child,
        url,
        chain,
        keys,
    })
}

fn options(finality: Finality) -> Options {
    Options {
        finality,
        timeout_secs: 20,
        ..Options::default()
    }
}

impl Anvil {
    fn fields(&self, nonce: u64, to: Option<Address>, input: Bytes) -> TxFields {
        TxFields {
            chain_id: CHAIN_ID,
            nonce,
            to,
            value: U256::ZERO,
            input,
            gas_limit: 200_000,
            max_fee_per_gas: 5_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
        }
    }

    fn sign(&self, fields: &TxFields) -> Signed {
        self.keys.sign(ADDRESS, fields).unwrap()
    }

    fn send(&self, fields: &TxFields) -> SendAnswer {
        self.chain.send(&self.sign(fields).raw)
    }

    /// Sends, and waits for the receipt.
    fn mine(&self, fields: &TxFields) -> Receipt {
        let signed = self.sign(fields);
        assert_eq!(self.chain.send(&signed.raw), SendAnswer::Accepted);
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let [Some(receipt)] = &self.chain.receipts(&[signed.hash]).unwrap()[..] {
                assert_eq!(receipt.transaction, signed.hash);
                return receipt.clone();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("not mined");
    }

    /// Deploys [`RUNTIME`] with nonce 0.
    fn deploy(&self) -> Address {
        // PUSH1 len DUP1 PUSH1 9 PUSH0 CODECOPY PUSH0 RETURN
        let mut init = hex!("60278060095f395ff3").to_vec();
        init.extend_from_slice(&RUNTIME);
        let receipt = self.mine(&self.fields(0, None, init.into()));
        assert!(receipt.succeeded);
        let address = ADDRESS.create(0);
        let code = self
            .chain
            .read(At::Latest, &[Query::Code(address)])
            .unwrap();
        assert_eq!(code, [Answer::Bytes(RUNTIME.into())]);
        address
    }

    /// Calls the contract once more.
    fn poke(&self, nonce: u64, contract: Address) -> Receipt {
        self.mine(&self.fields(nonce, Some(contract), Bytes::new()))
    }
}

fn call(to: Option<Address>, data: Bytes, code_override: Option<(Address, Bytes)>) -> Query {
    Query::Call {
        from: ADDRESS,
        to,
        data,
        code_override,
    }
}

#[test]
fn identity_and_headers() {
    let Some(node) = anvil("identity_and_headers", &[]) else {
        return;
    };
    let identity = node.chain.identity().unwrap();
    assert_eq!(identity.chain_id, CHAIN_ID);
    let genesis = node.chain.header(At::Number(0)).unwrap().unwrap();
    assert_eq!(identity.genesis, genesis.hash);
    node.deploy();
    let latest = node.chain.header(At::Latest).unwrap().unwrap();
    assert_eq!((latest.number, latest.parent), (1, genesis.hash));
    assert!(latest.base_fee > 0 && latest.gas_limit > 0 && latest.timestamp > 0);
    assert_eq!(
        node.chain.header(At::Hash(latest.hash)).unwrap(),
        Some(latest)
    );
    assert_eq!(node.chain.header(At::Number(2)).unwrap(), None);
    assert_eq!(
        node.chain.header(At::Hash(B256::repeat_byte(7))).unwrap(),
        None
    );
    assert!(node.chain.client_version().unwrap().starts_with("anvil/"));
    assert!(node.chain.tip_wei().unwrap() > 0);
}

#[test]
fn finality_modes() {
    let Some(node) = anvil("finality_modes", &["--slots-in-an-epoch", "1"]) else {
        return;
    };
    let contract = node.deploy();
    for nonce in 1..5 {
        node.poke(nonce, contract);
    }
    // Five blocks; anvil calls a block final two epochs later.
    for (finality, number) in [
        (Finality::Tag, 3),
        (Finality::Depth(0), 5),
        (Finality::Depth(2), 3),
        (Finality::Depth(9), 0),
    ] {
        let chain = HttpChain::connect(&node.url, options(finality)).unwrap();
        let header = chain.header(At::Finalized).unwrap().unwrap();
        assert_eq!(header.number, number, "{finality:?}");
        let slot = chain
            .read(At::Finalized, &[Query::Storage(contract, U256::ZERO)])
            .unwrap();
        assert_eq!(
            slot,
            [Answer::Word(U256::from(if number > 1 {
                number
            } else {
                0
            }))]
        );
    }
}

#[test]
fn reads_after_a_block() {
    let Some(node) = anvil("reads_after_a_block", &[]) else {
        return;
    };
    let contract = node.deploy();
    let second = node.poke(1, contract);
    let third = node.poke(2, contract);
    let queries = [
        Query::Storage(contract, U256::ZERO),
        Query::Nonce(ADDRESS),
        Query::Code(contract),
        Query::Code(Address::repeat_byte(9)),
        Query::Balance(Address::repeat_byte(9)),
        call(Some(contract), Bytes::new(), None),
    ];
    let expected = |block: u64, nonce: u64| {
        vec![
            Answer::Word(U256::from(block)),
            Answer::Word(U256::from(nonce)),
            Answer::Bytes(RUNTIME.into()),
            Answer::Bytes(Bytes::new()),
            Answer::Word(U256::ZERO),
            Answer::Bytes(Bytes::new()),
        ]
    };
    let read = |at| node.chain.read(at, &queries).unwrap();
    assert_eq!(read(At::Hash(second.block.hash)), expected(2, 2));
    assert_eq!(read(At::Number(2)), expected(2, 2));
    assert_eq!(read(At::Hash(third.block.hash)), expected(3, 3));
    assert_eq!(read(At::Latest), expected(3, 3));
    for at in [At::Hash(B256::repeat_byte(7)), At::Number(99)] {
        for count in [1, 2] {
            let missing = node.chain.read(at, &queries[..count]);
            assert!(
                matches!(missing, Err(ChainError::Missing(a)) if a == at),
                "{missing:?}"
            );
        }
    }
}

#[test]
fn reverts_and_overrides() {
    let Some(node) = anvil("reverts_and_overrides", &[]) else {
        return;
    };
    let empty = Address::repeat_byte(9);
    let run = |code: Bytes| call(Some(empty), Bytes::new(), Some((empty, code)));
    let answers = node
        .chain
        .read(
            At::Latest,
            &[
                run(REVERTER),
                // 42: PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
                run(bytes!("602a5f5260205ff3")),
                run(bytes!("fe")),
                run(bytes!("5f5ffd")),
                // Init code: its answer is what it returns.
                call(None, bytes!("602a5f5260205ff3"), None),
                call(None, REVERTER, None),
                Query::Gas {
                    from: ADDRESS,
                    to: Some(empty),
                    data: Bytes::new(),
                },
                Query::Gas {
                    from: ADDRESS,
                    to: None,
                    data: REVERTER,
                },
            ],
        )
        .unwrap();
    let word = Bytes::from(U256::from(42).to_be_bytes_vec());
    assert_eq!(
        answers,
        [
            Answer::Reverted(bytes!("deadbeef")),
            Answer::Bytes(word.clone()),
            Answer::Reverted(Bytes::new()),
            Answer::Reverted(Bytes::new()),
            Answer::Bytes(word),
            Answer::Reverted(bytes!("deadbeef")),
            Answer::Word(U256::from(21_000)),
            Answer::Reverted(bytes!("deadbeef")),
        ]
    );
}

#[test]
fn a_failed_transaction_has_a_receipt() {
    let Some(node) = anvil("a_failed_transaction_has_a_receipt", &[]) else {
        return;
    };
    let receipt = node.mine(&node.fields(0, None, REVERTER));
    assert!(!receipt.succeeded);
    assert!(receipt.gas_used > 53_000 && receipt.effective_gas_price > 0);
    assert_eq!(receipt.block.number, 1);
    let latest = node.chain.header(At::Latest).unwrap().unwrap();
    assert_eq!(latest.id(), receipt.block);
    assert_eq!(
        node.chain.receipts(&[keccak256(b"nothing")]).unwrap(),
        [None]
    );
}

#[test]
fn what_a_node_says_of_sends() {
    let Some(node) = anvil("what_a_node_says_of_sends", &[]) else {
        return;
    };
    let base = node.fields(0, Some(Address::repeat_byte(9)), Bytes::new());
    let rejected = |fields: &TxFields| match node.send(fields) {
        SendAnswer::Rejected(why) => why,
        other => panic!("{other:?}"),
    };
    let no_fee = TxFields {
        max_fee_per_gas: 1,
        max_priority_fee_per_gas: 1,
        ..base.clone()
    };
    assert_eq!(rejected(&no_fee), Rejection::Underpriced);
    let rich = TxFields {
        value: U256::MAX >> 1,
        ..base.clone()
    };
    assert_eq!(rejected(&rich), Rejection::InsufficientFunds);
    let little = TxFields {
        gas_limit: 20_000,
        ..base.clone()
    };
    assert!(matches!(rejected(&little), Rejection::Invalid(_)));
    let much = TxFields {
        gas_limit: 1 << 40,
        ..base.clone()
    };
    let much = rejected(&much);
    assert!(
        matches!(much, Rejection::Invalid(_) | Rejection::InsufficientFunds),
        "{much:?}"
    );
    let elsewhere = TxFields {
        chain_id: 1,
        ..base.clone()
    };
    assert!(matches!(rejected(&elsewhere), Rejection::Invalid(_)));
    let large = TxFields {
        to: None,
        input: vec![0; 49_153].into(),
        gas_limit: 10_000_000,
        ..base.clone()
    };
    assert!(matches!(rejected(&large), Rejection::Invalid(_)));
    assert!(matches!(
        node.chain.send(b"no transaction"),
        SendAnswer::Ambiguous(_)
    ));
    assert!(node.mine(&base).succeeded);
    assert_eq!(rejected(&base), Rejection::NonceTooLow);
    // A gap is taken and waits; the same bytes again, and a cheaper twin, prove nothing.
    let gap = TxFields {
        nonce: 5,
        ..base.clone()
    };
    assert_eq!(node.send(&gap), SendAnswer::Accepted);
    assert!(matches!(node.send(&gap), SendAnswer::Ambiguous(_)));
    let twin = TxFields {
        value: U256::ONE,
        ..gap
    };
    assert!(matches!(node.send(&twin), SendAnswer::Ambiguous(_)));
}

#[test]
fn logs_of_a_contract() {
    let Some(node) = anvil("logs_of_a_contract", &[]) else {
        return;
    };
    let contract = node.deploy();
    let blocks: Vec<_> = (1..=4)
        .map(|nonce| node.poke(nonce, contract).block)
        .collect();
    let filter = LogFilter {
        address: contract,
        topic0: TOPIC,
        from: 0,
        to: 5,
    };
    let logs = node.chain.logs(&filter).unwrap();
    let places: Vec<_> = logs.iter().map(|log| (log.block, log.block_hash)).collect();
    let expected: Vec<_> = blocks
        .iter()
        .map(|block| (block.number, block.hash))
        .collect();
    assert_eq!(places, expected);
    assert!(
        logs.iter()
            .all(|log| log.topics == [TOPIC] && log.address == contract)
    );
    let part = node
        .chain
        .logs(&LogFilter {
            from: 3,
            to: 4,
            ..filter
        })
        .unwrap();
    assert_eq!(part, logs[1..3]);
    let beyond = node.chain.logs(&LogFilter { to: 6, ..filter });
    assert!(
        matches!(beyond, Err(ChainError::Missing(At::Number(6)))),
        "{beyond:?}"
    );
    let other = LogFilter {
        topic0: B256::repeat_byte(0x22),
        ..filter
    };
    assert_eq!(node.chain.logs(&other).unwrap(), []);
}

/// Thousands of cold accounts in one call: what a lens contract reads. 2,600 gas each and more, far
/// above the cap on a transaction.
#[test]
fn a_call_above_the_transaction_cap() {
    let Some(node) = anvil("a_call_above_the_transaction_cap", &["--hardfork", "osaka"]) else {
        return;
    };
    // PUSH3 n JUMPDEST DUP1 BALANCE POP PUSH1 1 SWAP1 SUB DUP1 PUSH1 4 JUMPI STOP
    let code = |n: u32| {
        let mut code = vec![0x62];
        code.extend_from_slice(&n.to_be_bytes()[1..]);
        code.extend_from_slice(&hex!("5b803150600190038060045700"));
        Bytes::from(code)
    };
    // 24 million gas, which anvil grants by itself, and 260 million, which it has to be asked for.
    let queries = [
        call(None, code(9_000), None),
        call(None, code(100_000), None),
    ];
    let answers = node.chain.read(At::Latest, &queries).unwrap();
    assert_eq!(
        answers,
        [Answer::Bytes(Bytes::new()), Answer::Bytes(Bytes::new())]
    );
    let small = Options {
        call_gas: 100_000_000,
        ..options(Finality::Depth(0))
    };
    let refused = HttpChain::connect(&node.url, small)
        .unwrap()
        .read(At::Latest, &queries);
    assert!(
        matches!(refused, Err(ChainError::Refused(_))),
        "{refused:?}"
    );
}
