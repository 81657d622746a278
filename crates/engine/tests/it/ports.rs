//! Chain ports that look on, interfere, or show another chain.

use std::cell::{Cell, RefCell};

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::B256;
use sealift_engine::chain::{
    Answer, At, Chain, ChainError, Header, Identity, Log, LogFilter, Query, Receipt, SendAnswer,
};
use sealift_evm::EmbeddedChain;
use sealift_protocol::event::BlockId;

/// A chain before which somebody looks at each send, and may be quicker.
pub(crate) struct Watched<'a> {
    chain: &'a EmbeddedChain,
    before_send: &'a dyn Fn(&TxEnvelope),
    answers: RefCell<Vec<SendAnswer>>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(chain: &'a EmbeddedChain, before_send: &'a dyn Fn(&TxEnvelope)) -> Self {
        Self {
            chain,
            before_send,
            answers: RefCell::default(),
        }
    }

    /// How often the node gave this answer to a send.
    pub(crate) fn answered(&self, wanted: &SendAnswer) -> usize {
        let answers = self.answers.borrow();
        answers.iter().filter(|answer| *answer == wanted).count()
    }
}

impl Chain for Watched<'_> {
    fn identity(&self) -> Result<Identity, ChainError> {
        self.chain.identity()
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        self.chain.header(at)
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        self.chain.read(at, queries)
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        self.chain.logs(filter)
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        let tx = TxEnvelope::decode_2718(&mut &*raw).expect("a signed transaction");
        (self.before_send)(&tx);
        let answer = self.chain.send(raw);
        self.answers.borrow_mut().push(answer.clone());
        answer
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        self.chain.receipts(hashes)
    }
}

/// The calldata of a transaction, where it calls this function.
pub(crate) fn call_of<T: alloy_sol_types::SolCall>(tx: &TxEnvelope) -> Option<T> {
    T::abi_decode(tx.input()).ok()
}

/// What makes a hash that of the other chain, and back.
const SALT: B256 = B256::repeat_byte(0x5a);

/// A chain that is rewritten from a moment on: every block above a height has another hash, linked by
/// parent hash, with the same contents. Blocks of the chain as it was are not known any more.
pub(crate) struct Rewritten {
    pub(crate) chain: EmbeddedChain,
    /// The highest block that is as it was; `None` as long as nothing is rewritten.
    pub(crate) above: Cell<Option<u64>>,
    /// So many headers that are asked for by hash do not come, once it is rewritten.
    pub(crate) silences: Cell<u32>,
}

impl Rewritten {
    pub(crate) fn new(chain: &EmbeddedChain) -> Self {
        Self {
            chain: chain.clone(),
            above: Cell::new(None),
            silences: Cell::new(0),
        }
    }

    fn shown(&self, number: u64, hash: B256) -> B256 {
        match self.above.get() {
            Some(above) if number > above => hash ^ SALT,
            _ => hash,
        }
    }

    /// The place on the chain below that a question is about; `None` where there is none.
    fn below(&self, at: At) -> Result<Option<At>, ChainError> {
        let At::Hash(asked) = at else {
            return Ok(Some(at));
        };
        for hash in [asked, asked ^ SALT] {
            let found = self.chain.header(At::Hash(hash))?;
            if found.is_some_and(|header| self.shown(header.number, header.hash) == asked) {
                return Ok(Some(At::Hash(hash)));
            }
        }
        Ok(None)
    }
}

impl Chain for Rewritten {
    fn identity(&self) -> Result<Identity, ChainError> {
        self.chain.identity()
    }

    fn header(&self, at: At) -> Result<Option<Header>, ChainError> {
        let left = self.silences.get();
        if left > 0 && self.above.get().is_some() && matches!(at, At::Hash(_)) {
            self.silences.set(left - 1);
            return Err(ChainError::Unreachable("no header of this walk".into()));
        }
        let Some(below) = self.below(at)? else {
            return Ok(None);
        };
        let found = self.chain.header(below)?;
        Ok(found.map(|header| Header {
            hash: self.shown(header.number, header.hash),
            parent: self.shown(header.number.saturating_sub(1), header.parent),
            ..header
        }))
    }

    fn read(&self, at: At, queries: &[Query]) -> Result<Vec<Answer>, ChainError> {
        let below = self.below(at)?.ok_or(ChainError::Missing(at))?;
        self.chain.read(below, queries)
    }

    fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
        let mut logs = self.chain.logs(filter)?;
        for log in &mut logs {
            log.block_hash = self.shown(log.block, log.block_hash);
        }
        Ok(logs)
    }

    fn send(&self, raw: &[u8]) -> SendAnswer {
        self.chain.send(raw)
    }

    fn receipts(&self, hashes: &[B256]) -> Result<Vec<Option<Receipt>>, ChainError> {
        let mut found = self.chain.receipts(hashes)?;
        for receipt in found.iter_mut().flatten() {
            let BlockId { number, hash } = receipt.block;
            receipt.block.hash = self.shown(number, hash);
        }
        Ok(found)
    }
}
