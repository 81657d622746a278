//! The bytes of a record.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use proptest::prelude::*;
use sealift_journal::codec::{self, DecodeError, decode, encode, v1};
use sealift_journal::{Binding, Journal, Memory, Record, Storage, inspect};
use sealift_protocol::Outcome;
use sealift_protocol::event::{BlockId, FinalList, Gate, TxId, Variant};

use crate::strategies::{intent_of, later_record, record};

/// One of each kind, intent, gate and outcome, every field with a value of its own.
fn one_of_each() -> Vec<Record> {
    let tx = TxId {
        sender: Address::repeat_byte(0xa1),
        nonce: 300,
    };
    let hash = B256::repeat_byte(0xb2);
    let block = BlockId {
        number: 70_000,
        hash: B256::repeat_byte(0xc3),
    };
    let mut records = vec![Record::Began(Binding {
        chain_id: 31_337,
        genesis: B256::repeat_byte(0xd4),
        plan: B256::repeat_byte(0xe5),
    })];
    records.extend((0..16).map(|which| Record::Bound {
        tx,
        intent: intent_of(which, 1, 2, 3),
        gas_limit: 16_777_216,
    }));
    let raw = Bytes::from_static(&[0x02, 0xf8, 0x00, 0xff]);
    records.extend([
        Record::Signed {
            tx,
            variant: Variant {
                hash,
                max_fee: u128::MAX,
                tip: 1_000,
                raw,
            },
        },
        Record::Offered { tx, hash },
        Record::Included {
            tx,
            hash,
            block,
            succeeded: true,
        },
        Record::Included {
            tx,
            hash,
            block,
            succeeded: false,
        },
        Record::Excluded { tx },
        Record::Finalized {
            tx,
            hash,
            block,
            succeeded: true,
            gas_used: 21_000,
            paid_wei: 1 << 70,
        },
        Record::Superseded { tx },
        Record::Finality(block),
        Record::ListFixed {
            lane: 4,
            list: FinalList {
                block,
                count: 252_803,
                sum: U256::from(0x0102_0304_u64) << 200,
                digest: B256::repeat_byte(0xf6),
            },
        },
        Record::Verified {
            gate: Gate::Seal,
            block,
        },
        Record::Verified {
            gate: Gate::Commit,
            block,
        },
        Record::AbortRequested,
        Record::Ended(Outcome::Done),
        Record::Ended(Outcome::RolledBack),
    ]);
    records
}

/// The committed file is the format: kind, name, bytes, one record a line.
#[test]
fn v1_is_what_it_was() {
    let golden = include_str!("../golden/v1.txt");
    let lines: Vec<String> = one_of_each()
        .iter()
        .map(|record| {
            let (kind, bytes) = encode(record);
            format!(
                "{kind} {} {}",
                codec::kind_name(1, kind),
                hex::encode(bytes)
            )
        })
        .collect();
    if std::env::var_os("SEALIFT_WRITE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1.txt");
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
    assert_eq!(golden.lines().collect::<Vec<_>>(), lines);
    for (line, record) in golden.lines().zip(one_of_each()) {
        let [kind, _, bytes] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let bytes = hex::decode(bytes).unwrap();
        assert_eq!(decode(1, kind.parse().unwrap(), &bytes), Ok(record));
    }
}

#[test]
fn golden_has_every_kind() {
    let kinds: BTreeSet<u8> = one_of_each()
        .iter()
        .map(|record| encode(record).0)
        .collect();
    assert!(kinds.into_iter().eq(0..v1::KINDS.len() as u8));
}

/// The frame's hash is format as well: the head of a journal of one of each.
#[test]
fn the_chain_is_what_it_was() {
    let binding = Binding {
        chain_id: 31_337,
        genesis: B256::repeat_byte(0xd4),
        plan: B256::repeat_byte(0xe5),
    };
    let (mut journal, ..) = Journal::open(Memory::default(), &binding).unwrap();
    let records = one_of_each();
    journal.append(&records[..1]).unwrap();
    journal.append(&records[1..]).unwrap();
    let golden = include_str!("../golden/chain-v1.txt").trim();
    let head = journal.head().unwrap();
    assert_eq!(format!("{} {}", head.sequence, head.hash), golden);
}

#[test]
fn unknown_versions_are_named() {
    let (kind, bytes) = encode(&Record::AbortRequested);
    for version in [0, 2, u16::MAX] {
        assert_eq!(
            decode(version, kind, &bytes),
            Err(DecodeError::UnknownVersion(version))
        );
        assert_eq!(codec::kind_name(version, kind), "unknown version");
    }
    assert_eq!(codec::kind_name(1, 13), "unknown kind");
}

#[test]
fn a_longer_integer_is_not_a_second_encoding() {
    // Kind 9, lane 0, as one byte and as two.
    let list = FinalList {
        block: BlockId {
            number: 1,
            hash: B256::ZERO,
        },
        count: 1,
        sum: U256::ONE,
        digest: B256::ZERO,
    };
    let (kind, bytes) = encode(&Record::ListFixed { lane: 0, list });
    assert_eq!(bytes[..2], [9, 0]);
    let longer = [&[9, 0x80, 0x00], &bytes[2..]].concat();
    assert_eq!(decode(1, kind, &longer), Err(DecodeError::Malformed(1)));
}

proptest! {
    #[test]
    fn a_record_survives_its_bytes(record in record()) {
        let (kind, bytes) = encode(&record);
        prop_assert_eq!(bytes[0], kind);
        prop_assert_eq!(decode(codec::CURRENT, kind, &bytes), Ok(record));
    }

    #[test]
    fn only_its_own_bytes_decode_to_a_record(record in record(), cut in any::<prop::sample::Index>()) {
        let (kind, bytes) = encode(&record);
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert_eq!(decode(1, kind, short), Err(DecodeError::Malformed(1)));
        let long = [&bytes[..], &[0]].concat();
        prop_assert_eq!(decode(1, kind, &long), Err(DecodeError::Malformed(1)));
        prop_assert_eq!(decode(1, kind ^ 1, &bytes), Err(DecodeError::Malformed(1)));
    }

    #[test]
    fn any_bytes_are_an_error_or_a_record_with_these_bytes(kind: u8, bytes: Vec<u8>) {
        if let Ok(record) = decode(1, kind, &bytes) {
            prop_assert_eq!(encode(&record), (kind, bytes));
        }
    }

    #[test]
    fn any_history_is_read_back(
        groups in prop::collection::vec(prop::collection::vec(later_record(), 1..5), 0..12),
    ) {
        let binding = crate::sample::binding();
        let mut memory = Memory::default();
        let mut all = vec![Record::Began(binding)];
        let (mut journal, ..) = Journal::open(memory.clone(), &binding).unwrap();
        journal.append(&all).unwrap();
        for group in groups {
            journal.append(&group).unwrap();
            all.extend(group);
        }
        prop_assert_eq!(memory.acknowledged().unwrap(), journal.head());
        prop_assert_eq!(inspect(&mut memory).unwrap().0, all);
    }
}
