//! Version 1. Frozen: the order of variants and of fields is the format, and
//! `tests/golden/v1.txt` has one of each.

use alloy_primitives::{Address, B256, U256};
use sealift_protocol::effect::Outcome;
use sealift_protocol::event::{BlockId, FinalList, Gate, TxId, Variant};
use sealift_protocol::record::Binding;
use sealift_protocol::{Intent, Record};
use serde::{Deserialize, Serialize};

/// The number in the frame.
pub const VERSION: u16 = 1;

/// What the kinds are called, by number.
pub const KINDS: [&str; 13] = [
    "began",
    "bound",
    "signed",
    "offered",
    "included",
    "excluded",
    "finalized",
    "superseded",
    "finality",
    "list-fixed",
    "verified",
    "abort-requested",
    "ended",
];

type Word = [u8; 32];

/// A block: height, hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockV1(u64, Word);

/// A transaction's place: sender, nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxV1([u8; 20], u64);

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of `sealift_protocol::Intent`"
)]
pub enum IntentV1 {
    DeployMigration,
    DeployGuard {
        lane: u32,
    },
    DeployLedger {
        lane: u32,
    },
    Handover {
        lane: u32,
        step: u32,
    },
    Open,
    Freeze,
    Declare {
        lane: u32,
        generation: u32,
    },
    Stage {
        lane: u32,
        generation: u32,
        index: u32,
    },
    Restart {
        lane: u32,
        generation: u32,
    },
    Seal,
    Commit,
    Abort,
    Release {
        lane: u32,
    },
    Reclaim {
        lane: u32,
    },
    Retire {
        lane: u32,
    },
    Materialize {
        lane: u32,
        index: u32,
    },
}

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the variants are those of `sealift_protocol::event::Gate`"
)]
pub enum GateV1 {
    Seal,
    Commit,
}

/// An outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the variants are those of `sealift_protocol::Outcome`"
)]
pub enum OutcomeV1 {
    Done,
    RolledBack,
}

/// A record. Hashes and 256-bit sums are 32 bytes, big-endian; integers are varints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of `sealift_protocol::Record`"
)]
pub enum RecordV1 {
    Began {
        chain_id: u64,
        genesis: Word,
        plan: Word,
    },
    Bound {
        tx: TxV1,
        intent: IntentV1,
        gas_limit: u64,
    },
    Signed {
        tx: TxV1,
        hash: Word,
        max_fee: u128,
        tip: u128,
        #[serde(with = "serde_bytes")]
        raw: Vec<u8>,
    },
    Offered {
        tx: TxV1,
        hash: Word,
    },
    Included {
        tx: TxV1,
        hash: Word,
        block: BlockV1,
        succeeded: bool,
    },
    Excluded {
        tx: TxV1,
    },
    Finalized {
        tx: TxV1,
        hash: Word,
        block: BlockV1,
        succeeded: bool,
        gas_used: u64,
        paid_wei: u128,
    },
    Superseded {
        tx: TxV1,
    },
    Finality {
        block: BlockV1,
    },
    ListFixed {
        lane: u32,
        block: BlockV1,
        count: u64,
        sum: Word,
        digest: Word,
    },
    Verified {
        gate: GateV1,
        block: BlockV1,
    },
    AbortRequested,
    Ended {
        outcome: OutcomeV1,
    },
}

impl RecordV1 {
    /// Position in [`KINDS`].
    pub fn kind(&self) -> u8 {
        match self {
            Self::Began { .. } => 0,
            Self::Bound { .. } => 1,
            Self::Signed { .. } => 2,
            Self::Offered { .. } => 3,
            Self::Included { .. } => 4,
            Self::Excluded { .. } => 5,
            Self::Finalized { .. } => 6,
            Self::Superseded { .. } => 7,
            Self::Finality { .. } => 8,
            Self::ListFixed { .. } => 9,
            Self::Verified { .. } => 10,
            Self::AbortRequested => 11,
            Self::Ended { .. } => 12,
        }
    }

    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A growing vector is never full, and nothing here is a map, a string or of unknown length,
        // which are the causes that postcard has to fail.
        postcard::to_allocvec(self).expect("plain data always encodes")
    }

    /// The record of exactly these bytes.
    ///
    /// `None` as well where they would not be written again as they are: one record, one encoding.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let record: Self = postcard::from_bytes(bytes).ok()?;
        (record.to_bytes() == bytes).then_some(record)
    }
}

impl From<BlockId> for BlockV1 {
    fn from(block: BlockId) -> Self {
        Self(block.number, block.hash.0)
    }
}

impl From<BlockV1> for BlockId {
    fn from(BlockV1(number, hash): BlockV1) -> Self {
        Self {
            number,
            hash: B256::new(hash),
        }
    }
}

impl From<TxId> for TxV1 {
    fn from(tx: TxId) -> Self {
        Self(tx.sender.into_array(), tx.nonce)
    }
}

impl From<TxV1> for TxId {
    fn from(TxV1(sender, nonce): TxV1) -> Self {
        Self {
            sender: Address::new(sender),
            nonce,
        }
    }
}

/// Both directions between enums whose variants have the same names and fields.
macro_rules! same_shape {
    ($ours:ident, $theirs:ident { $($variant:ident $({ $($field:ident),* })?),* $(,)? }) => {
        impl From<$theirs> for $ours {
            fn from(value: $theirs) -> Self {
                match value {
                    $($theirs::$variant $({ $($field),* })? => Self::$variant $({ $($field),* })?,)*
                }
            }
        }

        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                match value {
                    $($ours::$variant $({ $($field),* })? => Self::$variant $({ $($field),* })?,)*
                }
            }
        }
    };
}

same_shape!(IntentV1, Intent {
    DeployMigration,
    DeployGuard { lane },
    DeployLedger { lane },
    Handover { lane, step },
    Open,
    Freeze,
    Declare { lane, generation },
    Stage { lane, generation, index },
    Restart { lane, generation },
    Seal,
    Commit,
    Abort,
    Release { lane },
    Reclaim { lane },
    Retire { lane },
    Materialize { lane, index },
});
same_shape!(GateV1, Gate { Seal, Commit });
same_shape!(OutcomeV1, Outcome { Done, RolledBack });

impl From<&Record> for RecordV1 {
    fn from(record: &Record) -> Self {
        match record {
            Record::Began(Binding {
                chain_id,
                genesis,
                plan,
            }) => Self::Began {
                chain_id: *chain_id,
                genesis: genesis.0,
                plan: plan.0,
            },
            Record::Bound {
                tx,
                intent,
                gas_limit,
            } => Self::Bound {
                tx: (*tx).into(),
                intent: (*intent).into(),
                gas_limit: *gas_limit,
            },
            Record::Signed {
                tx,
                variant:
                    Variant {
                        hash,
                        max_fee,
                        tip,
                        raw,
                    },
            } => Self::Signed {
                tx: (*tx).into(),
                hash: hash.0,
                max_fee: *max_fee,
                tip: *tip,
                raw: raw.to_vec(),
            },
            Record::Offered { tx, hash } => Self::Offered {
                tx: (*tx).into(),
                hash: hash.0,
            },
            Record::Included {
                tx,
                hash,
                block,
                succeeded,
            } => Self::Included {
                tx: (*tx).into(),
                hash: hash.0,
                block: (*block).into(),
                succeeded: *succeeded,
            },
            Record::Excluded { tx } => Self::Excluded { tx: (*tx).into() },
            Record::Finalized {
                tx,
                hash,
                block,
                succeeded,
                gas_used,
                paid_wei,
            } => Self::Finalized {
                tx: (*tx).into(),
                hash: hash.0,
                block: (*block).into(),
                succeeded: *succeeded,
                gas_used: *gas_used,
                paid_wei: *paid_wei,
            },
            Record::Superseded { tx } => Self::Superseded { tx: (*tx).into() },
            Record::Finality(block) => Self::Finality {
                block: (*block).into(),
            },
            Record::ListFixed {
                lane,
                list:
                    FinalList {
                        block,
                        count,
                        sum,
                        digest,
                    },
            } => Self::ListFixed {
                lane: *lane,
                block: (*block).into(),
                count: *count,
                sum: sum.to_be_bytes(),
                digest: digest.0,
            },
            Record::Verified { gate, block } => Self::Verified {
                gate: (*gate).into(),
                block: (*block).into(),
            },
            Record::AbortRequested => Self::AbortRequested,
            Record::Ended(outcome) => Self::Ended {
                outcome: (*outcome).into(),
            },
        }
    }
}

impl From<RecordV1> for Record {
    fn from(record: RecordV1) -> Self {
        match record {
            RecordV1::Began {
                chain_id,
                genesis,
                plan,
            } => Self::Began(Binding {
                chain_id,
                genesis: genesis.into(),
                plan: plan.into(),
            }),
            RecordV1::Bound {
                tx,
                intent,
                gas_limit,
            } => Self::Bound {
                tx: tx.into(),
                intent: intent.into(),
                gas_limit,
            },
            RecordV1::Signed {
                tx,
                hash,
                max_fee,
                tip,
                raw,
            } => Self::Signed {
                tx: tx.into(),
                variant: Variant {
                    hash: hash.into(),
                    max_fee,
                    tip,
                    raw: raw.into(),
                },
            },
            RecordV1::Offered { tx, hash } => Self::Offered {
                tx: tx.into(),
                hash: hash.into(),
            },
            RecordV1::Included {
                tx,
                hash,
                block,
                succeeded,
            } => Self::Included {
                tx: tx.into(),
                hash: hash.into(),
                block: block.into(),
                succeeded,
            },
            RecordV1::Excluded { tx } => Self::Excluded { tx: tx.into() },
            RecordV1::Finalized {
                tx,
                hash,
                block,
                succeeded,
                gas_used,
                paid_wei,
            } => Self::Finalized {
                tx: tx.into(),
                hash: hash.into(),
                block: block.into(),
                succeeded,
                gas_used,
                paid_wei,
            },
            RecordV1::Superseded { tx } => Self::Superseded { tx: tx.into() },
            RecordV1::Finality { block } => Self::Finality(block.into()),
            RecordV1::ListFixed {
                lane,
                block,
                count,
                sum,
                digest,
            } => Self::ListFixed {
                lane,
                list: FinalList {
                    block: block.into(),
                    count,
                    sum: U256::from_be_bytes(sum),
                    digest: digest.into(),
                },
            },
            RecordV1::Verified { gate, block } => Self::Verified {
                gate: gate.into(),
                block: block.into(),
            },
            RecordV1::AbortRequested => Self::AbortRequested,
            RecordV1::Ended { outcome } => Self::Ended(outcome.into()),
        }
    }
}
