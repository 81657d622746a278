//! How fast the embedded chain mines: `cargo run --release -p sealift-evm --example throughput`.
//!
//! Transactions that write 732 fresh storage words each (about 16.5M gas), over a contract that has
//! 250,000 words already.
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, TxKind, U256, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use sealift_engine::chain::{Chain, SendAnswer};
use sealift_evm::{Config, DEV_ACCOUNTS, EmbeddedChain};
use std::time::Instant;

/// Deploys a contract that writes the slots `start..start + n`, each with its own number.
const FILL: &[u8] = &hex!(
    "61001c80600a5f395ff3"
    "5f356020358101" "5b80821015601a5790808055600101906007565b00"
);
const PER_TX: u64 = 732;

fn main() {
    let chain = EmbeddedChain::new(Config::default());
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].key).expect("a key");
    let signed = |nonce: u64, to: Option<_>, input: Vec<u8>| {
        let tx = TxEip1559 {
            chain_id: 31_337,
            nonce,
            gas_limit: 16_777_216,
            max_fee_per_gas: 1_000_000_000_000,
            max_priority_fee_per_gas: 0,
            to: to.map_or(TxKind::Create, TxKind::Call),
            value: U256::ZERO,
            access_list: Default::default(),
            input: Bytes::from(input),
        };
        let signature = signer
            .sign_hash_sync(&tx.signature_hash())
            .expect("a signature");
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718()
    };
    assert_eq!(
        chain.send(&signed(0, None, FILL.to_vec())),
        SendAnswer::Accepted
    );
    let fill = DEV_ACCOUNTS[0].address.create(0);
    let call = |index: u64| {
        let words = [U256::from(1 + index * PER_TX), U256::from(PER_TX)];
        let data: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
        signed(1 + index, Some(fill), data)
    };
    for round in 0..2 {
        let raw: Vec<_> = (round * 350..(round + 1) * 350).map(call).collect();
        let start = Instant::now();
        for raw in &raw {
            assert_eq!(chain.send(raw), SendAnswer::Accepted);
        }
        let secs = start.elapsed().as_secs_f64();
        let node = chain.node();
        let gas: u64 = (0..350)
            .filter_map(|back| node.block(node.head().header.number - back))
            .map(|block| block.header.gas_used)
            .sum();
        let words = 350.0 * PER_TX as f64;
        println!(
            "words before {:>7}: {gas} gas in {secs:.2} s, {:.0} Mgas/s, {:.0} words/s",
            round * 350 * PER_TX,
            gas as f64 / secs / 1e6,
            words / secs,
        );
    }
    let file = std::env::temp_dir().join(format!("sealift-throughput-{}", std::process::id()));
    let start = Instant::now();
    chain.save(&file).expect("a saved chain");
    let saved = start.elapsed();
    let bytes = std::fs::metadata(&file).expect("a file").len();
    let start = Instant::now();
    EmbeddedChain::load(&file, Config::default()).expect("the same chain");
    println!(
        "saved in {saved:.2?} ({bytes} bytes), loaded in {:.2?}",
        start.elapsed()
    );
    std::fs::remove_file(&file).expect("the file");
}
