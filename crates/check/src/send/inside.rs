//! What goes wrong inside a transaction: its inner calls, its gas, and the tokens that it meets.

use std::sync::Arc;

use alloy_primitives::map::HashSet;
use alloy_primitives::{Address, Bytes, U256};
use sealift_evm::{
    Cell, GAUGE, InnerCall, Interference, Meddle, Meddling, Message, Misbehaviour, Observed,
};

use super::{Outcome, Sender, outcome_of};
use crate::fork::{Effect, Fork, Print, print_of};
use crate::memo::together;

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
        // With a call that fails, the step fails as a whole; it need not be executed to know that.
        let is_proven = plain.is_all_or_nothing() && !self.inner.forgets;
        let inside = plain.inside.iter();
        for (call, inner) in inside.flat_map(|inside| &inside.calls).enumerate() {
            if !fork.has_code(inner.target) && inner.value.is_zero() {
                continue;
            }
            for meddling in meddlings(inner, own).into_iter().filter(wanted) {
                let interference = Interference { call, meddling };
                let fails = matches!(
                    interference.meddling,
                    Meddling::Reverts | Meddling::OutOfGas
                );
                if is_proven && fails {
                    found.tried.push((interference, true));
                    continue;
                }
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
        let is_proven = plain.is_all_or_nothing() && !plain.reads.contains(&GAUGE);
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

    pub(super) fn remember(
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

    pub(super) fn meddled(
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

/// What can be done to an inner call.
fn meddlings(inner: &InnerCall, own: &[Address]) -> Vec<Meddling> {
    let mut meddlings = vec![Meddling::Reverts, Meddling::OutOfGas];
    // Only a call that answers `true` could answer `false`.
    let said_true = inner.output.len() == 32 && U256::from_be_slice(&inner.output) == U256::ONE;
    if said_true && !inner.is_static {
        meddlings.push(Meddling::ReturnsFalse);
    }
    let is_feed = !own.contains(&inner.target) && !asks_a_token(&inner.input);
    if inner.is_static && is_feed && inner.output.len() >= 32 {
        let others = other_answers(&inner.output).into_iter();
        meddlings.extend(others.map(Meddling::Answers));
    }
    meddlings
}

/// Whether a call asks what tokens are asked: who has how much, who may move it, how much there is. What tokens answer
/// wrongly is the fault of tokens that misbehave.
fn asks_a_token(input: &[u8]) -> bool {
    const VIEWS: [[u8; 4]; 8] = [
        [0x70, 0xa0, 0x82, 0x31], // balanceOf(address)
        [0x00, 0xfd, 0xd5, 0x8e], // balanceOf(address,uint256)
        [0x63, 0x52, 0x21, 0x1e], // ownerOf(uint256)
        [0x18, 0x16, 0x0d, 0xdd], // totalSupply()
        [0xdd, 0x62, 0xed, 0x3e], // allowance(address,address)
        [0x08, 0x18, 0x12, 0xfc], // getApproved(uint256)
        [0xe9, 0x85, 0xe9, 0xc5], // isApprovedForAll(address,address)
        [0x31, 0x3c, 0xe5, 0x67], // decimals()
    ];
    VIEWS.iter().any(|view| input.starts_with(view))
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
