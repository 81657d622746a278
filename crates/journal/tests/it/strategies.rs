//! Arbitrary records.

use alloy_primitives::{Address, B256, Bytes, U256};
use proptest::collection::vec;
use proptest::prelude::*;
use sealift_journal::{Binding, Record};
use sealift_protocol::event::{BlockId, FinalList, Gate, TxId, Variant};
use sealift_protocol::{Intent, Outcome};

fn word() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::new)
}

/// Small, large and in between: varints change their length.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..300_u64, any::<u64>(), Just(u64::MAX)]
}

fn block() -> impl Strategy<Value = BlockId> {
    (number(), word()).prop_map(|(number, hash)| BlockId { number, hash })
}

fn tx() -> impl Strategy<Value = TxId> {
    (any::<[u8; 20]>(), number()).prop_map(|(sender, nonce)| TxId {
        sender: Address::new(sender),
        nonce,
    })
}

fn gate() -> impl Strategy<Value = Gate> {
    prop_oneof![Just(Gate::Seal), Just(Gate::Commit)]
}

fn intent() -> impl Strategy<Value = Intent> {
    (0..16_u8, any::<u32>(), any::<u32>(), any::<u32>())
        .prop_map(|(which, lane, b, c)| intent_of(which, lane, b, c))
}

/// The `which`th of the sixteen intents.
pub(crate) fn intent_of(which: u8, lane: u32, b: u32, c: u32) -> Intent {
    match which {
        0 => Intent::DeployMigration,
        1 => Intent::DeployGuard { lane },
        2 => Intent::DeployLedger { lane },
        3 => Intent::Handover { lane, step: b },
        4 => Intent::Open,
        5 => Intent::Freeze,
        6 => Intent::Declare {
            lane,
            generation: b,
        },
        7 => Intent::Stage {
            lane,
            generation: b,
            index: c,
        },
        8 => Intent::Restart {
            lane,
            generation: b,
        },
        9 => Intent::Seal,
        10 => Intent::Commit,
        11 => Intent::Abort,
        12 => Intent::Release { lane },
        13 => Intent::Reclaim { lane },
        14 => Intent::Retire { lane },
        _ => Intent::Materialize { lane, index: b },
    }
}

fn variant() -> impl Strategy<Value = Variant> {
    (
        word(),
        any::<u128>(),
        any::<u128>(),
        vec(any::<u8>(), 0..600),
    )
        .prop_map(|(hash, max_fee, tip, raw)| Variant {
            hash,
            max_fee,
            tip,
            raw: Bytes::from(raw),
        })
}

fn list() -> impl Strategy<Value = FinalList> {
    (block(), number(), any::<[u8; 32]>(), word()).prop_map(|(block, count, sum, digest)| {
        FinalList {
            block,
            count,
            sum: U256::from_be_bytes(sum),
            digest,
        }
    })
}

/// Any record.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        (number(), word(), word())
            .prop_map(|(chain_id, genesis, plan)| Binding {
                chain_id,
                genesis,
                plan
            })
            .prop_map(Record::Began),
        later_record(),
    ]
}

/// Any record that may follow the first.
pub(crate) fn later_record() -> impl Strategy<Value = Record> {
    prop_oneof![
        (tx(), intent(), number()).prop_map(|(tx, intent, gas_limit)| Record::Bound {
            tx,
            intent,
            gas_limit
        }),
        (tx(), variant()).prop_map(|(tx, variant)| Record::Signed { tx, variant }),
        (tx(), word()).prop_map(|(tx, hash)| Record::Offered { tx, hash }),
        (tx(), word(), block(), any::<bool>()).prop_map(|(tx, hash, block, succeeded)| {
            Record::Included {
                tx,
                hash,
                block,
                succeeded,
            }
        }),
        tx().prop_map(|tx| Record::Excluded { tx }),
        (
            tx(),
            word(),
            block(),
            any::<bool>(),
            number(),
            any::<u128>()
        )
            .prop_map(|(tx, hash, block, succeeded, gas_used, paid_wei)| {
                Record::Finalized {
                    tx,
                    hash,
                    block,
                    succeeded,
                    gas_used,
                    paid_wei,
                }
            }),
        tx().prop_map(|tx| Record::Superseded { tx }),
        block().prop_map(Record::Finality),
        (any::<u32>(), list()).prop_map(|(lane, list)| Record::ListFixed { lane, list }),
        (gate(), block()).prop_map(|(gate, block)| Record::Verified { gate, block }),
        Just(Record::AbortRequested),
        prop_oneof![Just(Outcome::Done), Just(Outcome::RolledBack)].prop_map(Record::Ended),
    ]
}
