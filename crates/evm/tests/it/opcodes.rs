//! A hash that is remembered costs and answers what the mainnet's does.

use alloy_primitives::{Address, Bytes, U256, address, keccak256};
use revm::bytecode::Bytecode;
use revm::bytecode::opcode::{KECCAK256, MSTORE, PUSH0, PUSH1, RETURN};
use sealift_evm::{Account, Ending, Executed, Machine, Message, Moment, State, Undo};
use std::sync::Arc;

const CONTRACT: Address = address!("000000000000000000000000000000000000c0de");

const MOMENT: Moment = Moment {
    chain_id: 1,
    number: 1,
    timestamp_secs: 1,
};

/// Stores 7 and 9, and hashes `len` bytes from `offset` on, twice.
fn state(offset: u8, len: u8) -> Arc<State> {
    let store = |word: u8, at: u8| [PUSH1, word, PUSH1, at, MSTORE];
    let hash = [PUSH1, len, PUSH1, offset, KECCAK256, PUSH0, MSTORE];
    let again = [store(7, 0), store(9, 32)].concat();
    let code = [
        &again[..],
        &hash,
        &again,
        &hash,
        &[PUSH1, 32, PUSH0, RETURN],
    ]
    .concat();
    let (mut state, mut undo) = (State::default(), Undo::default());
    let code_hash = state.add_code(Bytecode::new_raw(code.into()));
    let account = Account {
        code_hash,
        ..Account::default()
    };
    state.set_account(CONTRACT, account, &mut undo);
    Arc::new(state)
}

fn execute(machine: &mut Machine<Arc<State>>, state: &Arc<State>, gas: u64) -> Executed {
    let message = Message {
        from: Address::ZERO,
        to: Some(CONTRACT),
        data: Bytes::new(),
        value: U256::ZERO,
        gas,
    };
    machine.execute(state.clone(), &MOMENT, &message)
}

/// With every gas limit, a machine that has seen the hash does what a new one does.
#[track_caller]
fn check(offset: u8, len: u8) {
    let state = state(offset, len);
    let mut knows = Machine::new(MOMENT.chain_id);
    let whole = execute(&mut knows, &state, 100_000);
    let mut memory = [[0; 31].as_slice(), &[7], &[0; 31], &[9], &[0; 128]].concat();
    memory.drain(..usize::from(offset));
    let expected = keccak256(&memory[..usize::from(len)]);
    assert_eq!(whole.ending, Ending::Returned(expected.0.into()));
    for gas in 21_000..=whole.gas {
        let known = execute(&mut knows, &state, gas);
        let new = execute(&mut Machine::new(MOMENT.chain_id), &state, gas);
        assert_eq!(
            (&known.ending, known.gas),
            (&new.ending, new.gas),
            "gas {gas}"
        );
    }
}

#[test]
fn a_pair_is_remembered() {
    check(0, 64);
}

#[test]
fn other_lengths_are_hashed_each_time() {
    check(0, 32);
    check(31, 33);
}

#[test]
fn memory_that_is_not_there_yet_is_paid_for() {
    check(32, 64);
    check(96, 64);
}
