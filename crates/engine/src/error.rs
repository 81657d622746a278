//! Why a run stopped, and whether the node was the cause.

use sealift_journal::AppendError;
use sealift_protocol::Halt;
use sealift_protocol::event::Gate;

use crate::balances::BalanceError;
use crate::chain::ChainError;
use crate::list::{KeepError, ListError};
use crate::signer::SignError;
use crate::verify::VerifyError;
use crate::view::ViewError;

/// Why a run stopped before its end. The journal stands; the run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The core refuses to go on.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// Records could not be made durable; nothing was done after that.
    #[error("the journal cannot be written")]
    Journal(#[from] AppendError),
    /// The chain does not answer.
    #[error("the chain cannot be read")]
    Chain(#[from] ChainError),
    /// A contract is not what it must be.
    #[error("the contracts cannot be read")]
    View(#[source] ViewError),
    /// There is no final list.
    #[error("the final holder list cannot be made")]
    List(#[from] ListError),
    /// Verification failed; nothing was decided.
    #[error("verification before the {gate:?} gate failed")]
    Verify {
        /// Before what.
        gate: Gate,
        /// What is not as it must be.
        #[source]
        cause: VerifyError,
    },
    /// The final list that is recorded cannot be made again: frozen balances are not what they were.
    #[error("lane {lane}: the final list is not the one that the journal records")]
    OtherList {
        /// Lane number.
        lane: u32,
    },
    /// There is no signature.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The final list could not be kept.
    #[error("the final holder list cannot be kept")]
    Keep(#[from] KeepError),
}

impl From<ViewError> for RunError {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Chain(error) => Self::Chain(error),
            other => Self::View(other),
        }
    }
}

impl RunError {
    /// Whether the node was not reached, and asking again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::View(error) => error.is_retryable(),
            other => other.of_node().is_some_and(ChainError::is_retryable),
        }
    }

    /// Whether the node answered with an error of its own. Behind a load balancer that may pass.
    pub fn is_refusal(&self) -> bool {
        matches!(self.of_node(), Some(ChainError::Refused(_)))
    }

    /// The node's part in it, where the node is the cause.
    pub fn of_node(&self) -> Option<&ChainError> {
        match self {
            Self::Chain(error)
            | Self::List(ListError::Balance(BalanceError::Chain(error)))
            | Self::View(ViewError::Holders(BalanceError::Chain(error)))
            | Self::Verify {
                cause: VerifyError::Chain(error) | VerifyError::Balance(BalanceError::Chain(error)),
                ..
            } => Some(error),
            _ => None,
        }
    }
}
