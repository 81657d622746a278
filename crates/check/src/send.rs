//! Sending: what a transaction does to a state, found once for each state.

use std::sync::Arc;

use alloy_primitives::map::{HashMap, HashSet};
use alloy_primitives::{Address, Bytes, U256};
use sealift_evm::{
    Cell, Ending, Executed, Interference, Machine, Meddling, Message, Moment, Snapshot, TX_GAS_CAP,
};

use crate::fork::{Bytecode, Fork, Print, print_of};
use crate::input::Step;
use crate::model::{
    ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, ANYONE, NEWCOMER, REFUSES, Record, STRANGER, Subject,
};

/// What a transaction did.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The state after it.
    pub fork: Fork,
    /// The cells that it changed.
    pub changed: Vec<Cell>,
    /// Why it failed; `None` where it succeeded.
    pub failed: Option<Bytes>,
    /// Gas spent.
    pub gas: u64,
    /// A contract that it created as its own call.
    pub created: Option<Address>,
}

/// What inner calls that go wrong do to a step.
#[derive(Debug, Default)]
pub struct Inner {
    /// Everything that was tried.
    pub tried: Vec<Interference>,
    /// What let the step succeed with another outcome; equal outcomes once.
    pub found: Vec<(Interference, Sent)>,
}

/// Executes, and remembers.
#[derive(Debug)]
pub struct Sender {
    /// The machine.
    pub machine: Machine<Fork>,
    sent: HashMap<Print, Arc<Sent>>,
    inner: HashMap<Print, Arc<Inner>>,
    cuts: HashMap<Print, Arc<Vec<(u64, Sent)>>>,
    idle: HashMap<Print, HashSet<Print>>,
    reads: HashMap<Print, Vec<Cell>>,
    /// How many transactions were executed.
    pub executed: u64,
}

impl Sender {
    /// A sender for one chain.
    pub fn new(chain_id: u64) -> Self {
        Self {
            machine: Machine::new(chain_id),
            sent: HashMap::default(),
            inner: HashMap::default(),
            cuts: HashMap::default(),
            idle: HashMap::default(),
            reads: HashMap::default(),
            executed: 0,
        }
    }

    /// Executes a message on a state.
    pub fn send(
        &mut self,
        fork: &Fork,
        moment: &Moment,
        message: &Message,
        nonce: Option<u64>,
    ) -> Arc<Sent> {
        let key = print_of(&(fork.print(), moment.timestamp_secs, message, nonce));
        if let Some(sent) = self.sent.get(&key) {
            return sent.clone();
        }
        self.executed += 1;
        let (before, from) = numbered(fork, message, nonce);
        let executed = self.machine.execute(before.clone(), moment, message);
        let sent = Arc::new(finish(fork, before, message, executed, from, nonce));
        self.sent.insert(key, sent.clone());
        sent
    }

    /// Executes a message of a stranger; `None` where it fails or changes nothing.
    ///
    /// What a call reads decides what it does: where everything that it has ever read stands as it stood when it
    /// did nothing, it does nothing again, and is not executed.
    pub fn try_out(&mut self, fork: &Fork, moment: &Moment, message: &Message) -> Option<Sent> {
        let key = print_of(&(message, moment.timestamp_secs));
        let situation = |reads: &[Cell]| {
            reads.iter().fold(0u128, |sum, cell| {
                sum.wrapping_add(match cell {
                    (address, Some(slot)) => print_of(&(cell, fork.word(*address, *slot))),
                    (address, None) => print_of(&(cell, fork.account(*address))),
                })
            })
        };
        if let Some(reads) = self.reads.get(&key)
            && self
                .idle
                .get(&key)
                .is_some_and(|idle| idle.contains(&situation(reads)))
        {
            return None;
        }
        self.executed += 1;
        let (executed, cells) = self
            .machine
            .execute_recording(fork.clone(), moment, message);
        let succeeded = executed.succeeded();
        let sent =
            succeeded.then(|| finish(fork, fork.clone(), message, executed, message.from, None));
        let sent = sent.filter(|sent| sent.fork.print() != fork.print());
        if sent.is_none() {
            let reads = self.reads.entry(key).or_default();
            let known = reads.len();
            reads.extend(cells);
            reads.sort_unstable();
            reads.dedup();
            let idle = self.idle.entry(key).or_default();
            if reads.len() != known {
                // Older situations were taken over fewer cells: they say nothing any more.
                idle.clear();
            }
            let now = situation(&self.reads[&key]);
            self.idle.entry(key).or_default().insert(now);
        }
        sent
    }

    /// What becomes of a step when one of its inner calls goes wrong, and the step still succeeds.
    ///
    /// A step that fails as a whole is the fault `transaction.reverted`; equal outcomes are merged.
    pub fn inner(
        &mut self,
        fork: &Fork,
        moment: &Moment,
        message: &Message,
        own: &[Address],
    ) -> Arc<Inner> {
        let key = print_of(&(fork.print(), moment.timestamp_secs, message, "inner"));
        if let Some(found) = self.inner.get(&key) {
            return found.clone();
        }
        self.executed += 1;
        let (plain, observed) = self
            .machine
            .execute_meddling(fork.clone(), moment, message, None);
        let plain = finish(fork, fork.clone(), message, plain, message.from, None);
        let mut inner_calls = Inner::default();
        let mut seen: HashSet<Print> = [fork.print(), plain.fork.print()].into_iter().collect();
        for (call, inner) in observed.calls.iter().enumerate() {
            if !fork.has_code(inner.target) && inner.value.is_zero() {
                continue;
            }
            let mut meddlings = vec![Meddling::Reverts, Meddling::OutOfGas];
            // Only a call that answers `true` could answer `false`.
            let said_true =
                inner.output.len() == 32 && U256::from_be_slice(&inner.output) == U256::ONE;
            if said_true && !inner.is_static {
                meddlings.push(Meddling::ReturnsFalse);
            }
            let outside =
                inner.is_static && !own.contains(&inner.target) && inner.output.len() >= 32;
            if outside {
                meddlings.extend(other_answers(&inner.output).map(Meddling::Answers));
            }
            for meddling in meddlings {
                let interference = Interference { call, meddling };
                self.executed += 1;
                let (done, observed) = self.machine.execute_meddling(
                    fork.clone(),
                    moment,
                    message,
                    Some(interference.clone()),
                );
                assert!(
                    observed.fired,
                    "the same transaction on the same state makes the same calls"
                );
                let sent = finish(fork, fork.clone(), message, done, message.from, None);
                inner_calls.tried.push(interference.clone());
                if sent.failed.is_none() && seen.insert(sent.fork.print()) {
                    inner_calls.found.push((interference, sent));
                }
            }
        }
        let found = Arc::new(inner_calls);
        self.inner.insert(key, found.clone());
        found
    }

    /// What becomes of a step with less gas than it needs, where it still succeeds: the thresholds at which the
    /// outcome changes, found by bisection.
    ///
    /// A step without inner calls has none: out of gas in the outermost frame undoes everything (EIP-150).
    pub fn cuts(
        &mut self,
        fork: &Fork,
        moment: &Moment,
        message: &Message,
    ) -> Arc<Vec<(u64, Sent)>> {
        let key = print_of(&(fork.print(), moment.timestamp_secs, message, "cuts"));
        if let Some(found) = self.cuts.get(&key) {
            return found.clone();
        }
        let (plain, observed) = self
            .machine
            .execute_meddling(fork.clone(), moment, message, None);
        let mut found: Vec<(u64, Sent)> = Vec::new();
        // A caller that lets a failed call pass is what makes half-done work possible.
        if plain.succeeded() && !observed.calls.is_empty() {
            let whole = finish(
                fork,
                fork.clone(),
                message,
                plain.clone(),
                message.from,
                None,
            )
            .fork
            .print();
            let (low, high) = (21_000, plain.gas.saturating_mul(64) / 63 + 100_000);
            let mut outcomes: Vec<(u64, Print)> = Vec::new();
            let points = 24;
            for point in 0..=points {
                let gas = low + (high - low) / points * point;
                let outcome = self.with_gas(fork, moment, message, gas, &mut found, whole);
                outcomes.push((gas, outcome));
            }
            let mut open: Vec<((u64, Print), (u64, Print))> =
                outcomes.windows(2).map(|pair| (pair[0], pair[1])).collect();
            while let Some((left, right)) = open.pop() {
                if left.1 == right.1 || right.0 - left.0 <= 1 {
                    continue;
                }
                let middle = left.0 + (right.0 - left.0) / 2;
                let between = (
                    middle,
                    self.with_gas(fork, moment, message, middle, &mut found, whole),
                );
                open.push((left, between));
                open.push((between, right));
            }
        }
        let found = Arc::new(found);
        self.cuts.insert(key, found.clone());
        found
    }

    fn with_gas(
        &mut self,
        fork: &Fork,
        moment: &Moment,
        message: &Message,
        gas: u64,
        found: &mut Vec<(u64, Sent)>,
        whole: Print,
    ) -> Print {
        self.executed += 1;
        let cut = Message {
            gas,
            ..message.clone()
        };
        let done = self.machine.execute(fork.clone(), moment, &cut);
        if !done.succeeded() {
            return fork.print();
        }
        let sent = finish(fork, fork.clone(), message, done, message.from, None);
        let print = sent.fork.print();
        if print != whole
            && print != fork.print()
            && found.iter().all(|(_, known)| known.fork.print() != print)
        {
            found.push((gas, sent));
        }
        print
    }
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

fn numbered(fork: &Fork, message: &Message, nonce: Option<u64>) -> (Fork, Address) {
    let mut before = fork.clone();
    if let Some(nonce) = nonce {
        before.set_nonce(message.from, nonce);
    }
    (before, message.from)
}

fn finish(
    fork: &Fork,
    before: Fork,
    message: &Message,
    executed: Executed,
    from: Address,
    nonce: Option<u64>,
) -> Sent {
    let gas = executed.gas;
    let failed = match &executed.ending {
        Ending::Returned(_) => None,
        Ending::Reverted(data) => Some(data.clone()),
        Ending::Halted(reason) | Ending::Invalid(reason) => {
            Some(reason.clone().into_bytes().into())
        }
    };
    if failed.is_some() {
        return Sent {
            fork: fork.clone(),
            changed: Vec::new(),
            failed,
            gas,
            created: None,
        };
    }
    let created = message.to.is_none().then(|| {
        from.create(
            nonce.unwrap_or_else(|| before.account(from).map_or(0, |account| account.nonce)),
        )
    });
    let mut after = before;
    let changed = after.apply(executed, from);
    if nonce.is_some() {
        let own = fork.account(from).map_or(0, |account| account.nonce);
        after.set_nonce(from, own);
    }
    Sent {
        fork: after,
        changed,
        failed: None,
        gas,
        created,
    }
}
