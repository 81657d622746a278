//! Heads: the hash chain over what is staged, as the migration contract computes it
//! (`contracts/src/libraries/Heads.sol`).
//!
//! Every preimage is `abi.encode` of static values: 32-byte big-endian words.

use alloy_primitives::{Address, B256, Keccak256, U256};

/// What names one migration in every hash and event:
/// `keccak256(abi.encode(chainId, migration, rulesHash, nonce))`, where `rulesHash` is
/// `keccak256(abi.encode(rules))`.
pub fn migration_id(chain_id: u64, migration: Address, rules_hash: B256, nonce: B256) -> B256 {
    hash_words([word(chain_id), migration.into_word(), rules_hash, nonce])
}

/// The head of a lane before its first batch in a generation:
/// `keccak256(abi.encode(id, lane, generation))`.
pub fn head0(id: B256, lane: u64, generation: u32) -> B256 {
    hash_words([id, word(lane), word(generation)])
}

/// The head after one more batch:
/// `keccak256(abi.encode(head, id, lane, index, count, sum, keccak256(data)))`.
pub fn advance(
    head: B256,
    id: B256,
    lane: u64,
    index: u32,
    count: u64,
    sum: U256,
    data_hash: B256,
) -> B256 {
    hash_words([
        head,
        id,
        word(lane),
        word(index),
        word(count),
        sum.into(),
        data_hash,
    ])
}

/// What the sealed head says of one lane.
///
/// A read-through lane has generation 0, count 0, sum 0 and a zero head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LaneSeal {
    /// Staging attempt.
    pub generation: u32,
    /// Entries staged.
    pub count: u64,
    /// Sum of the amounts staged.
    pub sum: U256,
    /// Head after the last batch.
    pub head: B256,
    /// Legacy supply at the freeze.
    pub supply: U256,
    /// Code hash of the legacy contract, from the rules.
    pub legacy_code_hash: B256,
}

/// The head that the owner sees and commits to, over the lanes in their order from lane 0:
/// `h = keccak256(abi.encode(id, frozenBlock))`, then for each lane
/// `h = keccak256(abi.encode(h, lane, generation, count, sum, head, supply, legacyCodeHash))`.
pub fn sealed_head(id: B256, frozen_block: u64, lanes: impl IntoIterator<Item = LaneSeal>) -> B256 {
    let start = hash_words([id, word(frozen_block)]);
    (0u64..).zip(lanes).fold(start, |head, (lane, seal)| {
        hash_words([
            head,
            word(lane),
            word(seal.generation),
            word(seal.count),
            seal.sum.into(),
            seal.head,
            seal.supply.into(),
            seal.legacy_code_hash,
        ])
    })
}

fn word(number: impl Into<u64>) -> B256 {
    U256::from(number.into()).into()
}

fn hash_words<const N: usize>(words: [B256; N]) -> B256 {
    let mut hasher = Keccak256::new();
    for word in words {
        hasher.update(word);
    }
    hasher.finalize()
}
