//! The two ports of the executor as a scenario makes them: a chain and a medium that can be pulled away.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use alloy_primitives::B256;
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, Identity, Log, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_evm::{EmbeddedChain, Faulty};
use sealift_journal::frame::{Frame, Mark};
use sealift_journal::storage::{Epoch, StorageError};
use sealift_journal::{Memory, Storage};

use super::census::{CallKind, Census};
use super::faults::{Fault, Kind};
use super::keys;
use super::memo::Memo;

/// Whether the process is dead: then nothing it does has an effect any more.
pub(super) type Dead = Rc<Cell<bool>>;

/// The embedded chain, which takes the bytes of [`keys::signed`], and what it has answered before.
#[derive(Clone, Debug)]
pub(super) struct Trusting<'a> {
    pub(super) chain: EmbeddedChain,
    memo: &'a Memo,
    /// Whether a word was set by hand: then a block's hash does not tell the state any more.
    is_set_by_hand: Rc<Cell<bool>>,
}

impl<'a> Trusting<'a> {
    pub(super) fn new(chain: EmbeddedChain, memo: &'a Memo) -> Self {
        Self {
            chain,
            memo,
            is_set_by_hand: Rc::default(),
        }
    }

    /// From here on every answer is computed.
    pub(super) fn set_by_hand(&self) {
        self.is_set_by_hand.set(true);
    }

    /// Whether something was set by hand.
    pub(super) fn is_set_by_hand(&self) -> bool {
        self.is_set_by_hand.get()
    }

    /// One question after a block that is known.
    fn one(&self, at: At, query: &Query) -> Result<Answer, ChainError> {
        let answers = self.chain.read(at, std::slice::from_ref(query))?;
        answers.into_iter().next().ok_or(ChainError::Missing(at))
    }
}

impl Chain for Trusting<'_> {
    fn identity(&self) -> Result<Identity, ChainError> {
        self.chain.identity()
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        self.chain.header(at)
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        if self.is_set_by_hand.get() {
            return self.chain.read(at, queries);
        }
        let header = self.chain.header(at)?.ok_or(ChainError::Missing(at))?;
        let at = At::Hash(header.hash);
        self.chain.learn(queries);
        queries
            .iter()
            .map(|query| self.memo.answer(header.hash, query, || self.one(at, query)))
            .collect()
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        self.chain.logs(filter)
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        match keys::sender_of(raw) {
            Some(sender) => self.chain.send_as(raw, sender),
            None => self.chain.send(raw),
        }
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        self.chain.receipts(hashes)
    }
}

/// The chain port of one scenario, over all lives: counted, faulty, and gone for a dead process.
#[derive(Debug)]
pub(super) struct Port<'a> {
    inner: Faulty<Trusting<'a>>,
    census: Rc<RefCell<Census>>,
    dead: Dead,
    kills: RefCell<Vec<Fault>>,
    killed: RefCell<Vec<Fault>>,
}

impl<'a> Port<'a> {
    pub(super) fn new(
        chain: Trusting<'a>,
        faults: &[Fault],
        census: Rc<RefCell<Census>>,
        dead: Dead,
        lasting: &[sealift_evm::Fault],
    ) -> Self {
        let script = faults
            .iter()
            .filter_map(|fault| Some((fault.site, fault.kind.of_port()?)));
        let script = lasting.iter().map(|fault| (0, *fault)).chain(script);
        let is_kill =
            |fault: &&Fault| matches!(fault.kind, Kind::KilledBeforeSend | Kind::KilledAfterSend);
        Self {
            inner: Faulty::new(chain, script.collect()),
            census,
            dead,
            kills: RefCell::new(faults.iter().filter(is_kill).copied().collect()),
            killed: RefCell::default(),
        }
    }

    /// How many faults of each kind have struck at least once.
    pub(super) fn has_struck(&self, fault: Fault) -> bool {
        let of_port = fault.kind.of_port();
        let same = |struck: sealift_evm::Fault| {
            of_port.is_some_and(|wanted| {
                std::mem::discriminant(&wanted) == std::mem::discriminant(&struck)
            })
        };
        let struck = self.inner.struck();
        struck
            .into_iter()
            .any(|(call, struck)| call >= fault.site && same(struck))
            || self.killed.borrow().contains(&fault)
    }

    /// What is left of the faults that last for some questions, once all have begun.
    pub(super) fn lasting(&self) -> Vec<sealift_evm::Fault> {
        let mut left: Vec<sealift_evm::Fault> = Vec::new();
        for (_, struck) in self.inner.struck() {
            let same = std::mem::discriminant(&struck);
            left.retain(|fault| std::mem::discriminant(fault) != same);
            left.extend(after(struck));
        }
        left
    }

    fn ask<T>(
        &self,
        kind: CallKind,
        ask: impl FnOnce(&Faulty<Trusting<'a>>) -> Result<T, ChainError>,
    ) -> Result<T, ChainError> {
        if self.dead.get() {
            return Err(ChainError::Unreachable("the process is dead".into()));
        }
        self.census.borrow_mut().call(kind);
        ask(&self.inner)
    }

    /// Takes the first kill that is due at this call.
    fn kill(&self, call: u64) -> Option<Fault> {
        let mut kills = self.kills.borrow_mut();
        let at = kills.iter().position(|kill| kill.site <= call)?;
        let kill = kills.remove(at);
        self.killed.borrow_mut().push(kill);
        self.dead.set(true);
        Some(kill)
    }
}

impl Chain for Port<'_> {
    fn identity(&self) -> Result<Identity, ChainError> {
        self.ask(CallKind::Other, |inner| inner.identity())
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        let kind = if at == At::Finalized {
            CallKind::Finalized
        } else {
            CallKind::Other
        };
        self.ask(kind, |inner| inner.header(at))
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        self.ask(CallKind::Other, |inner| inner.read(at, queries))
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        self.ask(CallKind::Other, |inner| inner.logs(filter))
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        let lost = || SendAnswer::Ambiguous("the process is dead".into());
        if self.dead.get() {
            return lost();
        }
        let call = self.inner.calls();
        let kill = self.kill(call);
        self.census.borrow_mut().offer(raw);
        if kill.is_some_and(|kill| kill.kind == Kind::KilledBeforeSend) {
            return lost();
        }
        let answer = self.inner.send(raw);
        self.census.borrow_mut().answered(&answer);
        if kill.is_some() { lost() } else { answer }
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        self.ask(CallKind::Receipts, |inner| inner.receipts(hashes))
    }
}

/// A lasting fault after one question more.
fn after(fault: sealift_evm::Fault) -> Option<sealift_evm::Fault> {
    use sealift_evm::Fault;
    let less = |questions: u32| questions.checked_sub(1).filter(|left| *left > 0);
    Some(match fault {
        Fault::Unreachable(questions) => Fault::Unreachable(less(questions)?),
        Fault::Refused(questions) => Fault::Refused(less(questions)?),
        Fault::NoReceipts(questions) => Fault::NoReceipts(less(questions)?),
        Fault::StaleHead { blocks, questions } => {
            let questions = less(questions)?;
            Fault::StaleHead { blocks, questions }
        }
        Fault::FinalityBack { blocks, questions } => {
            let questions = less(questions)?;
            Fault::FinalityBack { blocks, questions }
        }
        _ => return None,
    })
}

/// The medium of one life: counted, faulty, and gone for a dead process.
pub(super) struct Medium<'a> {
    /// What the life appends to; its owner looks at it when the life is over.
    pub(super) inner: Rc<RefCell<sealift_journal::Faulty<Memory>>>,
    pub(super) census: Rc<RefCell<Census>>,
    pub(super) dead: Dead,
    /// Told of every append before it happens.
    pub(super) watch: &'a dyn Fn(Epoch, &[Frame]),
}

#[derive(Debug, thiserror::Error)]
#[error("the process is dead")]
struct Gone;

impl Medium<'_> {
    fn alive(&self) -> Result<(), StorageError> {
        if self.dead.get() {
            return Err(StorageError::Failed(Box::new(Gone)));
        }
        Ok(())
    }
}

impl Storage for Medium<'_> {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        self.alive()?;
        self.inner.borrow_mut().claim()
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        self.alive()?;
        (self.watch)(epoch, frames);
        let head = frames.last().map(|frame| frame.hash);
        self.census.borrow_mut().append(frames.len(), head);
        let mut inner = self.inner.borrow_mut();
        let result = inner.append(epoch, frames);
        if inner.is_dead() {
            self.dead.set(true);
        }
        result
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        self.alive()?;
        self.inner.borrow_mut().read(from, limit)
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        self.alive()?;
        self.inner.borrow_mut().cut(epoch, from)
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        self.alive()?;
        self.inner.borrow_mut().acknowledged()
    }
}
