//! What a journal holds, and what must be true of it whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, TxKind};
use sealift_journal::{Memory, codec};
use sealift_protocol::event::TxId;
use sealift_protocol::{Intent, Record};

/// All records of all lives.
pub(crate) fn records(memory: &Memory) -> Vec<Record> {
    let frames = memory.frames();
    let decoded = frames
        .iter()
        .map(|frame| codec::decode(frame.version, frame.kind, &frame.payload));
    decoded.map(|record| record.expect("a record")).collect()
}

/// The hashes of all bytes that were written down.
pub(crate) fn signed(records: &[Record]) -> BTreeSet<B256> {
    let hash = |record: &Record| match record {
        Record::Signed { variant, .. } => Some(variant.hash),
        _ => None,
    };
    records.iter().filter_map(hash).collect()
}

/// The nonces that were bound to an intent, in order.
pub(crate) fn bound(records: &[Record], wanted: Intent) -> Vec<TxId> {
    let of = |record: &Record| match record {
        Record::Bound { tx, intent, .. } if *intent == wanted => Some(*tx),
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

/// What all variants of one nonce have in common: callee, input, gas limit, nonce.
type Body = (TxKind, Vec<u8>, u64, u64);

fn body(raw: &[u8]) -> Body {
    let tx = TxEnvelope::decode_2718(&mut &*raw).expect("a signed transaction");
    (tx.kind(), tx.input().to_vec(), tx.gas_limit(), tx.nonce())
}

/// One nonce, one intent: what was signed for a nonce differs in fees only, and a nonce for which bytes
/// exist is never bound again, neither to another intent nor to the same.
#[track_caller]
pub(crate) fn assert_one_intent(records: &[Record]) {
    let mut bodies: BTreeMap<TxId, Body> = BTreeMap::new();
    let mut hashes = BTreeSet::new();
    for record in records {
        match record {
            Record::Bound { tx, intent, .. } => {
                let taken = bodies.contains_key(tx);
                assert!(!taken, "{tx:?} has bytes, and is bound to '{intent}'");
            }
            Record::Signed { tx, variant } => {
                let body = body(&variant.raw);
                assert_eq!(body.3, tx.nonce, "the nonce that was signed");
                let first = bodies.entry(*tx).or_insert_with(|| body.clone());
                assert_eq!(*first, body, "two variants of {tx:?}");
                assert!(hashes.insert(variant.hash), "{tx:?} is signed twice");
            }
            _ => {}
        }
    }
}

/// The batches that were staged, from the chain's own receipts, in order.
pub(crate) fn staged_batches(records: &[Record]) -> Vec<u32> {
    let mut finalized: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Finalized {
                tx,
                succeeded: true,
                ..
            } => Some(*tx),
            _ => None,
        })
        .collect();
    finalized.sort();
    let bound = |wanted| {
        records.iter().find_map(|record| match record {
            Record::Bound {
                tx,
                intent: Intent::Stage { index, .. },
                ..
            } if *tx == wanted => Some(*index),
            _ => None,
        })
    };
    finalized.into_iter().filter_map(bound).collect()
}
