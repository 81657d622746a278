//! What a run does, counted: the sites of faults, and a trail by which two runs are told apart.

use std::hash::Hash;

use alloy_primitives::B256;
use sealift_engine::chain::SendAnswer;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::inside::Inside;

/// Everything that a fault can strike at, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    moment: u64,
    /// Everything that was written, offered and mined, in order, with the answers to offers, in 128 bits. Questions
    /// leave no trace.
    pub(super) trail: u128,
    /// Durable appends.
    pub(super) appends: Vec<Append>,
    /// Calls of the chain port.
    pub(super) calls: Vec<Call>,
    /// Blocks that were made.
    pub(super) blocks: Vec<BlockMade>,
    /// What can go wrong inside the transactions of these blocks, where that was wanted.
    pub(super) inside: Vec<Inside>,
}

/// A durable append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Append {
    pub(super) moment: u64,
    pub(super) records: usize,
}

/// A call of the chain port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) moment: u64,
    pub(super) kind: CallKind,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    Send,
    Receipts,
    Finalized,
    Other,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockMade {
    pub(super) moment: u64,
    /// How many transactions waited for it.
    pub(super) waiting: usize,
}

/// How many appends, calls, blocks and transactions there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) appends: u64,
    pub(super) calls: u64,
    pub(super) blocks: u64,
    /// Transactions that were mined; who counts them puts them in.
    pub(super) transactions: u64,
}

impl Census {
    fn tick(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    fn follow(&mut self, what: impl Hash) {
        let mut hash = SipHasher13::new();
        (self.trail, what).hash(&mut hash);
        self.trail = hash.finish128().as_u128();
    }

    pub(super) fn append(&mut self, records: usize, head: Option<B256>) {
        let moment = self.tick();
        self.follow((0u8, records, head));
        self.appends.push(Append { moment, records });
    }

    pub(super) fn call(&mut self, kind: CallKind) {
        let moment = self.tick();
        self.calls.push(Call { moment, kind });
    }

    pub(super) fn offer(&mut self, raw: &[u8]) {
        self.follow((1u8, raw));
        self.call(CallKind::Send);
    }

    /// What an offer was answered with; of an ambiguous answer the words mean nothing.
    pub(super) fn answered(&mut self, answer: &SendAnswer) {
        match answer {
            SendAnswer::Ambiguous(_) => self.follow(3u8),
            other => self.follow((4u8, format!("{other:?}"))),
        }
    }

    /// The newest block, as it stands after whatever happened to it.
    pub(super) fn head(&mut self, hash: B256) {
        self.follow((2u8, hash));
    }

    /// How far the run is.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            appends: self.appends.len() as u64,
            calls: self.calls.len() as u64,
            blocks: self.blocks.len() as u64,
            transactions: 0,
        }
    }

    pub(super) fn block(&mut self, waiting: usize) -> u64 {
        let moment = self.tick();
        self.blocks.push(BlockMade { moment, waiting });
        moment
    }
}
