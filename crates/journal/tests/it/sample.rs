//! Records to write.

use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_journal::{Binding, Record};
use sealift_protocol::event::{BlockId, FinalList, Gate, TxId, Variant};
use sealift_protocol::{Intent, Outcome};

pub(crate) fn binding() -> Binding {
    Binding {
        chain_id: 31337,
        genesis: B256::repeat_byte(1),
        plan: B256::repeat_byte(2),
    }
}

pub(crate) fn tx(nonce: u64) -> TxId {
    TxId {
        sender: Address::repeat_byte(0xab),
        nonce,
    }
}

pub(crate) fn block(number: u64) -> BlockId {
    BlockId {
        number,
        hash: B256::with_last_byte(number as u8),
    }
}

/// A run in the groups in which an executor writes it.
pub(crate) fn groups(batches: u32) -> Vec<Vec<Record>> {
    let mut groups = vec![
        vec![Record::Began(binding())],
        vec![Record::Finality(block(7))],
    ];
    for index in 0..batches {
        let id = tx(u64::from(index));
        let hash = B256::with_last_byte(index as u8);
        let intent = Intent::Stage {
            lane: 0,
            generation: 1,
            index,
        };
        let variant = Variant {
            hash,
            max_fee: 90,
            tip: 2,
            raw: Bytes::from(vec![index as u8; 700]),
        };
        let at = block(10 + u64::from(index));
        groups.push(vec![Record::Bound {
            tx: id,
            intent,
            gas_limit: 16_000_000,
        }]);
        groups.push(vec![
            Record::Signed { tx: id, variant },
            Record::Offered { tx: id, hash },
        ]);
        groups.push(vec![
            Record::Included {
                tx: id,
                hash,
                block: at,
                succeeded: true,
            },
            Record::Finality(at),
            Record::Finalized {
                tx: id,
                hash,
                block: at,
                succeeded: true,
                gas_used: 12,
                paid_wei: 1_000,
            },
        ]);
    }
    groups.push(vec![Record::ListFixed {
        lane: 0,
        list: FinalList {
            block: block(20),
            count: 3,
            sum: U256::from(77),
            digest: B256::repeat_byte(9),
        },
    }]);
    groups.push(vec![Record::Verified {
        gate: Gate::Seal,
        block: block(21),
    }]);
    groups.push(vec![
        Record::Excluded { tx: tx(0) },
        Record::Superseded { tx: tx(1) },
    ]);
    groups.push(vec![Record::AbortRequested]);
    groups.push(vec![Record::Ended(Outcome::RolledBack)]);
    groups
}
