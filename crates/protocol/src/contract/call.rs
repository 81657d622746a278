//! Calls and the errors that they revert with.

use alloy_primitives::{Address, B256, Bytes, U256};

use super::Declared;

/// `IMigration.Rules`, without its lanes: those are the ones that were deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Unix seconds at which anybody may abort.
    pub deadline_secs: u64,
    /// Longest freeze in seconds.
    pub max_freeze_secs: u64,
    /// Freezes and stages.
    pub operator: Address,
    /// May abort before the deadline.
    pub guardian: Address,
    /// Whether anybody may commit what is sealed.
    pub preauthorised: bool,
}

/// `IMigration.Batch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    /// Entries.
    pub count: u64,
    /// Sum of the amounts in base units.
    pub sum: U256,
    /// Keccak-256 of the data.
    pub data_hash: B256,
}

/// A call of the legacy token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LegacyCall {
    /// `transfer`.
    Transfer {
        /// To whom.
        to: Address,
        /// Base units.
        amount: U256,
    },
    /// `mint`, by the owner.
    Mint {
        /// To whom.
        to: Address,
        /// Base units.
        amount: U256,
    },
    /// `pause`, by the owner.
    Pause,
    /// `unpause`, by the owner.
    Unpause,
    /// `transferOwnership`, by the owner.
    TransferOwnership {
        /// To whom.
        to: Address,
    },
}

/// A call of the migration, of a guard, of a legacy token or of a successor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `Migration.open`.
    Open {
        /// What is fixed.
        rules: Rules,
        /// `keccak256(abi.encode(rules))`, with the lanes.
        rules_hash: B256,
        /// Makes the id this migration's own.
        nonce: B256,
    },
    /// `Migration.freeze`.
    Freeze,
    /// `Migration.declare`.
    Declare {
        /// Lane number.
        lane: u32,
        /// The arguments.
        declared: Declared,
    },
    /// `Migration.stage`.
    Stage {
        /// Lane number.
        lane: u32,
        /// Batch number.
        index: u32,
        /// Entries.
        data: Bytes,
    },
    /// `Migration.stageProven`.
    StageProven {
        /// Lane number.
        lane: u32,
        /// Batch number.
        index: u32,
        /// Entries.
        data: Bytes,
        /// The batches behind this one.
        rest: Vec<Batch>,
    },
    /// `Migration.restart`.
    Restart {
        /// Lane number.
        lane: u32,
    },
    /// `Migration.seal`.
    Seal,
    /// `Migration.commit`.
    Commit {
        /// The sealed head that the caller has seen.
        head: B256,
    },
    /// `Migration.abort`.
    Abort,
    /// `PausableGuard.release`.
    Release {
        /// Lane number.
        lane: u32,
    },
    /// `PausableGuard.retire`.
    Retire {
        /// Lane number.
        lane: u32,
    },
    /// `PausableGuard.reclaim`.
    Reclaim {
        /// Lane number.
        lane: u32,
    },
    /// A call of a legacy token.
    Legacy {
        /// Lane number.
        lane: u32,
        /// What.
        call: LegacyCall,
    },
    /// `transfer` of a successor.
    SuccessorTransfer {
        /// Lane number.
        lane: u32,
        /// To whom.
        to: Address,
        /// Base units.
        amount: U256,
    },
    /// `approve` of a successor, with any amount.
    SuccessorApprove {
        /// Lane number.
        lane: u32,
        /// Who may spend.
        spender: Address,
    },
    /// `materialize` of a successor.
    Materialize {
        /// Lane number.
        lane: u32,
        /// Whom.
        accounts: Vec<Address>,
    },
}

/// The Solidity error that a call reverts with, by name; its arguments are not modelled.
#[expect(
    missing_docs,
    reason = "documented where they are defined, in the interfaces"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[error("reverted with {self:?}")]
pub enum Revert {
    // IMigration
    NotOwner,
    NotOperator,
    NotAllowed,
    WrongPhase,
    DeadlinePassed,
    BadRules,
    NoSuchLane,
    NotStaged,
    NotFrozen,
    SupplyChanged,
    WrongBatch,
    AlreadyDeclared,
    NotDeclared,
    NotAsDeclared,
    SupplyTooLarge,
    SumIsNotSupply,
    WrongHead,
    // ILedger
    NotLive,
    BadData,
    NotAscending,
    EmptyEntry,
    AmountTooLarge,
    // IGuard
    NotRecordedOwner,
    NotExclusive,
    /// `IGuard.WrongPhase()`, which is not `IMigration.WrongPhase(Phase)`.
    GuardWrongPhase,
    CannotUnpause,
    // OpenZeppelin
    OwnableUnauthorizedAccount,
    OwnableInvalidOwner,
    EnforcedPause,
    ExpectedPause,
    ERC20InsufficientBalance,
    ERC20InvalidReceiver,
    ERC20InvalidSpender,
    /// The compiler's overflow check.
    Panic,
}
