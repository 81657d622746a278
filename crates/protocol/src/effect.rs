//! What the driver shall do, after the records are durable. Every effect is idempotent.

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::event::{BlockId, Gate, TxId};
use crate::intent::Intent;

/// How a migration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// COMMITTED, and every tail has run.
    Done,
    /// ABORTED (or never opened), and control is back with the recorded owners.
    RolledBack,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Simulate an intent at the newest block; answer with `Event::Prepared`.
    Prepare {
        /// Who would send it.
        sender: Address,
        /// What.
        intent: Intent,
    },
    /// Sign one variant; answer with `Event::Signed`.
    Sign {
        /// Sender and nonce.
        tx: TxId,
        /// What it is for.
        intent: Intent,
        /// Gas limit.
        gas_limit: u64,
        /// Wei per gas at most.
        max_fee: u128,
        /// Wei per gas for the proposer at most.
        tip: u128,
    },
    /// Offer these durable bytes to the node; answer with `Event::Answered`.
    Send {
        /// Sender and nonce.
        tx: TxId,
        /// Variant hash.
        hash: B256,
        /// The bytes.
        raw: Bytes,
    },
    /// Make a lane's final list at the finalized block of the freeze or a later one; answer with
    /// `Event::ListFixed`.
    FixList {
        /// Lane number.
        lane: u32,
        /// Finalized block to read at.
        at: BlockId,
    },
    /// Verify everything at a finalized block; answer with `Event::Verified`, or halt.
    Verify {
        /// Before what.
        gate: Gate,
        /// Finalized block.
        at: BlockId,
    },
    /// Somebody whose key is not here must send this; wait or leave.
    AwaitExternal {
        /// Who.
        sender: Address,
        /// What.
        intent: Intent,
    },
    /// Nothing is left to do.
    Finish(Outcome),
    /// What was in flight is settled; leave.
    Leave,
}

impl Effect {
    /// Whether somebody else must act.
    pub fn is_external(&self) -> bool {
        matches!(self, Self::AwaitExternal { .. })
    }
}

/// Why the core refuses to go on. Nothing is lost: the journal stands as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Halt {
    /// The finalized chain is not the one that was final before.
    #[error("finality went back: block {} was final as {}, the node now says otherwise", mark.number, mark.hash)]
    FinalityRegressed {
        /// The durable high-water mark.
        mark: BlockId,
    },
    /// The simulation of an intent reverts, so it is not sent.
    #[error("'{intent}' would revert: {data}")]
    WouldRevert {
        /// What.
        intent: Intent,
        /// Revert data.
        data: Bytes,
    },
    /// An intent failed on chain again and again.
    #[error("'{intent}' failed on chain {attempts} times")]
    KeepsFailing {
        /// What.
        intent: Intent,
        /// How often.
        attempts: u32,
    },
    /// The way back was asked for after the decision.
    #[error("the migration is committed; it can only go forward")]
    AlreadyCommitted,
    /// The plan has less time left than a freeze needs.
    #[error("the deadline ({deadline_secs}) has passed, and nothing was opened")]
    StaleDeadline {
        /// Unix seconds.
        deadline_secs: u64,
    },
    /// The budget does not pay for an intent, and nothing is in flight.
    #[error("'{intent}' does not fit into the budget of {budget_wei} wei")]
    OverBudget {
        /// What.
        intent: Intent,
        /// Wei.
        budget_wei: u128,
    },
    /// A sender cannot pay.
    #[error("{sender} has too little to pay for '{intent}'")]
    InsufficientFunds {
        /// Who.
        sender: Address,
        /// What.
        intent: Intent,
    },
    /// The node says that a transaction can never be valid.
    #[error("the node refuses '{intent}' for good: {reason}")]
    Invalid {
        /// What.
        intent: Intent,
        /// The node's words.
        reason: String,
    },
    /// An event does not fit the state; the driver is wrong.
    #[error("unexpected event: {0}")]
    Unexpected(&'static str),
    /// A record does not fit the state; the journal is wrong.
    #[error("record does not follow from the ones before it: {0}")]
    IllegalRecord(&'static str),
}
