//! What goes wrong inside a transaction: its inner calls, its gas, and the counterparties that it meets.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::map::HashSet;
use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_evm::{
    Cell, GAUGE, InnerCall, Interference, Meddle, Meddling, Message, Misbehaviour, Observed,
    Reentry, Snapshot, Turn,
};

use super::{Outcome, Sender, outcome_of};
use crate::fork::{Bytecode, Effect, Fork, Print, print_of};
use crate::memo::together;
use crate::model::{ACCEPTS, Hook};
use crate::send::answering;

/// What inner calls that go wrong do to a step.
#[derive(Debug, Default)]
pub struct Inner {
    /// Everything that was tried, and whether it happened.
    pub tried: Vec<(Interference, bool)>,
    /// What let the step succeed with another outcome; equal outcomes once.
    pub found: Vec<(Interference, Arc<Outcome>)>,
}

/// Outcomes of a step with less gas, by the gas.
pub type Cuts = Vec<(u64, Arc<Outcome>)>;

impl Sender {
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
        let plain = self.inside(fork, message);
        let mut reads: Vec<Vec<Cell>> = vec![plain.dependencies().collect()];
        let mut found = Inner::default();
        let mut seen: HashSet<Print> = [Effect::default().print(), plain.effect.on(fork).print()]
            .into_iter()
            .collect();
        let inside = plain.inside.iter();
        for (call, inner) in inside.flat_map(|inside| &inside.calls).enumerate() {
            if !fork.has_code(inner.target) && inner.value.is_zero() {
                continue;
            }
            for meddling in meddlings(inner, own).into_iter().filter(wanted) {
                let interference = Interference { call, meddling };
                let (outcome, observed) =
                    self.meddled(fork, message, Some(Meddle::Call(interference.clone())));
                reads.push(outcome.reads.clone());
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
    /// There are none where every caller fails with a call that fails: then the outermost frame undoes everything
    /// (EIP-150). A caller that lets a failed call pass, or that asks how much gas is left, is what makes half-done
    /// work possible.
    pub fn cuts(&mut self, fork: &Fork, message: &Message) -> Arc<Cuts> {
        let question = print_of(message);
        if let Some(found) = self.cuts.get(question, fork) {
            return found;
        }
        let plain = self.inside(fork, message);
        let is_proven = plain
            .inside
            .as_ref()
            .is_some_and(|inside| inside.is_all_or_nothing)
            && !plain.reads.contains(&GAUGE);
        if is_proven && !self.cuts.forgets {
            return Arc::default();
        }
        let mut bisection = Bisection {
            sender: self,
            fork,
            message,
            seen: [Effect::default().print(), plain.effect.on(fork).print()]
                .into_iter()
                .collect(),
            found: Vec::new(),
            reads: plain.dependencies().collect(),
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
        let plain = self.inside(fork, message);
        let calls = plain.inside.iter().flat_map(|inside| &inside.calls);
        let mut found: BTreeSet<Address> = calls.map(|inner| inner.target).collect();
        found.retain(|account| is_person(*account));
        let mut reads: Vec<Cell> = plain.dependencies().collect();
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
        let all: Vec<Cell> = plain.dependencies().collect();
        let reads = together([all.as_slice(), &outcome.reads]);
        let is_other =
            outcome.failed.is_none() && outcome.effect.print() != plain.effect.on(fork).print();
        let found = is_other.then(|| Arc::new(outcome));
        self.remember(question, fork, &reads, found)
    }

    /// Where tokens would call accounts without code back, if they had the hooks of ERC-777: each with the inner call
    /// that moves tokens of the account.
    pub fn hooks(
        &mut self,
        fork: &Fork,
        message: &Message,
        tokens: &[Address],
        people: &[Address],
    ) -> Vec<Hook> {
        let plain = self.inside(fork, message);
        let calls = plain.inside.iter().flat_map(|inside| &inside.calls);
        // What a proxy has others do for it is a part of the call to the proxy.
        let moving = calls.enumerate().filter(|(_, inner)| {
            let is_delegated = inner.called != inner.target;
            inner.succeeded && !inner.is_static && !is_delegated && tokens.contains(&inner.called)
        });
        let mut found = Vec::new();
        for (at, inner) in moving {
            for account in people.iter().copied() {
                let turns = turns(inner, account);
                if turns.is_empty() {
                    continue;
                }
                self.found.push((account, None));
                if fork.has_code(account) {
                    continue;
                }
                found.extend(turns.iter().map(|turn| Hook {
                    token: inner.called,
                    inner: at,
                    turn: *turn,
                    account,
                }));
            }
        }
        found
    }

    /// What becomes of a step when an account makes a call of its own before or after an inner call of it does its
    /// work; `None` where that does nothing.
    pub fn called_back(
        &mut self,
        fork: &Fork,
        message: &Message,
        reentry: Reentry,
    ) -> Option<Arc<Outcome>> {
        let question = print_of(&(message, &reentry, "called back"));
        if let Some(known) = self.partly.get(question, fork) {
            return known;
        }
        let plain = self.inside(fork, message);
        let (outcome, observed) = self.meddled(fork, message, Some(Meddle::Reenters(reentry)));
        let all: Vec<Cell> = plain.dependencies().collect();
        let reads = together([all.as_slice(), &outcome.reads]);
        let is_other = observed.fired
            && outcome.failed.is_none()
            && outcome.effect.print() != plain.effect.on(fork).print();
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

/// When an inner call of a token would call an account back: before its tokens leave, and after they have arrived.
/// Of calls that are no plain transfers it is not known which of the two they are.
fn turns(inner: &InnerCall, account: Address) -> &'static [Turn] {
    const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
    const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
    const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
    let (selector, words) = inner.input.split_at(inner.input.len().min(4));
    let account = account.into_word();
    let is = |at: usize| words.get(at * 32..at * 32 + 32) == Some(&account[..]);
    let (gives, gets) = match <[u8; 4]>::try_from(selector) {
        Ok(TRANSFER) => (inner.caller.into_word() == account, is(0)),
        Ok(TRANSFER_FROM) => (is(0), is(1)),
        Err(_) | Ok(APPROVE) => return &[],
        Ok(_) => {
            let is_named = (0..words.len() / 32).any(is);
            (is_named, is_named)
        }
    };
    match (gives, gets) {
        (true, true) => &[Turn::Before, Turn::After],
        (true, false) => &[Turn::Before],
        (false, true) => &[Turn::After],
        (false, false) => &[],
    }
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

/// Where the answer of [`reentering`] begins.
const ANSWER_AT: usize = 54;

/// Code that makes one call when it is called first, and answers every call as [`ACCEPTS`] does.
fn reentering(inner: &Message) -> Bytecode {
    let to = inner.to.unwrap_or_default();
    let size = inner.data.len() as u32;
    let answer = answering(ANSWER_AT + 1);
    let data_at = (ANSWER_AT + 1 + answer.len()) as u32;
    // TLOAD(0), and on to the answer unless it is zero; TSTORE(0, 1).
    let mut code = vec![
        0x5f,
        0x5c,
        0x60,
        ANSWER_AT as u8,
        0x57,
        0x60,
        0x01,
        0x5f,
        0x5d,
    ];
    // CODECOPY(0, data, size), CALL(gas, to, 0, 0, size, 0, 0), POP.
    code.push(0x63);
    code.extend(size.to_be_bytes());
    code.push(0x63);
    code.extend(data_at.to_be_bytes());
    code.extend([0x5f, 0x39, 0x5f, 0x5f, 0x63]);
    code.extend(size.to_be_bytes());
    code.extend([0x5f, 0x5f, 0x73]);
    code.extend(to);
    code.extend([0x5a, 0xf1, 0x50]);
    assert_eq!(code.len(), ANSWER_AT, "a jump leads to the answer");
    // JUMPDEST.
    code.push(0x5b);
    code.extend(answer);
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
        let others = other_answers(&inner.output).into_iter();
        meddlings.extend(others.map(Meddling::Answers));
    }
    meddlings
}

/// Words of an answer at most that are changed one at a time; the round of a Chainlink feed has five.
const MAX_WORDS: usize = 8;

/// Other numbers in place of an answer: nothing, a tenth, ten times as much, in all words at once and in each alone. So
/// a price is another one and its time is as it was, and a time is long ago and the price is as it was.
fn other_answers(output: &Bytes) -> Vec<Bytes> {
    const CHANGES: [fn(U256) -> U256; 3] = [
        |_| U256::ZERO,
        |word| word / U256::from(10),
        |word| word.saturating_mul(U256::from(10)),
    ];
    let words: Vec<U256> = output.chunks_exact(32).map(U256::from_be_slice).collect();
    let each = (0..words.len()).map(|word| word..word + 1);
    let alone = each.filter(|_| (2..=MAX_WORDS).contains(&words.len()));
    let mut answers: Vec<Bytes> = Vec::new();
    for places in std::iter::once(0..words.len()).chain(alone) {
        for change in CHANGES {
            let mut other = words.clone();
            for word in &mut other[places.clone()] {
                *word = change(*word);
            }
            let other = other.iter().flat_map(|word| word.to_be_bytes::<32>());
            let other: Bytes = other.collect();
            if other[..] != output[..words.len() * 32] && !answers.contains(&other) {
                answers.push(other);
            }
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDER: Address = Address::repeat_byte(0xa1);
    const OTHER: Address = Address::repeat_byte(0xb2);

    fn call(selector: [u8; 4], caller: Address, named: &[Address]) -> InnerCall {
        let words = named.iter().flat_map(|account| account.into_word().0);
        InnerCall {
            depth: 1,
            caller,
            called: OTHER,
            target: OTHER,
            value: U256::ZERO,
            input: selector.into_iter().chain(words).collect(),
            is_static: false,
            succeeded: true,
            output: Bytes::new(),
        }
    }

    #[test]
    fn who_gives_is_called_before_and_who_gets_after() {
        let (transfer, from) = ([0xa9, 0x05, 0x9c, 0xbb], [0x23, 0xb8, 0x72, 0xdd]);
        let of = |inner: InnerCall| turns(&inner, HOLDER).to_vec();
        assert_eq!(of(call(transfer, HOLDER, &[OTHER])), [Turn::Before]);
        assert_eq!(of(call(transfer, OTHER, &[HOLDER])), [Turn::After]);
        assert_eq!(of(call(from, OTHER, &[HOLDER, OTHER])), [Turn::Before]);
        assert_eq!(of(call(from, OTHER, &[OTHER, HOLDER])), [Turn::After]);
        // The spender of an allowance is not told of it, nor is anybody of an approval.
        assert_eq!(of(call(from, HOLDER, &[OTHER, OTHER])), []);
        assert_eq!(of(call([0x09, 0x5e, 0xa7, 0xb3], HOLDER, &[HOLDER])), []);
        let mint = [0x40, 0xc1, 0x0f, 0x19];
        let both = [Turn::Before, Turn::After];
        assert_eq!(of(call(mint, OTHER, &[HOLDER])), both);
        assert_eq!(of(call(mint, HOLDER, &[OTHER])), []);
    }

    #[test]
    fn each_word_of_an_answer_is_another_one_alone() {
        let answer = |words: &[u64]| -> Bytes {
            let words = words.iter().map(|word| U256::from(*word));
            words.flat_map(|word| word.to_be_bytes::<32>()).collect()
        };
        let one = [answer(&[0]), answer(&[2]), answer(&[200])];
        assert_eq!(other_answers(&answer(&[20])), one);
        let two = other_answers(&answer(&[0, 20]));
        assert_eq!(two, [answer(&[0, 0]), answer(&[0, 2]), answer(&[0, 200])]);
        let feed = other_answers(&answer(&[1, 100]));
        assert!(feed.contains(&answer(&[1, 1_000])), "{feed:?}");
        assert!(feed.contains(&answer(&[10, 100])), "{feed:?}");
        assert_eq!(other_answers(&answer(&[70; 9])).len(), 3);
    }
}
