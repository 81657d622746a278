use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use sealift_manifest::{
    amount, batch,
    entry::{self, Format},
    head::{LaneSeal, advance, head0, migration_id, sealed_head},
    holders::Holder,
};
use serde::Deserialize;

/// The expected heads come from an independent implementation of Keccak-256 in Python.
#[test]
fn heads_are_keccak_over_words() {
    let id = keccak256("id");
    let head = head0(id, 2, 7);
    assert_eq!(
        head,
        b256!("0x55e2d0f50c5dc6a772546b3ec6d3f0f63c933d9c769dcf278be1512cac84cbe9")
    );
    let sum = U256::from(10).pow(U256::from(30));
    assert_eq!(
        advance(head, id, 2, 5, 500, sum, keccak256("data")),
        b256!("0x8cc2e734b154e4066e306dc21b85d24c4dfe12ff657e3eb808adbb816b9d3d60")
    );
    let legacy_code_hash = keccak256("code");
    let lanes = [
        LaneSeal {
            generation: 0,
            count: 0,
            sum: U256::ZERO,
            head: B256::ZERO,
            supply: U256::from(77),
            legacy_code_hash,
        },
        LaneSeal {
            generation: 3,
            count: 9,
            sum: U256::from(88),
            head,
            supply: U256::from(88),
            legacy_code_hash,
        },
    ];
    assert_eq!(
        sealed_head(id, 1234, lanes),
        b256!("0x2bdc2e44ebce7f7cf62e84e4b87024d6c02bd98167725e6720fbc1bc38534eef")
    );
    assert_eq!(
        migration_id(
            31337,
            address!("0x1111111111111111111111111111111111111111"),
            keccak256("rules"),
            keccak256("nonce")
        ),
        b256!("0x7b353dbafcc5015b1b1a2b6a8027bc1ad1ee28badb226ca1e3e1fdc1c433400c")
    );
}

#[test]
fn every_field_of_a_lane_enters_the_sealed_head() {
    let seal = LaneSeal {
        generation: 1,
        count: 2,
        sum: U256::from(3),
        head: keccak256("head"),
        supply: U256::from(4),
        legacy_code_hash: keccak256("code"),
    };
    let id = keccak256("id");
    let lanes: [&[LaneSeal]; 9] = [
        &[],
        &[seal],
        &[LaneSeal {
            generation: 2,
            ..seal
        }],
        &[LaneSeal { count: 3, ..seal }],
        &[LaneSeal {
            sum: U256::from(4),
            ..seal
        }],
        &[LaneSeal {
            head: B256::ZERO,
            ..seal
        }],
        &[LaneSeal {
            supply: U256::from(3),
            ..seal
        }],
        &[LaneSeal {
            legacy_code_hash: B256::ZERO,
            ..seal
        }],
        &[seal, seal],
    ];
    let mut heads: Vec<B256> = lanes
        .iter()
        .map(|lanes| sealed_head(id, 9, lanes.iter().copied()))
        .collect();
    heads.push(sealed_head(id, 10, [seal]));
    heads.push(sealed_head(keccak256("other"), 9, [seal]));
    let distinct: std::collections::BTreeSet<_> = heads.iter().collect();
    assert_eq!(distinct.len(), heads.len());
}

/// `contracts/test/vectors/heads.json`, which the contracts are tested with too. It is written by
/// `contracts/tools/vectors.mjs`, a third implementation.
#[derive(Deserialize)]
struct Vectors {
    heads: Vec<LaneVector>,
    seals: Vec<SealVector>,
    ids: Vec<IdVector>,
}

#[derive(Deserialize)]
struct LaneVector {
    name: String,
    id: B256,
    lane: u64,
    generation: u32,
    format: String,
    batches: Vec<BatchVector>,
    head0: B256,
    #[serde(rename = "final")]
    last: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchVector {
    entries: Vec<EntryVector>,
    data: Bytes,
    count: u64,
    #[serde(with = "amount")]
    sum: U256,
    data_hash: B256,
    head: B256,
}

#[derive(Deserialize)]
struct EntryVector {
    account: Address,
    #[serde(with = "amount")]
    amount: U256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SealVector {
    name: String,
    id: B256,
    frozen_block: u64,
    lanes: Vec<SealedLaneVector>,
    sealed_head: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SealedLaneVector {
    generation: u32,
    count: u64,
    #[serde(with = "amount")]
    sum: U256,
    head: B256,
    #[serde(with = "amount")]
    supply: U256,
    legacy_code_hash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdVector {
    name: String,
    chain_id: u64,
    migration: Address,
    nonce: B256,
    rules_hash: B256,
    id: B256,
}

fn vectors() -> Vectors {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/test/vectors/heads.json");
    let text = std::fs::read_to_string(&path).expect("the vectors are in the repository");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn entries_and_heads_agree_with_the_shared_vectors() {
    let mut formats = std::collections::BTreeSet::new();
    for vector in vectors().heads {
        let LaneVector {
            name,
            id,
            lane,
            generation,
            format,
            batches,
            head0: first,
            last,
        } = vector;
        let format = match format.as_str() {
            "CHAIN_READ" => Format::Accounts,
            "DECLARED" => Format::Narrow,
            "DECLARED_WIDE" => Format::Wide,
            other => panic!("{name}: unknown format {other}"),
        };
        assert_eq!(head0(id, lane, generation), first, "{name}");
        let mut digests = Vec::new();
        for batch in &batches {
            let rows: Vec<Holder> = batch
                .entries
                .iter()
                .map(|entry| Holder {
                    account: entry.account,
                    balance: entry.amount,
                })
                .collect();
            assert_eq!(entry::encode(&rows, format).unwrap(), batch.data, "{name}");
            let decoded = entry::decode(&batch.data, format).unwrap();
            assert!(
                decoded
                    .iter()
                    .map(|entry| entry.account)
                    .eq(rows.iter().map(|row| row.account))
            );
            let digest = batch::digest(&rows, format).unwrap();
            let batch::Digest {
                count,
                sum,
                data_hash,
            } = digest;
            assert_eq!(
                (count, sum, data_hash),
                (batch.count, batch.sum, batch.data_hash),
                "{name}"
            );
            digests.push(digest);
            formats.insert(format.entry_len());
        }
        let chain = batch::chain(
            batch::Staging {
                id,
                lane,
                generation,
            },
            &digests,
        );
        let heads: Vec<B256> = chain.iter().map(|commitment| commitment.head).collect();
        assert_eq!(
            heads,
            batches.iter().map(|batch| batch.head).collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(heads.last().copied().unwrap_or(first), last, "{name}");
    }
    assert_eq!(
        formats.into_iter().collect::<Vec<_>>(),
        [20, 32, 64],
        "every format is covered"
    );
}

#[test]
fn sealed_heads_agree_with_the_shared_vectors() {
    let seals = vectors().seals;
    assert!(seals.iter().any(|seal| seal.lanes.len() > 1));
    for SealVector {
        name,
        id,
        frozen_block,
        lanes,
        sealed_head: expected,
    } in seals
    {
        let lanes = lanes.into_iter().map(|lane| LaneSeal {
            generation: lane.generation,
            count: lane.count,
            sum: lane.sum,
            head: lane.head,
            supply: lane.supply,
            legacy_code_hash: lane.legacy_code_hash,
        });
        assert_eq!(sealed_head(id, frozen_block, lanes), expected, "{name}");
    }
}

#[test]
fn ids_agree_with_the_shared_vectors() {
    let ids = vectors().ids;
    assert!(!ids.is_empty());
    for IdVector {
        name,
        chain_id,
        migration,
        nonce,
        rules_hash,
        id,
    } in ids
    {
        assert_eq!(
            migration_id(chain_id, migration, rules_hash, nonce),
            id,
            "{name}"
        );
    }
}
