//! What a transaction is for. An intent is an identity: progress is counted by it, never by position.

use serde::{Deserialize, Serialize};

/// One thing that the executor wants to have happened on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "intent")]
pub enum Intent {
    /// The migration contract exists.
    DeployMigration,
    /// A lane's guard exists.
    DeployGuard {
        /// Lane number.
        lane: u32,
    },
    /// A lane's ledger (the successor) exists.
    DeployLedger {
        /// Lane number.
        lane: u32,
    },
    /// One step of handing control of the legacy contract to the guard, see [`crate::plan::Handover`].
    Handover {
        /// Lane number.
        lane: u32,
        /// Position in the lane's handover list.
        step: u32,
    },
    /// NONE -> OPEN.
    Open,
    /// OPEN -> FROZEN.
    Freeze,
    /// What a lane will stage is declared.
    Declare {
        /// Lane number.
        lane: u32,
        /// Generation that it is declared for.
        generation: u32,
    },
    /// A batch is staged.
    Stage {
        /// Lane number.
        lane: u32,
        /// Generation that it is staged in.
        generation: u32,
        /// Batch number.
        index: u32,
    },
    /// What is staged in a generation is thrown away.
    Restart {
        /// Lane number.
        lane: u32,
        /// The generation that ends.
        generation: u32,
    },
    /// FROZEN -> SEALED.
    Seal,
    /// SEALED -> COMMITTED.
    Commit,
    /// Any non-terminal phase -> ABORTED.
    Abort,
    /// After ABORTED: legacy is unpaused and its control returned.
    Release {
        /// Lane number.
        lane: u32,
    },
    /// Before OPEN: the recorded owner takes control back from the guard.
    Reclaim {
        /// Lane number.
        lane: u32,
    },
    /// After COMMITTED: control of legacy is given up for ever.
    Retire {
        /// Lane number.
        lane: u32,
    },
    /// After COMMITTED: a batch of holders gets its Transfer events.
    Materialize {
        /// Lane number.
        lane: u32,
        /// Chunk number.
        index: u32,
    },
}

impl Intent {
    /// Whether this belongs to the time after the decision.
    pub fn is_tail(&self) -> bool {
        matches!(
            self,
            Self::Release { .. } | Self::Retire { .. } | Self::Materialize { .. }
        )
    }

    /// Whether this leads back to where the migration began, so that nothing may stand in its way.
    pub fn is_way_back(&self) -> bool {
        matches!(
            self,
            Self::Abort | Self::Release { .. } | Self::Reclaim { .. }
        )
    }

    /// Whether what a gate verifies is different after it.
    pub(crate) fn changes_staging(&self) -> bool {
        matches!(
            self,
            Self::Declare { .. } | Self::Stage { .. } | Self::Restart { .. }
        )
    }

    /// Whether many of this kind may be in flight, so that its gas cannot be estimated before the
    /// ones ahead of it are mined.
    pub fn is_pipelined(&self) -> bool {
        matches!(self, Self::Stage { .. } | Self::Materialize { .. })
    }
}

impl std::fmt::Display for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DeployMigration => write!(f, "deploy migration"),
            Self::DeployGuard { lane } => write!(f, "deploy guard of lane {lane}"),
            Self::DeployLedger { lane } => write!(f, "deploy ledger of lane {lane}"),
            Self::Handover { lane, step } => write!(f, "hand over lane {lane}, step {step}"),
            Self::Open => write!(f, "open"),
            Self::Freeze => write!(f, "freeze"),
            Self::Declare { lane, .. } => write!(f, "declare lane {lane}"),
            Self::Stage { lane, index, .. } => write!(f, "stage lane {lane} batch {index}"),
            Self::Restart { lane, .. } => write!(f, "restart lane {lane}"),
            Self::Seal => write!(f, "seal"),
            Self::Commit => write!(f, "commit"),
            Self::Abort => write!(f, "abort"),
            Self::Release { lane } => write!(f, "release lane {lane}"),
            Self::Reclaim { lane } => write!(f, "reclaim lane {lane}"),
            Self::Retire { lane } => write!(f, "retire lane {lane}"),
            Self::Materialize { lane, index } => write!(f, "materialize lane {lane} chunk {index}"),
        }
    }
}
