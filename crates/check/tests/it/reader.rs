//! What one reader of claims has found out serves another one.

use std::sync::Arc;

use alloy_primitives::{Address, U256, address};
use sealift_check::fork::{Bytecode, Fork};
use sealift_check::input::Scene;
use sealift_check::ledger::{Ledger, Reader, Side};
use sealift_check::memo::Memo;
use sealift_evm::Machine;

const TOKEN: Address = address!("000000000000000000000000000000000000c0de");
const HOLDER: Address = address!("000000000000000000000000000000000000ca11");

/// A state in which the token has such code.
fn fork(code: &[u8]) -> Fork {
    let mut fork = Fork::of(&Scene {
        chain_id: 1,
        number: 1,
        timestamp_secs: 1,
        block_gas_limit: 30_000_000,
        accounts: Vec::new(),
    });
    fork.set_code(TOKEN, Bytecode::new_raw(code.to_vec().into()));
    fork
}

fn reader(name: &str, side: Side) -> Reader {
    let ledger = Ledger::erc20(name.to_owned(), TOKEN, side);
    Reader::new(vec![ledger], vec![HOLDER])
}

/// Answers the word at slot 0 to every call.
const ANSWERS: [u8; 8] = [0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];

/// Reverts.
const REFUSES: [u8; 3] = [0x5f, 0x5f, 0xfd];

#[test]
fn a_known_claim_is_not_asked_for_again_whatever_its_ledger_is_called() {
    let (mut fork, mut machine) = (fork(&ANSWERS), Machine::new(1));
    fork.set_word(TOKEN, U256::ZERO, U256::from(7));
    let mut first = reader("old", Side::Legacy);
    let claim = first.claim(&mut machine, &fork, 0).expect("an answer");
    assert_eq!((claim.recorded, first.executed), (U256::from(7), 2));

    let mut second = reader("new", Side::Successor);
    second.begin_with(Arc::new(first.known));
    assert_eq!(second.claim(&mut machine, &fork, 0), Ok(claim));
    assert_eq!(second.executed, 0);
    // What it depends on is known as well, and another word is another claim.
    assert_eq!(second.readers, first.readers);
    fork.set_word(TOKEN, U256::ZERO, U256::from(8));
    let other = second.claim(&mut machine, &fork, 0).expect("an answer");
    assert_eq!(other.recorded, U256::from(8));
}

#[test]
fn silence_that_one_reader_takes_for_nothing_is_an_error_to_another() {
    let (fork, mut machine) = (fork(&REFUSES), Machine::new(1));
    let mut lenient = reader("old", Side::Legacy);
    lenient.silence_is_nothing = true;
    for _ in 0..2 {
        let claim = lenient.claim(&mut machine, &fork, 0).expect("no error");
        assert_eq!((claim.recorded, lenient.executed), (U256::ZERO, 1));
    }
    let mut strict = reader("old", Side::Legacy);
    strict.begin_with(Arc::new(lenient.known));
    assert!(strict.claim(&mut machine, &fork, 0).is_err());
}

#[test]
fn memories_are_joined_and_lie_above_each_other() {
    let fork = fork(&ANSWERS);
    let cells = [(TOKEN, Some(U256::ZERO))];
    let memory = |question| {
        let mut memory = Memo::default();
        memory.put(question, &fork, &cells, question);
        memory
    };
    let mut joined = memory(1);
    joined.join(memory(2));
    let above = Memo::above(Arc::new(Memo::above(Arc::new(joined))));
    assert_eq!(
        [1, 2, 3].map(|question| above.get(question, &fork)),
        [Some(1), Some(2), None]
    );
    let mut changed = fork.clone();
    changed.set_word(TOKEN, U256::ZERO, U256::from(1));
    assert_eq!(above.get(1, &changed), None);
    // Back where it was, it is the same situation.
    changed.set_word(TOKEN, U256::ZERO, U256::ZERO);
    assert_eq!(
        (above.get(1, &changed), changed.print()),
        (Some(1), fork.print())
    );
}
