//! The embedded chain and a real anvil do the same with the same transactions.

use crate::code::{FILL, GREEDY, REVERT, STORE, created, deploys, words};
use crate::http::{ask, result};
use crate::wallet::{Draft, GWEI, draft};
use alloy_primitives::{B256, Bytes, hex};
use sealift_evm::rpc::{ServeOptions, serve};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running anvil; it ends with the test.
pub(crate) struct Anvil {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the anvil that `SEALIFT_ANVIL` names, on a free port; says so where there is none.
pub(crate) fn anvil(test: &str) -> Option<Anvil> {
    let Ok(program) = std::env::var("SEALIFT_ANVIL") else {
        println!("skipped: {test}: SEALIFT_ANVIL is not set");
        return None;
    };
    let mut child = Command::new(program)
        .args([
            "--port",
            "0",
            "--hardfork",
            "osaka",
            "--gas-limit",
            "60000000",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("SEALIFT_ANVIL names a program");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let addr = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("Listening on ")?.trim().parse().ok())
        .expect("anvil says where it listens");
    Some(Anvil { child, addr })
}

/// A generator of the same numbers for ever (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Emits nothing, and destroys itself in favour of the caller.
const DESTROYED: &[u8] = &hex!("33ff");

/// Random transactions of three senders: creations, writes, clears, reverts, bad opcodes, values,
/// too little gas; all three types.
fn random(seed: u64, count: usize) -> Vec<Draft> {
    let mut random = Random(seed);
    let mut nonces = [0; 3];
    let mut drafts = Vec::new();
    for (account, code) in [
        (0, STORE),
        (1, FILL),
        (2, REVERT),
        (0, GREEDY),
        (1, DESTROYED),
    ] {
        drafts.push(draft(account, nonces[account]).creates(deploys(code)));
        nonces[account] += 1;
    }
    for _ in 0..count {
        let account = random.below(3) as usize;
        let plain = draft(account, nonces[account]).ty(random.below(3) as u8);
        nonces[account] += 1;
        let tip = u128::from(random.below(5)) * GWEI;
        let gas = 60_000 + random.below(400_000);
        let plain = plain.fees(40 * GWEI + tip, tip).gas(gas);
        drafts.push(match random.below(9) {
            0..3 => plain
                .to(created(0, 0))
                .data(words(&[random.below(6), random.below(3)])),
            3 => plain
                .to(created(1, 0))
                .data(words(&[1 + random.below(30), random.below(12)])),
            4 => plain.to(created(2, 0)).data(words(&[random.below(9)])),
            5 => plain.to(created(0, 1)),
            6 => plain
                .to(created(1, 1))
                .value(u128::from(random.below(1_000))),
            7 => plain.creates(hex!("fe")),
            _ => plain
                .creates(deploys(STORE))
                .value(u128::from(random.below(2))),
        });
    }
    drafts
}

/// The receipt; anvil answers a send before its block is there.
fn receipt(addr: SocketAddr, hash: B256) -> Value {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let receipt = result(addr, "eth_getTransactionReceipt", json!([hash]));
        if !receipt.is_null() {
            return receipt;
        }
        assert!(Instant::now() < patience, "no receipt of {hash}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a receipt says, block hashes aside.
fn outcome(addr: SocketAddr, draft: &Draft) -> Value {
    let (raw, hash) = draft.sign();
    let sent = ask(addr, "eth_sendRawTransaction", json!([Bytes::from(raw)]));
    assert_eq!(sent["result"], json!(hash), "{draft:?}: {sent}");
    let receipt = receipt(addr, hash);
    let logs = receipt["logs"].as_array().unwrap().iter();
    let logs: Vec<Value> = logs
        .map(|log| json!([log["address"], log["topics"], log["data"], log["logIndex"]]))
        .collect();
    json!({
        "status": receipt["status"],
        "gasUsed": receipt["gasUsed"],
        "cumulativeGasUsed": receipt["cumulativeGasUsed"],
        "contractAddress": receipt["contractAddress"],
        "type": receipt["type"],
        "logs": logs,
        "logsBloom": receipt["logsBloom"],
        "blockNumber": receipt["blockNumber"],
        "effectiveGasPrice": receipt["effectiveGasPrice"],
    })
}

#[test]
fn the_same_transactions_have_the_same_effects_as_on_anvil() {
    let Some(anvil) = anvil("the_same_transactions_have_the_same_effects_as_on_anvil") else {
        return;
    };
    // anvil's block 1 has the base fee of block 0; with this one, ours falls to the same.
    let config = Config {
        base_fee_wei: 1_142_857_142,
        ..Config::default()
    };
    let chain = EmbeddedChain::new(config);
    let server = serve(chain, ([127, 0, 0, 1], 0).into(), ServeOptions::default()).unwrap();
    let (ours, theirs) = (server.addr(), anvil.addr);
    let drafts = random(0x5ea1, 300);
    for draft in &drafts {
        assert_eq!(outcome(ours, draft), outcome(theirs, draft), "{draft:?}");
    }
    let mut accounts: Vec<_> = DEV_ACCOUNTS[..4].iter().map(|dev| dev.address).collect();
    for draft in drafts.iter().filter(|draft| draft.to.is_none()) {
        accounts.push(created(draft.account, draft.nonce));
    }
    for account in accounts {
        let mut asked = vec![
            ("eth_getBalance", json!([account, "latest"])),
            ("eth_getTransactionCount", json!([account, "latest"])),
            ("eth_getCode", json!([account, "latest"])),
        ];
        for slot in 0..45 {
            asked.push((
                "eth_getStorageAt",
                json!([account, format!("{slot:#x}"), "latest"]),
            ));
        }
        for (method, params) in asked {
            let (left, right) = (
                result(ours, method, params.clone()),
                result(theirs, method, params.clone()),
            );
            assert_eq!(left, right, "{method} {params}");
        }
    }
}
