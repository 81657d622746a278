//! Sending: what a transaction does to a state, found once for each state.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use alloy_primitives::map::{HashMap, HashSet};
use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_evm::{
    Cell, Ending, Executed, GAUGE, InnerCall, Interference, Machine, Meddle, Meddling, Message,
    Misbehaviour, Observed, Snapshot, TX_GAS_CAP,
};

use crate::fork::{Bytecode, Effect, Fork, Print, print_of};
use crate::input::Step;
use crate::memo::{Memo, together};
use crate::model::{
    ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, ANYONE, NEWCOMER, REFUSES, Record, STRANGER, Subject,
};

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
    /// All that it depends on.
    pub reads: Vec<Cell>,
}

impl Outcome {
    /// Whether it changed anything.
    pub fn is_idle(&self) -> bool {
        self.effect.changes.is_empty()
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

/// What inner calls that go wrong do to a step.
#[derive(Debug, Default)]
pub struct Inner {
    /// Everything that was tried, and whether it happened.
    pub tried: Vec<(Interference, bool)>,
    /// What let the step succeed with another outcome; equal outcomes once.
    pub found: Vec<(Interference, Arc<Outcome>)>,
    /// Whether less gas can leave the step half done: one of its inner calls can run out of gas without undoing the
    /// whole, or it asks how much gas is left.
    pub may_be_half_done: bool,
}

/// Outcomes of a step with less gas, by the gas.
pub type Cuts = Vec<(u64, Arc<Outcome>)>;

/// States after a transaction that are kept at most.
const KEPT: usize = 1 << 16;

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
        let question = print_of(&(message, nonce));
        let key = print_of(&(fork.print(), question));
        if let Some(sent) = self.sent.get(&key) {
            return sent.clone();
        }
        let outcome = self.outcome(fork, question, message, nonce);
        let sent = after(fork, outcome);
        if self.sent.len() >= KEPT {
            self.sent.clear();
        }
        self.sent.insert(key, sent.clone());
        sent
    }

    /// What a message does to a state; `question` is a fingerprint of message and nonce.
    pub fn outcome(
        &mut self,
        fork: &Fork,
        question: Print,
        message: &Message,
        nonce: Option<u64>,
    ) -> Arc<Outcome> {
        if let Some(outcome) = self.outcomes.get(question, fork) {
            return outcome;
        }
        self.executed += 1;
        let mut before = fork.clone();
        if let Some(nonce) = nonce {
            before.set_nonce(message.from, nonce);
        }
        let executed = self.machine.execute(before.clone(), fork.moment(), message);
        let outcome = Arc::new(outcome_of(fork, &before, message, executed));
        self.found.extend(&outcome.reads);
        self.outcomes
            .put(question, fork, &outcome.reads, outcome.clone());
        outcome
    }

    /// What becomes of a step when one of its inner calls goes wrong, and the step still succeeds.
    ///
    /// A step that fails as a whole is the fault `transaction.reverted`; equal outcomes are merged. What is not
    /// `wanted` is not tried; it must be the same whenever the same sender is asked.
    pub fn inner(
        &mut self,
        fork: &Fork,
        message: &Message,
        own: &[Address],
        wanted: &dyn Fn(&Meddling) -> bool,
    ) -> Arc<Inner> {
        let question = print_of(message);
        if let Some(found) = self.inner.get(question, fork) {
            return found;
        }
        let (plain, observed) = self.meddled(fork, message, None);
        let mut reads = vec![plain.reads.clone()];
        let mut found = Inner {
            may_be_half_done: plain.reads.contains(&GAUGE),
            ..Inner::default()
        };
        let mut seen: HashSet<Print> = [Effect::default().print(), plain.effect.print()]
            .into_iter()
            .collect();
        for (call, inner) in observed.calls.iter().enumerate() {
            if !fork.has_code(inner.target) && inner.value.is_zero() {
                continue;
            }
            for meddling in meddlings(inner, own).into_iter().filter(wanted) {
                let interference = Interference { call, meddling };
                let (outcome, observed) =
                    self.meddled(fork, message, Some(Meddle::Call(interference.clone())));
                reads.push(outcome.reads.clone());
                found.may_be_half_done |=
                    interference.meddling == Meddling::OutOfGas && outcome.failed.is_none();
                found.tried.push((interference.clone(), observed.fired));
                if outcome.failed.is_none() && seen.insert(outcome.effect.print()) {
                    found.found.push((interference, Arc::new(outcome)));
                }
            }
        }
        let found = Arc::new(found);
        let reads = together(reads.iter().map(Vec::as_slice));
        self.found.extend(&reads);
        self.inner.put(question, fork, &reads, found.clone());
        found
    }

    /// What becomes of a step with less gas than it needs, where it still succeeds: the thresholds at which the
    /// outcome changes, found by bisection.
    ///
    /// There are none where no inner call can run out of gas by itself: the outermost frame that does undoes
    /// everything (EIP-150). A caller that lets a failed call pass is what makes half-done work possible.
    pub fn cuts(&mut self, fork: &Fork, message: &Message) -> Arc<Cuts> {
        let question = print_of(message);
        if let Some(found) = self.cuts.get(question, fork) {
            return found;
        }
        let (plain, _) = self.meddled(fork, message, None);
        let mut bisection = Bisection {
            sender: self,
            fork,
            message,
            seen: [Effect::default().print(), plain.effect.print()]
                .into_iter()
                .collect(),
            found: Vec::new(),
            reads: plain.reads.clone(),
        };
        if plain.failed.is_none() {
            bisection.run(21_000, plain.gas.saturating_mul(64) / 63 + 100_000);
        }
        let found = Arc::new(std::mem::take(&mut bisection.found));
        let reads = std::mem::take(&mut bisection.reads);
        self.found.extend(&reads);
        self.cuts.put(question, fork, &reads, found.clone());
        found
    }

    /// What becomes of a step when a token that it meets misbehaves; `None` where it meets none.
    pub fn misbehaving(
        &mut self,
        fork: &Fork,
        message: &Message,
        misbehaviour: Misbehaviour,
    ) -> Option<Arc<Outcome>> {
        let question = print_of(&(message, misbehaviour));
        if let Some(known) = self.partly.get(question, fork) {
            return known;
        }
        let (outcome, observed) = self.meddled(fork, message, Some(Meddle::Token(misbehaviour)));
        let reads = outcome.reads.clone();
        let found = observed.fired.then(|| Arc::new(outcome));
        self.remember(question, fork, &reads, found)
    }

    /// Accounts without code that a step calls, or would call if they had code: hooks ask for it first.
    pub fn callouts(
        &mut self,
        fork: &Fork,
        message: &Message,
        people: &[Address],
    ) -> Arc<[Address]> {
        let question = print_of(&(message, people));
        if let Some(known) = self.callouts.get(question, fork) {
            return known;
        }
        let is_person = |account: Address| !fork.has_code(account) && !is_precompile(account);
        let (plain, observed) = self.meddled(fork, message, None);
        let mut found: BTreeSet<Address> =
            observed.calls.iter().map(|inner| inner.target).collect();
        found.retain(|account| is_person(*account));
        let mut reads = plain.reads;
        for person in people.iter().copied().filter(|person| is_person(*person)) {
            if found.contains(&person) {
                continue;
            }
            let mut armed = fork.clone();
            armed.set_code(person, Bytecode::new_eip7702(ACCEPTS));
            let (outcome, observed) = self.meddled(&armed, message, None);
            reads = together([reads.as_slice(), &outcome.reads]);
            let mut targets = observed.calls.iter().map(|inner| inner.called);
            if targets.any(|target| target == person) {
                found.insert(person);
            }
        }
        let found: Arc<[Address]> = found.into_iter().collect();
        self.found.extend(&reads);
        self.callouts.put(question, fork, &reads, found.clone());
        found
    }

    /// What becomes of a step when an account that it calls makes a call of its own before it returns; `None` where
    /// that does nothing.
    pub fn reentered(
        &mut self,
        fork: &Fork,
        message: &Message,
        account: Address,
        inner: &Message,
    ) -> Option<Arc<Outcome>> {
        let question = print_of(&(message, account, inner, "reentered"));
        if let Some(known) = self.partly.get(question, fork) {
            return known;
        }
        let plain = self.outcome(fork, print_of(&(message, None::<u64>)), message, None);
        self.executed += 1;
        let mut armed = fork.clone();
        armed.set_code(account, reentering(inner));
        let executed = self.machine.execute(armed, fork.moment(), message);
        let mut outcome = outcome_of(fork, fork, message, executed);
        // The code was there for this call alone.
        let code_hash = fork.account(account).unwrap_or_default().code_hash;
        outcome.effect.disarm(account, code_hash, fork);
        let reads = together([plain.reads.as_slice(), &outcome.reads]);
        let is_other = outcome.failed.is_none() && outcome.effect.print() != plain.effect.print();
        let found = is_other.then(|| Arc::new(outcome));
        self.remember(question, fork, &reads, found)
    }

    fn remember(
        &mut self,
        question: Print,
        fork: &Fork,
        reads: &[Cell],
        found: Option<Arc<Outcome>>,
    ) -> Option<Arc<Outcome>> {
        self.found.extend(reads);
        self.partly.put(question, fork, reads, found.clone());
        found
    }

    fn meddled(
        &mut self,
        fork: &Fork,
        message: &Message,
        meddle: Option<Meddle>,
    ) -> (Outcome, Observed) {
        self.executed += 1;
        let (executed, observed) =
            self.machine
                .execute_meddling(fork.clone(), fork.moment(), message, meddle);
        (outcome_of(fork, fork, message, executed), observed)
    }
}

/// The state after an outcome.
pub fn after(fork: &Fork, outcome: Arc<Outcome>) -> Sent {
    let mut fork = fork.clone();
    fork.put(&outcome.effect);
    Sent { fork, outcome }
}

/// The search for the gas limits at which an outcome changes.
struct Bisection<'a> {
    sender: &'a mut Sender,
    fork: &'a Fork,
    message: &'a Message,
    seen: HashSet<Print>,
    found: Cuts,
    reads: Vec<Cell>,
}

impl Bisection<'_> {
    /// Limits that are tried first, at equal distances.
    const POINTS: u64 = 24;

    fn run(&mut self, low: u64, high: u64) {
        let first = (0..=Self::POINTS).map(|point| low + (high - low) / Self::POINTS * point);
        let outcomes: Vec<(u64, Print)> = first.map(|gas| (gas, self.with(gas))).collect();
        let mut open: Vec<[(u64, Print); 2]> =
            outcomes.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        while let Some([left, right]) = open.pop() {
            if left.1 == right.1 || right.0 - left.0 <= 1 {
                continue;
            }
            let middle = left.0 + (right.0 - left.0) / 2;
            let between = (middle, self.with(middle));
            open.push([left, between]);
            open.push([between, right]);
        }
    }

    fn with(&mut self, gas: u64) -> Print {
        self.sender.executed += 1;
        let cut = Message {
            gas,
            ..self.message.clone()
        };
        let machine = &mut self.sender.machine;
        let executed = machine.execute(self.fork.clone(), self.fork.moment(), &cut);
        let outcome = outcome_of(self.fork, self.fork, self.message, executed);
        self.reads = together([self.reads.as_slice(), &outcome.reads]);
        let print = outcome.effect.print();
        if outcome.failed.is_none() && self.seen.insert(print) {
            self.found.push((gas, Arc::new(outcome)));
        }
        print
    }
}

/// Precompiles have small addresses (EIP-7951 has the largest one, 0x100).
fn is_precompile(address: Address) -> bool {
    address.into_word() <= B256::from(U256::from(0x1ff))
}

/// Code that makes one call when it is called first, and answers every call with ones.
fn reentering(inner: &Message) -> Bytecode {
    let to = inner.to.unwrap_or_default();
    let size = inner.data.len() as u32;
    // TLOAD(0), and on to the answer unless it is zero; TSTORE(0, 1).
    let mut code = vec![0x5f, 0x5c, 0x60, 0x00, 0x57, 0x60, 0x01, 0x5f, 0x5d];
    // CODECOPY(0, data, size), CALL(gas, to, 0, 0, size, 0, 0), POP.
    let data_at = code.len() + 51 + 24;
    code.push(0x63);
    code.extend(size.to_be_bytes());
    code.push(0x63);
    code.extend((data_at as u32).to_be_bytes());
    code.extend([0x5f, 0x39, 0x5f, 0x5f, 0x63]);
    code.extend(size.to_be_bytes());
    code.extend([0x5f, 0x5f, 0x73]);
    code.extend(to);
    code.extend([0x5a, 0xf1, 0x50]);
    let answer_at = code.len();
    code[3] = answer_at as u8;
    // Three words of one.
    code.extend([0x5b, 0x60, 0x01, 0x5f, 0x52, 0x60, 0x01, 0x60, 0x20, 0x52]);
    code.extend([0x60, 0x01, 0x60, 0x40, 0x52, 0x60, 0x60, 0x5f, 0xf3]);
    code.resize(data_at, 0);
    code.extend(&inner.data);
    Bytecode::new_raw(code.into())
}

/// What can be done to an inner call.
fn meddlings(inner: &InnerCall, own: &[Address]) -> Vec<Meddling> {
    let mut meddlings = vec![Meddling::Reverts, Meddling::OutOfGas];
    // Only a call that answers `true` could answer `false`.
    let said_true = inner.output.len() == 32 && U256::from_be_slice(&inner.output) == U256::ONE;
    if said_true && !inner.is_static {
        meddlings.push(Meddling::ReturnsFalse);
    }
    let outside = inner.is_static && !own.contains(&inner.target) && inner.output.len() >= 32;
    if outside {
        meddlings.extend(other_answers(&inner.output).map(Meddling::Answers));
    }
    meddlings
}

/// Other numbers in place of an answer: nothing, a tenth, ten times as much.
fn other_answers(output: &Bytes) -> impl Iterator<Item = Bytes> + use<> {
    let words: Vec<U256> = output.chunks_exact(32).map(U256::from_be_slice).collect();
    let with = move |change: fn(U256) -> U256| -> Bytes {
        words
            .iter()
            .flat_map(|word| change(*word).to_be_bytes::<32>())
            .collect()
    };
    [
        with(|_| U256::ZERO),
        with(|word| word / U256::from(10)),
        with(|word| word.saturating_mul(U256::from(10))),
    ]
    .into_iter()
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
    fork.set_code(ACCEPTS, answers(U256::ONE));
    fork.set_code(REFUSES, Bytecode::new_raw(vec![0x5f, 0x5f, 0xfd].into()));
    fork
}

/// How far apart the transaction counts are that a script's creations get each time it is begun.
pub const NONCES_A_RUN: u64 = 1_000_000;
/// Added to the number of reruns for a creation that is mined twice in one run.
pub const AGAIN_AT_ONCE: u64 = 500;

/// Which transaction count a creation is made with, so that a script's own addresses come out the first time and
/// other ones when it is made again.
pub fn creation_nonce(subject: &Subject, step: usize, again: u64) -> Option<u64> {
    let tx = &subject.steps[step];
    tx.to.is_none().then(|| {
        crate::infer::first_nonce(&subject.start, &subject.steps, step) + again * NONCES_A_RUN
    })
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
