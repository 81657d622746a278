//! The plan: immutable, and it leaves no meaningful choice to execution.

use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

use crate::event::BlockId;
use crate::intent::Intent;

/// Seconds of freeze that the contracts accept at most (`Migration.LONGEST_FREEZE_SECS`): 30 days.
pub const LONGEST_FREEZE_SECS: u64 = 30 * 86_400;

/// Where a lane's amounts come from; the numbers are those of the contract's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Nothing is staged, the successor reads the frozen legacy contract.
    ReadThrough,
    /// Accounts are staged, the ledger reads the amounts from legacy.
    ChainRead,
    /// Entries of 32 bytes are uploaded.
    Declared,
    /// Entries of 64 bytes are uploaded.
    DeclaredWide,
}

impl Source {
    /// Whether batches are staged.
    pub fn is_staged(self) -> bool {
        self != Self::ReadThrough
    }

    /// Whether the data is uploaded and must be declared first.
    pub fn is_declared(self) -> bool {
        matches!(self, Self::Declared | Self::DeclaredWide)
    }
}

/// How a legacy contract is controlled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Control {
    /// OpenZeppelin `Ownable`.
    Ownable,
    /// OpenZeppelin `Ownable2Step`.
    Ownable2Step,
    /// OpenZeppelin `AccessControlEnumerable`.
    Roles {
        /// The role that may pause and unpause.
        pauser: B256,
    },
}

/// One step of handing control to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handover {
    /// `legacy.transferOwnership(guard)` by the recorded owner.
    TransferOwnership,
    /// `guard.accept()` by anyone.
    Accept,
    /// `legacy.grantRole(role, guard)` by the recorded owner.
    Grant(B256),
    /// `legacy.renounceRole(role, recorded owner)` by the recorded owner.
    Renounce(B256),
}

impl Control {
    /// The steps that hand control over, in order.
    pub fn handover(&self) -> Vec<Handover> {
        let admin = B256::ZERO; // DEFAULT_ADMIN_ROLE
        match *self {
            Self::Ownable => vec![Handover::TransferOwnership],
            Self::Ownable2Step => vec![Handover::TransferOwnership, Handover::Accept],
            Self::Roles { pauser } => vec![
                Handover::Grant(pauser),
                Handover::Grant(admin),
                Handover::Renounce(pauser),
                Handover::Renounce(admin),
            ],
        }
    }

    /// The role that the guard's constructor takes; zero means ownership.
    pub fn role(&self) -> B256 {
        match *self {
            Self::Roles { pauser } => pauser,
            _ => B256::ZERO,
        }
    }
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Roles {
    /// Opens and commits.
    pub owner: Address,
    /// Freezes and stages.
    pub operator: Address,
    /// May abort before the deadline.
    pub guardian: Address,
}

/// The holder list that the plan was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    /// The block that the list is as of.
    pub block: BlockId,
    /// Number of holders.
    pub count: u64,
    /// Sum of balances in base units.
    #[serde(with = "sealift_manifest::amount")]
    pub sum: U256,
    /// Digest of the canonical rows.
    pub digest: B256,
}

/// One lane of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LanePlan {
    /// The token that holders have today.
    pub legacy: Address,
    /// keccak of its runtime code.
    pub legacy_code_hash: B256,
    /// Its control.
    pub control: Control,
    /// The account that control comes from and goes back to.
    pub recorded_owner: Address,
    /// Where amounts come from.
    pub source: Source,
    /// The guard's address, fixed by CREATE2.
    pub guard: Address,
    /// keccak of the guard's runtime code.
    pub guard_code_hash: B256,
    /// The successor's address, fixed by CREATE2.
    pub ledger: Address,
    /// keccak of the successor's runtime code.
    pub ledger_code_hash: B256,
    /// The successor's name.
    pub name: String,
    /// The successor's symbol.
    pub symbol: String,
    /// Decimals of both tokens.
    pub decimals: u8,
    /// The list that the plan predicts from; the final list is made after the freeze.
    pub snapshot: Snapshot,
    /// Holders a batch, from simulation under the chain's rules.
    pub batch_size: u32,
    /// Gas limit of a stage transaction, from simulation.
    pub stage_gas: u64,
    /// Whether the tails emit a Transfer event for each holder.
    pub materialize: bool,
    /// Holders a materialize transaction.
    pub materialize_size: u32,
    /// Gas limit of a materialize transaction.
    pub materialize_gas: u64,
}

/// What is decided before anything moves. Its digest covers every field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// Format version, now 1.
    pub version: u32,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
    /// Makes the addresses and the id of this migration its own.
    pub nonce: B256,
    /// Who may do what.
    pub roles: Roles,
    /// Unix seconds at which anybody may abort.
    pub deadline_secs: u64,
    /// Longest freeze in seconds.
    pub max_freeze_secs: u64,
    /// Whether anybody may commit what is sealed.
    pub preauthorised: bool,
    /// The migration contract's address, fixed by CREATE2.
    pub migration: Address,
    /// The lanes.
    pub lanes: Vec<LanePlan>,
}

impl Plan {
    /// Digest of the meaning: keccak of the RFC 8785 canonical JSON.
    ///
    /// # Panics
    /// Where a number has no exact double (2^53 and above), which canonical JSON cannot carry;
    /// whoever reads a plan from outside checks [`Plan::is_canonical`] first.
    pub fn digest(&self) -> B256 {
        sealift_manifest::canonical::digest_json(self).expect("a plan's numbers are below 2^53")
    }

    /// Whether canonical JSON can carry this plan.
    pub fn is_canonical(&self) -> bool {
        sealift_manifest::canonical::digest_json(self).is_ok()
    }

    /// Number of batches that a list of `count` holders makes in a lane.
    pub fn batches(&self, lane: u32, count: u64) -> u32 {
        let lane = &self.lanes[lane as usize];
        if lane.source.is_staged() {
            u32::try_from(count.div_ceil(u64::from(lane.batch_size.max(1)))).unwrap_or(u32::MAX)
        } else {
            0
        }
    }

    /// Whether an intent belongs to the way back; accepting control is a part of giving it back.
    pub fn leads_back(&self, intent: Intent) -> bool {
        let Intent::Handover { lane, step } = intent else {
            return intent.is_way_back();
        };
        let lane = self.lanes.get(lane as usize);
        let step = lane.and_then(|lane| lane.control.handover().get(step as usize).copied());
        step == Some(Handover::Accept)
    }
}
