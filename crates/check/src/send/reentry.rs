//! Who is let in while a transaction is under way: accounts that it calls, and those that tokens call back.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use sealift_evm::{Cell, InnerCall, Meddle, Message, Reentry, Snapshot, Turn};

use super::{Outcome, Sender, answering, outcome_of};
use crate::fork::{Bytecode, Fork, print_of};
use crate::memo::together;
use crate::model::{ACCEPTS, Hook};

impl Sender {
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
            // Of whom a step reads nothing, it cannot know that there is code.
            let is_met = self.callouts.forgets || plain.reads.contains(&(person, None));
            if !is_met || found.contains(&person) {
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

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;

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
}
