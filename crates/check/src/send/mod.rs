//! Sending: what a transaction does to a state, found once for each state.

mod inside;
mod reentry;

use std::ops::Deref;
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, Bytes, Log, U256};
use sealift_evm::{Cell, Ending, Executed, InnerCall, Machine, Message, Snapshot, Sum, TX_GAS_CAP};

use crate::fork::{Bytecode, Effect, Fork, Print, print_of};
use crate::input::Step;
use crate::memo::Memo;
use crate::model::{
    ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, ANYONE, NEWCOMER, REFUSES, Record, STRANGER, Subject,
};

pub use inside::{Cuts, Inner};

/// What a transaction did.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it writes; nothing where it failed.
    pub effect: Effect,
    /// Why it failed; `None` where it succeeded.
    pub failed: Option<Bytes>,
    /// Gas spent.
    pub gas: u64,
    /// A contract that it created as its own call.
    pub created: Option<Address>,
    /// All that it depends on but `sums`.
    pub reads: Vec<Cell>,
    /// Words that it counts on: they may stand within limits, and it does the same.
    pub sums: Vec<Sum>,
    /// What was seen inside, where it was executed for that.
    pub inside: Option<Inside>,
}

/// What was seen inside a transaction.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Its inner calls, in order of start.
    pub calls: Vec<InnerCall>,
    /// Whether every frame fails with each call that fails in it.
    pub is_all_or_nothing: bool,
    /// Its events.
    pub logs: Vec<Log>,
}

impl Outcome {
    /// Whether it changed nothing.
    pub fn is_idle(&self) -> bool {
        self.effect.is_empty()
    }

    /// Takes words that it counts on out of what it reads and writes.
    fn count(&mut self, sums: Vec<Sum>) {
        let is_counted = |cell: &Cell| sums.binary_search_by_key(cell, |sum| sum.cell).is_ok();
        self.reads.retain(|cell| !is_counted(cell));
        self.effect.count(&sums);
        self.sums = sums;
    }

    /// Whether the words that it counts on stand in a state within their limits.
    pub fn holds(&self, fork: &Fork) -> bool {
        self.sums.iter().all(|sum| {
            let word = fork.word(sum.cell.0, sum.cell.1.unwrap_or_default());
            (sum.low..=sum.high).contains(&word)
        })
    }

    /// Whether it was seen that every frame fails with each call that fails in it.
    fn is_all_or_nothing(&self) -> bool {
        let inside = self.inside.as_ref();
        inside.is_some_and(|inside| inside.is_all_or_nothing)
    }

    /// All cells that it depends on, in whatever way.
    pub fn dependencies(&self) -> impl Iterator<Item = Cell> {
        let counted = self.sums.iter().map(|sum| sum.cell);
        self.reads.iter().copied().chain(counted)
    }
}

/// What a transaction did, and the state after it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The state after it.
    pub fork: Fork,
    /// What it did.
    pub outcome: Arc<Outcome>,
}

impl Deref for Sent {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.outcome
    }
}

/// States after a transaction that are kept at most.
const KEPT: usize = 1 << 12;

/// Executes, and remembers.
#[derive(Debug)]
pub struct Sender {
    /// The machine.
    pub machine: Machine<Fork>,
    sent: HashMap<Print, Sent>,
    /// Outcomes by message and nonce.
    pub outcomes: Memo<Arc<Outcome>>,
    inner: Memo<Arc<Inner>>,
    cuts: Memo<Arc<Cuts>>,
    partly: Memo<Option<Arc<Outcome>>>,
    callouts: Memo<Arc<[Address]>>,
    /// How many transactions were executed.
    pub executed: u64,
    /// What executions depend on, as it is found; for the caller to take.
    pub found: Vec<Cell>,
}

impl Sender {
    /// A sender for one chain.
    pub fn new(chain_id: u64) -> Self {
        Self {
            machine: Machine::new(chain_id),
            sent: HashMap::default(),
            outcomes: Memo::default(),
            inner: Memo::default(),
            cuts: Memo::default(),
            partly: Memo::default(),
            callouts: Memo::default(),
            executed: 0,
            found: Vec::new(),
        }
    }

    /// Executes everything, whatever is known.
    pub fn forget(&mut self) {
        self.outcomes.forgets = true;
        self.inner.forgets = true;
        self.cuts.forgets = true;
        self.partly.forgets = true;
        self.callouts.forgets = true;
    }

    /// Executes a message on a state.
    pub fn send(&mut self, fork: &Fork, message: &Message, nonce: Option<u64>) -> Sent {
        let question = question(message, nonce);
        let key = print_of(&(fork.print(), question));
        if let Some(sent) = self.sent.get(&key) {
            return sent.clone();
        }
        let outcome = self.outcome(fork, question, message, nonce);
        let sent = after(fork, outcome);
        self.keep(key, sent.clone());
        sent
    }

    /// Begins with what sending a message on a state came to.
    pub fn know(&mut self, fork: &Fork, question: Print, sent: Sent) {
        self.keep(print_of(&(fork.print(), question)), sent);
    }

    fn keep(&mut self, key: Print, sent: Sent) {
        if self.sent.len() >= KEPT {
            self.sent.clear();
        }
        self.sent.insert(key, sent);
    }

    /// What a message does to a state; `question` is that of message and nonce.
    pub fn outcome(
        &mut self,
        fork: &Fork,
        question: Print,
        message: &Message,
        nonce: Option<u64>,
    ) -> Arc<Outcome> {
        let known = self
            .outcomes
            .find(question, fork, |outcome| outcome.holds(fork));
        known.unwrap_or_else(|| self.record(fork, question, message, nonce))
    }

    /// As [`Self::outcome`], with what was seen inside.
    fn inside(&mut self, fork: &Fork, message: &Message) -> Arc<Outcome> {
        let question = question(message, None);
        let holds = |outcome: &Arc<Outcome>| outcome.inside.is_some() && outcome.holds(fork);
        let known = self.outcomes.find(question, fork, holds);
        known.unwrap_or_else(|| self.record(fork, question, message, None))
    }

    fn record(
        &mut self,
        fork: &Fork,
        question: Print,
        message: &Message,
        nonce: Option<u64>,
    ) -> Arc<Outcome> {
        self.executed += 1;
        let mut before = fork.clone();
        if let Some(nonce) = nonce {
            before.set_nonce(message.from, nonce);
        }
        let (mut executed, observed, recording) =
            self.machine
                .execute_recording(before.clone(), fork.moment(), message);
        let logs = std::mem::take(&mut executed.logs);
        let mut outcome = outcome_of(fork, &before, message, executed);
        if !self.outcomes.forgets {
            outcome.count(recording.sums);
        }
        outcome.inside = Some(Inside {
            calls: observed.calls,
            is_all_or_nothing: recording.is_all_or_nothing,
            logs,
        });
        let outcome = Arc::new(outcome);
        self.found.extend(outcome.dependencies());
        self.outcomes
            .put(question, fork, &outcome.reads, outcome.clone());
        outcome
    }
}

/// The fingerprint of a message and of the nonce that it is sent with.
pub fn question(message: &Message, nonce: Option<u64>) -> Print {
    print_of(&(message, nonce))
}

/// The state after an outcome.
pub fn after(fork: &Fork, outcome: Arc<Outcome>) -> Sent {
    let mut fork = fork.clone();
    fork.put(&outcome.effect);
    Sent { fork, outcome }
}

/// The message of a step as an executor with this record sends it.
pub fn message_of(step: &Step, record: &Record, from: Address) -> Message {
    let follow = |address: Address| {
        record
            .moved
            .iter()
            .find(|(old, _)| *old == address)
            .map_or(address, |(_, new)| *new)
    };
    let mut data = step.data.clone();
    if !record.moved.is_empty() {
        let mut bytes = data.to_vec();
        for (old, new) in &record.moved {
            let mut at = 0;
            while let Some(found) = bytes[at..]
                .windows(20)
                .position(|window| window == old.as_slice())
            {
                bytes[at + found..at + found + 20].copy_from_slice(new.as_slice());
                at += found + 20;
            }
        }
        data = bytes.into();
    }
    // A gas limit of the script was an estimate for the state that it was made in; what a lower one does is the
    // fault `evm.gas-cut`.
    Message {
        from,
        to: step.to.map(follow),
        data,
        value: step.value,
        gas: TX_GAS_CAP,
    }
}

/// The state of a scene with the cast of the checker in it: a stranger with ether, and contracts that answer anything.
pub fn with_cast(mut fork: Fork) -> Fork {
    let ether = U256::from(1_000_000_000_000_000_000u64);
    for person in [STRANGER, ANYONE, NEWCOMER] {
        let mut account = fork.account(person).unwrap_or_default();
        account.balance = account.balance.max(ether * U256::from(100));
        fork.set_account(person, account);
    }
    let answers = |word: U256| {
        let mut code = vec![0x7f];
        code.extend(word.to_be_bytes::<32>());
        // Three times the word: PUSH32 w, DUP1, DUP1, MSTORE at 0, 32, 64, RETURN 96 bytes.
        code.extend([
            0x80, 0x80, 0x5f, 0x52, 0x60, 0x20, 0x52, 0x60, 0x40, 0x52, 0x60, 0x60, 0x5f, 0xf3,
        ]);
        Bytecode::new_raw(code.into())
    };
    fork.set_code(ANSWERS_ONE, answers(U256::ONE));
    fork.set_code(ANSWERS_MUCH, answers(U256::from(10u64).pow(U256::from(24))));
    fork.set_code(ACCEPTS, accepts());
    fork.set_code(REFUSES, Bytecode::new_raw(vec![0x5f, 0x5f, 0xfd].into()));
    fork
}

/// Code that answers the hooks of ERC-721 and ERC-1155 with their selectors, as recipients do, and every other call
/// with ones.
fn accepts() -> Bytecode {
    Bytecode::new_raw(answering(0).into())
}

/// Such code, for a place behind other code.
fn answering(at: usize) -> Vec<u8> {
    let hooks = [
        [0x15, 0x0b, 0x7a, 0x02], // onERC721Received
        [0xf2, 0x3a, 0x6e, 0x61], // onERC1155Received
        [0xbc, 0x19, 0x7c, 0x81], // onERC1155BatchReceived
    ];
    // PUSH0, CALLDATALOAD, PUSH1 224, SHR, PUSH0.
    let mut code = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x5f];
    for selector in hooks {
        // DUP2, PUSH4 selector, EQ, OR.
        code.extend([0x81, 0x63]);
        code.extend(selector);
        code.extend([0x14, 0x17]);
    }
    // PUSH1 there, JUMPI, and three times one: PUSH1 1, DUP1, DUP1, MSTORE at 0, 32, 64, RETURN 96 bytes.
    let there = (at + code.len() + 3 + 16) as u8;
    code.extend([0x60, there, 0x57]);
    code.extend([
        0x60, 0x01, 0x80, 0x80, 0x5f, 0x52, 0x60, 0x20, 0x52, 0x60, 0x40, 0x52, 0x60, 0x60,
    ]);
    code.extend([0x5f, 0xf3]);
    // JUMPDEST, PUSH1 224, SHL, MSTORE at 0, RETURN 32 bytes.
    code.extend([0x5b, 0x60, 0xe0, 0x1b, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    code
}

/// How far apart the transaction counts are that a script's creations get each time it is begun.
pub const NONCES_A_RUN: u64 = 1_000_000;
/// Added to the number of reruns for a creation that is mined twice in one run.
pub const AGAIN_AT_ONCE: u64 = 500;

/// The transaction count that a step's creation was made with in the script.
pub(crate) fn first_nonce(start: &Fork, steps: &[Step], index: usize) -> u64 {
    let step = &steps[index];
    let base = start.account(step.from).map_or(0, |account| account.nonce);
    let earlier = steps[..index]
        .iter()
        .filter(|other| other.from == step.from)
        .count() as u64;
    let expected = step.creates.and_then(|expected| {
        (base..base + steps.len() as u64 + 256).find(|nonce| step.from.create(*nonce) == expected)
    });
    expected.unwrap_or(base + earlier)
}

/// Which transaction count a creation is made with, so that a script's own addresses come out the first time and
/// other ones when it is made again.
pub fn creation_nonce(subject: &Subject, step: usize, again: u64) -> Option<u64> {
    let tx = &subject.steps[step];
    tx.to
        .is_none()
        .then(|| first_nonce(&subject.start, &subject.steps, step) + again * NONCES_A_RUN)
}

fn outcome_of(fork: &Fork, before: &Fork, message: &Message, executed: Executed) -> Outcome {
    let failed = match &executed.ending {
        Ending::Returned(_) => None,
        Ending::Reverted(data) => Some(data.clone()),
        Ending::Halted(reason) | Ending::Invalid(reason) => {
            Some(reason.clone().into_bytes().into())
        }
    };
    let mut outcome = Outcome {
        failed,
        gas: executed.gas,
        ..Outcome::default()
    };
    if outcome.failed.is_none() {
        let from = message.from;
        let nonce = before.account(from).map_or(0, |account| account.nonce);
        outcome.created = message.to.is_none().then(|| from.create(nonce));
        outcome.effect = fork.effect(&executed, from);
    }
    outcome.reads = executed.reads;
    outcome
}
