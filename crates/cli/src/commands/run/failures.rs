//! What stops a run, by name.

use sealift_engine::chain::ChainError;
use std::sync::Arc;

use sealift_engine::driver::RunError;
use sealift_engine::list::KeepError;
use sealift_journal::{AppendError, JournalError, StorageError};
use sealift_protocol::{Halt, Plan};

use super::resume_command;
use crate::connect;
use crate::failure::{Failure, exit};
use crate::workdir::WorkDir;

/// Where a run takes place.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) dir: &'a WorkDir,
    pub(super) origin: String,
    pub(super) abort: bool,
    pub(super) plan: Arc<Plan>,
}

impl Context<'_> {
    /// An error of the driver as a user sees it.
    pub(super) fn failure(&self, error: &RunError) -> Failure {
        let resume = resume_command(self.dir, self.abort);
        if let Some(error) = error.of_node() {
            return self.chain(error);
        }
        match error {
            RunError::Chain(error) => self.chain(error),
            RunError::Halt(halt) => self.halt(halt),
            RunError::Journal(AppendError::Storage(StorageError::Full(_))) => Failure::new(
                "sealift::journal::full",
                exit::UNEXPECTED,
                "the disk is full",
            )
            .because(error)
            .at(&self.dir.journal(), None)
            .next(format!(
                "nothing was sent after that; make room, then: {resume}"
            )),
            RunError::Journal(append) if append.is_fenced() => Failure::new(
                "sealift::journal::fenced",
                exit::LOCKED,
                "another executor took over",
            )
            .because(error)
            .next("leave it to the other one; `sealift status` shows where it is"),
            RunError::Journal(_) => {
                Failure::new("sealift::journal::write", exit::UNEXPECTED, error)
                    .because(error)
                    .at(&self.dir.journal(), None)
                    .next(format!(
                        "nothing was sent after that; check the disk, then: {resume}"
                    ))
            }
            RunError::View(_) => Failure::new("sealift::contracts::unreadable", exit::NODE, error)
                .because(error)
                .next(format!("check the node, then: {resume}")),
            RunError::List(_) => Failure::new("sealift::list::incomplete", exit::MISMATCH, error)
                .because(error)
                .next(format!(
                    "nobody was left out: nothing is sealed; `sealift --dir {} abort` \
                               brings legacy back",
                    self.dir.path().display()
                )),
            RunError::OtherList { .. } => {
                Failure::new("sealift::list::other", exit::MISMATCH, error).next(format!(
                    "a frozen balance has changed, or the journal is of another history; nothing is \
                     decided by this: `sealift --dir {} abort` brings legacy back before the decision",
                    self.dir.path().display()
                ))
            }
            RunError::Verify { .. } => Failure::new("sealift::verify::gate", exit::MISMATCH, error)
                .because(error)
                .next(format!(
                    "nothing is decided; look at the cause, then {resume}, or abort"
                )),
            RunError::Sign(_) => Failure::new("sealift::keys::sign", exit::USAGE, error)
                .because(error)
                .next(format!("correct [keys] in sealift.toml, then: {resume}")),
            RunError::Keep(KeepError { path, .. }) => {
                Failure::new("sealift::file::io", exit::UNEXPECTED, error)
                    .because(error)
                    .at(path, None)
                    .next(format!("check the disk, then: {resume}"))
            }
        }
    }

    fn chain(&self, error: &ChainError) -> Failure {
        let resume = resume_command(self.dir, self.abort);
        connect::chain_error(&self.origin, error).next(format!(
            "nothing is lost; check the node (curl {}), then: {resume}",
            self.origin
        ))
    }

    fn halt(&self, halt: &Halt) -> Failure {
        let resume = resume_command(self.dir, self.abort);
        let back = format!("sealift --dir {} abort", self.dir.path().display());
        let (code, exit, next) = match halt {
            Halt::FinalityRegressed { .. } => (
                "sealift::halt::finality_regressed",
                exit::NODE,
                format!("ask another node what is final; if this one was wrong: {resume}"),
            ),
            Halt::WouldRevert { .. } => (
                "sealift::halt::would_revert",
                exit::UNEXPECTED,
                format!("look at the revert data; then {resume}, or {back}"),
            ),
            Halt::KeepsFailing { .. } => (
                "sealift::halt::keeps_failing",
                exit::UNEXPECTED,
                format!("look at the failed transactions; then {back}"),
            ),
            Halt::AlreadyCommitted => (
                "sealift::halt::already_committed",
                exit::USAGE,
                format!("sealift --dir {} run", self.dir.path().display()),
            ),
            Halt::StaleDeadline { .. } => (
                "sealift::halt::stale_deadline",
                exit::STALE,
                format!(
                    "{back} gives back what was handed over; then plan again, in a fresh directory, \
                     with a later deadline"
                ),
            ),
            Halt::OverBudget { .. } => (
                "sealift::halt::over_budget",
                exit::PAUSED,
                format!("raise budget_eth in [limits], then: {resume}"),
            ),
            Halt::InsufficientFunds { .. } => (
                "sealift::halt::insufficient_funds",
                exit::PAUSED,
                format!("send it ether, then: {resume}"),
            ),
            Halt::Invalid { .. } => (
                "sealift::halt::invalid",
                exit::NODE,
                format!(
                    "check the limits of the node and of [limits], and that the chain runs the rules of \
                     Osaka; then {resume}, or {back}"
                ),
            ),
            Halt::Unexpected(_) | Halt::IllegalRecord(_) => (
                "sealift::halt::inconsistent",
                exit::UNEXPECTED,
                format!("keep the directory and report this; {back} is always possible"),
            ),
        };
        Failure::new(code, exit, halt).next(next)
    }
}

/// Why the journal cannot be used.
pub(crate) fn journal_failure(dir: &WorkDir, error: &JournalError) -> Failure {
    let path = dir.journal();
    match error {
        JournalError::Halt { sequence, kind, .. } => {
            let message = format!("the journal is damaged at record {sequence} ({kind})");
            Failure::new("sealift::journal::damaged", exit::UNEXPECTED, message)
                .because(error)
                .at(&path, None)
                .next(format!(
                    "nothing was sent; put a good copy back, or, if there is none, move {} and its \
                     companions away and run again: the contract's cursor is the truth",
                    path.display()
                ))
        }
        JournalError::Refused(mismatch) => {
            Failure::new("sealift::journal::other_binding", exit::STALE, mismatch)
                .at(&path, None)
                .next(
                    "put back the plan.json that this journal belongs to, or use another directory",
                )
        }
        JournalError::FenceBehind { .. } => {
            Failure::new("sealift::journal::mixed_ages", exit::UNEXPECTED, error)
                .at(&path, None)
                .next(
                    "the journal was put together from copies of different ages; restore one whole",
                )
        }
        JournalError::Storage { .. } => {
            Failure::new("sealift::journal::storage", exit::UNEXPECTED, error)
                .because(error)
                .at(&path, None)
                .next("check the disk and the permissions of the journal")
        }
    }
}
