//! What can go wrong, and what it is called.

use alloy_primitives::Address;
use sealift_evm::{Interference, Misbehaviour, Turn};

/// A place where a token calls an account back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hook {
    /// Which token.
    pub token: Address,
    /// At which inner call, in order of start, from 0.
    pub inner: usize,
    /// Before or after its work.
    pub turn: Turn,
    /// Who is called.
    pub account: Address,
}

/// What an account does when a token calls it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallBack {
    /// Where.
    pub hook: Hook,
    /// Which of the stranger's calls, made by that account for itself.
    pub call: usize,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The executor dies before it sends.
    CrashBeforeSend,
    /// The step is mined, and the executor never learns it.
    AnswerLost,
    /// The step is mined without effect.
    Reverted,
    /// The step is recorded as sent and never mined.
    Dropped,
    /// The step is mined twice.
    Duplicated,
    /// The next step is mined before this one.
    Swapped,
    /// The last steps vanish from the chain, though recorded as mined.
    Reorged(usize),
    /// The last steps are mined again in another order.
    Reordered(usize),
    /// Time passes before the step is sent.
    Delay,
    /// The sender of the step never acts again.
    KeyLost(Address),
    /// One inner call goes wrong.
    Inner(Interference),
    /// The transaction gets less gas.
    GasCut(u64),
    /// A token misbehaves in a step.
    Token(Misbehaviour),
    /// A token calls an account back whose tokens it moves, and that makes a call of its own.
    CallsBack(CallBack),
    /// An account that a step calls makes a call of its own before it returns.
    Reenters {
        /// Who.
        account: Address,
        /// Which of the stranger's calls, made by that account for itself.
        call: usize,
    },
    /// A holder moves everything that it has in a ledger.
    HolderTransfers {
        /// Which ledger.
        ledger: usize,
        /// Who.
        from: Address,
        /// To whom.
        to: Address,
    },
    /// A holder takes out everything that it has in a ledger, by the call that is its exit.
    HolderExits {
        /// Which ledger.
        ledger: usize,
        /// Who.
        holder: Address,
    },
    /// A holder takes back what it lets somebody take.
    HolderRevokes {
        /// Which allowance.
        allowance: usize,
        /// Who.
        holder: Address,
    },
    /// The account of a holder gets code (EIP-7702).
    HolderGetsCode {
        /// Who.
        account: Address,
        /// Whether that code refuses every call.
        refuses: bool,
    },
    /// A declared action of a holder.
    Action(usize),
    /// A call of a stranger.
    Stranger(usize),
}

impl Fault {
    /// Its family and name, as in `check.toml` and in the coverage.
    pub fn name(&self) -> &'static str {
        use sealift_evm::{Meddling, Misbehaving};
        match self {
            Self::CrashBeforeSend => "executor.crash-before-send",
            Self::AnswerLost => "executor.answer-lost",
            Self::Reverted => "transaction.reverted",
            Self::Dropped => "transaction.dropped",
            Self::Duplicated => "transaction.duplicated",
            Self::Swapped => "transaction.swapped",
            Self::Reorged(_) => "transaction.reorged",
            Self::Reordered(_) => "transaction.reordered",
            Self::Delay => "environment.delay",
            Self::KeyLost(_) => "environment.key-lost",
            Self::Inner(Interference { meddling, .. }) => match meddling {
                Meddling::Reverts => "evm.call-reverts",
                Meddling::ReturnsFalse => "evm.call-returns-false",
                Meddling::OutOfGas => "evm.call-out-of-gas",
                Meddling::Answers(_) => "counterparty.oracle",
            },
            Self::GasCut(_) => "evm.gas-cut",
            Self::Reenters { .. } => "evm.call-reenters",
            Self::CallsBack(_) => "counterparty.token-calls-back",
            Self::Token(Misbehaviour { how, .. }) => match how {
                Misbehaving::TakesFee => "counterparty.token-takes-fee",
                Misbehaving::Rebases => "counterparty.token-rebases",
                Misbehaving::ReturnsFalse => "counterparty.token-returns-false",
                Misbehaving::Pauses => "counterparty.token-pauses",
                Misbehaving::Blocks(_) => "counterparty.token-blocks-account",
            },
            Self::HolderTransfers { .. } => "environment.holder-transfers",
            Self::HolderExits { .. } => "environment.holder-exits",
            Self::HolderRevokes { .. } => "environment.holder-revokes",
            Self::HolderGetsCode { .. } => "environment.holder-gets-code",
            Self::Action(_) => "environment.action",
            Self::Stranger(_) => "counterparty.stranger",
        }
    }

    /// The place of its name in [`Self::name_of`].
    pub fn index(&self) -> u8 {
        let name = self.name();
        let at = Self::NAMES.iter().position(|known| *known == name);
        at.unwrap_or(Self::NAMES.len()) as u8
    }

    /// The name at a place.
    pub fn name_of(index: u8) -> &'static str {
        Self::NAMES
            .get(usize::from(index))
            .copied()
            .unwrap_or("environment.action")
    }

    /// All names but that of declared actions, in order.
    pub const NAMES: [&'static str; 27] = [
        "executor.crash-before-send",
        "executor.answer-lost",
        "transaction.reverted",
        "transaction.dropped",
        "transaction.duplicated",
        "transaction.swapped",
        "transaction.reorged",
        "transaction.reordered",
        "evm.call-reverts",
        "evm.call-returns-false",
        "evm.call-out-of-gas",
        "evm.gas-cut",
        "evm.call-reenters",
        "counterparty.token-takes-fee",
        "counterparty.token-rebases",
        "counterparty.token-returns-false",
        "counterparty.token-pauses",
        "counterparty.token-blocks-account",
        "counterparty.token-calls-back",
        "counterparty.oracle",
        "counterparty.stranger",
        "environment.delay",
        "environment.key-lost",
        "environment.holder-transfers",
        "environment.holder-exits",
        "environment.holder-gets-code",
        "environment.holder-revokes",
    ];
}
