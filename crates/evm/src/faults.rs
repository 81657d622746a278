//! A chain port that misbehaves as a script says.

use alloy_primitives::B256;
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, Identity, Log, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_protocol::event::Rejection;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One way in which a node misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The next send is passed on, and its answer is lost: ambiguous.
    AnswerLost,
    /// The next send is answered "accepted" and forgotten.
    SilentDrop,
    /// The next send is passed on, and answered "already known".
    AlreadyKnown,
    /// The next send is passed on, and answered "replacement transaction underpriced".
    ReplacementUnderpriced,
    /// The next send times out before the node has it: ambiguous.
    SendTimeout,
    /// The next send is refused as too cheap for the pool.
    Underpriced,
    /// The next send is refused because the pool is full.
    PoolFull,
    /// The next send is refused because its sender cannot pay.
    InsufficientFunds,
    /// This many questions are not answered at all.
    Unreachable(u32),
    /// This many questions are answered with an error of the node's own.
    Refused(u32),
    /// This many questions for receipts are answered with "none".
    NoReceipts(u32),
    /// This many questions are answered as of `blocks` ago.
    StaleHead {
        /// How many blocks are not seen.
        blocks: u64,
        /// How many questions.
        questions: u32,
    },
    /// This many questions are answered as if the final block were `blocks` lower.
    FinalityBack {
        /// How many blocks finality goes back.
        blocks: u64,
        /// How many questions.
        questions: u32,
    },
}

impl Fault {
    fn is_of_send(self) -> bool {
        matches!(
            self,
            Self::AnswerLost
                | Self::SilentDrop
                | Self::AlreadyKnown
                | Self::ReplacementUnderpriced
                | Self::SendTimeout
        ) || self.rejection().is_some()
    }

    /// What a send is refused with that is not passed on.
    fn rejection(self) -> Option<Rejection> {
        match self {
            Self::Underpriced => Some(Rejection::Underpriced),
            Self::PoolFull => Some(Rejection::PoolFull),
            Self::InsufficientFunds => Some(Rejection::InsufficientFunds),
            _ => None,
        }
    }

    /// The fault after it happened once more; `None` when it is over.
    fn used(self) -> Option<Self> {
        let left = |times: u32| times.checked_sub(1).filter(|left| *left > 0);
        match self {
            Self::Unreachable(times) => left(times).map(Self::Unreachable),
            Self::Refused(times) => left(times).map(Self::Refused),
            Self::NoReceipts(times) => left(times).map(Self::NoReceipts),
            Self::StaleHead { blocks, questions } => {
                left(questions).map(|questions| Self::StaleHead { blocks, questions })
            }
            Self::FinalityBack { blocks, questions } => {
                left(questions).map(|questions| Self::FinalityBack { blocks, questions })
            }
            _ => None,
        }
    }
}

/// A chain with a script of faults.
///
/// Calls of any method are counted from 0. A fault of the script waits until its call index is
/// reached and then strikes at the first call that it can strike: a send fault at a send, the others
/// at a question. Of two faults that could strike one call, the earlier in the script does.
#[derive(Debug)]
pub struct Faulty<C> {
    inner: C,
    script: Mutex<Script>,
}

#[derive(Debug)]
struct Script {
    calls: u64,
    waiting: Vec<(u64, Fault)>,
    struck: Vec<(u64, Fault)>,
}

impl<C: Chain> Faulty<C> {
    /// A port over `inner` that misbehaves at the given calls.
    pub fn new(inner: C, script: Vec<(u64, Fault)>) -> Self {
        let script = Script {
            calls: 0,
            waiting: script,
            struck: Vec::new(),
        };
        Self {
            inner,
            script: Mutex::new(script),
        }
    }

    /// The port below.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.script().calls
    }

    /// Which faults struck, and at which calls.
    pub fn struck(&self) -> Vec<(u64, Fault)> {
        self.script().struck.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&self, can: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut script = self.script();
        let call = script.calls;
        script.calls += 1;
        let at = script
            .waiting
            .iter()
            .position(|(due, fault)| *due <= call && can(*fault))?;
        let fault = script.waiting[at].1;
        match fault.used() {
            Some(left) => script.waiting[at].1 = left,
            None => {
                script.waiting.remove(at);
            }
        }
        script.struck.push((call, fault));
        Some(fault)
    }

    /// What is wrong with the next question; `receipts` tells whether it asks for receipts.
    fn question(&self, receipts: bool) -> Result<Option<Fault>, ChainError> {
        let can = |fault: Fault| {
            !fault.is_of_send() && (receipts || !matches!(fault, Fault::NoReceipts(_)))
        };
        match self.strike(can) {
            Some(Fault::Unreachable(_)) => Err(ChainError::Unreachable("scripted fault".into())),
            Some(Fault::Refused(_)) => Err(ChainError::Refused("scripted fault".into())),
            fault => Ok(fault),
        }
    }

    /// The block that a misbehaving node takes for `at`; `None` where it does not know it.
    fn seen(&self, at: At, fault: Option<Fault>) -> Result<Option<At>, ChainError> {
        let number = |at| Ok::<_, ChainError>(self.inner.header(at)?.map(|header| header.number));
        match fault {
            Some(Fault::StaleHead { blocks, .. }) => {
                let Some(head) = number(At::Latest)? else {
                    return Ok(None);
                };
                let newest = head.saturating_sub(blocks);
                Ok(match at {
                    At::Latest => Some(At::Number(newest)),
                    At::Finalized => number(at)?.map(|number| At::Number(number.min(newest))),
                    At::Number(_) | At::Hash(_) => {
                        number(at)?.filter(|number| *number <= newest).map(|_| at)
                    }
                })
            }
            Some(Fault::FinalityBack { blocks, .. }) if at == At::Finalized => {
                Ok(number(at)?.map(|number| At::Number(number.saturating_sub(blocks))))
            }
            _ => Ok(Some(at)),
        }
    }
}

impl<C: Chain> Chain for Faulty<C> {
    fn identity(&self) -> Result<Identity, ChainError> {
        self.question(false)?;
        self.inner.identity()
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        let fault = self.question(false)?;
        match self.seen(at, fault)? {
            Some(at) => self.inner.header(at),
            None => Ok(None),
        }
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        let fault = self.question(false)?;
        let seen = self.seen(at, fault)?.ok_or(ChainError::Missing(at))?;
        self.inner.read(seen, queries)
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        let fault = self.question(false)?;
        let mut logs = self.inner.logs(filter)?;
        if let Some(At::Number(newest)) = self.seen(At::Latest, fault)? {
            logs.retain(|log| log.block <= newest);
        }
        Ok(logs)
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        match self.strike(Fault::is_of_send) {
            Some(Fault::SilentDrop) => SendAnswer::Accepted,
            Some(Fault::SendTimeout) => SendAnswer::Ambiguous("time-out".into()),
            Some(fault) => {
                if let Some(rejection) = fault.rejection() {
                    return SendAnswer::Rejected(rejection);
                }
                let text = match fault {
                    Fault::AlreadyKnown => "already known",
                    Fault::ReplacementUnderpriced => "replacement transaction underpriced",
                    _ => "connection reset",
                };
                self.inner.send(raw);
                SendAnswer::Ambiguous(text.into())
            }
            None => self.inner.send(raw),
        }
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        let fault = self.question(true)?;
        if matches!(fault, Some(Fault::NoReceipts(_))) {
            return Ok(vec![None; hashes.len()]);
        }
        let mut receipts = self.inner.receipts(hashes)?;
        if let Some(At::Number(newest)) = self.seen(At::Latest, fault)? {
            for receipt in &mut receipts {
                receipt.take_if(|receipt| receipt.block.number > newest);
            }
        }
        Ok(receipts)
    }
}
