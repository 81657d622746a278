//! The recording pass: what it says of words that are only counted on holds for every start value within the limits,
//! and what it says of less gas holds for every limit.

use alloy_primitives::{Address, U256, address};
use proptest::prelude::*;
use revm::bytecode::Bytecode;
use revm::bytecode::opcode::{
    ADD, AND, CALL, DUP1, EQ, GT, ISZERO, JUMPDEST, JUMPI, LT, MLOAD, MSTORE, POP, PUSH0, PUSH1,
    PUSH2, PUSH32, RETURN, REVERT, SLOAD, SSTORE, STOP, SUB, SWAP1,
};
use sealift_evm::{
    Account, Ending, Executed, Interference, Machine, Meddle, Meddling, Message, Moment, Recording,
    State, Undo,
};
use std::sync::Arc;

const CALLER: Address = address!("00000000000000000000000000000000000000ca");
const CONTRACT: Address = address!("000000000000000000000000000000000000c0de");
const CALLED: Address = address!("000000000000000000000000000000000000ca11");

/// Words of the contract, at 0, 1 and 2.
type Words = [U256; 3];

fn state(code: &[u8], called: &[u8], words: &Words) -> Arc<State> {
    let mut state = State::default();
    let mut undo = Undo::default();
    for (address, code) in [(CONTRACT, code), (CALLED, called)] {
        let code_hash = state.add_code(Bytecode::new_raw(code.to_vec().into()));
        let account = Account {
            code_hash,
            ..Account::default()
        };
        state.set_account(address, account, &mut undo);
    }
    for (slot, word) in words.iter().enumerate() {
        state.set_word(CONTRACT, U256::from(slot), *word, &mut undo);
    }
    Arc::new(state)
}

fn message(gas: u64) -> Message {
    Message {
        from: CALLER,
        to: Some(CONTRACT),
        data: Default::default(),
        value: U256::ZERO,
        gas,
    }
}

const MOMENT: Moment = Moment {
    chain_id: 1,
    number: 1,
    timestamp_secs: 1,
};

fn machine() -> Machine<Arc<State>> {
    Machine::new(MOMENT.chain_id)
}

fn record(code: &[u8], called: &[u8], words: &Words) -> (Executed, Recording) {
    let state = state(code, called, words);
    let (executed, _, recording) = machine().execute_recording(state, &MOMENT, &message(1_000_000));
    (executed, recording)
}

/// The words of the contract after an execution.
fn after(executed: &Executed, before: &Words) -> Words {
    let storage = executed
        .changes
        .get(&CONTRACT)
        .map(|account| &account.storage);
    std::array::from_fn(|slot| {
        let word = storage.and_then(|words| words.get(&U256::from(slot)));
        word.map_or(before[slot], |word| word.present_value)
    })
}

fn push(word: U256) -> Vec<u8> {
    [&[PUSH32], word.to_be_bytes::<32>().as_slice()].concat()
}

/// What a statement of a generated program does, on an empty stack, to words `a` and `b`.
#[derive(Clone, Debug)]
enum Statement {
    /// `a += k`, or `a -= k`.
    Count(u8, U256, bool),
    /// `require(!(a op k))` or the other way round.
    Compare(u8, U256, u8, bool),
    /// `a + k > a`, as a check for overflow does it.
    Overflow(u8, U256, bool),
    /// `a += b`: what is added follows from storage.
    Join(u8, u8),
    /// `if (a & k) b = a`: anything else.
    Use(u8, u8, U256),
    /// `a = k`.
    Set(u8, U256),
}

fn number() -> impl Strategy<Value = U256> {
    prop_oneof![
        (0u64..20).prop_map(U256::from),
        (0u64..20).prop_map(|less| U256::MAX - U256::from(less)),
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    let word = 0u8..3;
    let compared = prop_oneof![Just(LT), Just(GT), Just(EQ)];
    prop_oneof![
        6 => (word.clone(), number(), any::<bool>()).prop_map(|(a, k, up)| Statement::Count(a, k, up)),
        3 => (word.clone(), number(), compared, any::<bool>())
            .prop_map(|(a, k, op, first)| Statement::Compare(a, k, op, first)),
        3 => (word.clone(), number(), any::<bool>())
            .prop_map(|(a, k, first)| Statement::Overflow(a, k, first)),
        1 => (word.clone(), word.clone()).prop_map(|(a, b)| Statement::Join(a, b)),
        1 => (word.clone(), word.clone(), number()).prop_map(|(a, b, k)| Statement::Use(a, b, k)),
        1 => (word, number()).prop_map(|(a, k)| Statement::Set(a, k)),
    ]
}

/// Ends with the word on the stack as condition: the program goes on either way, and writes down which way it went.
fn branch(code: &mut Vec<u8>, mark: usize) {
    // Where the condition holds, slot 16 + mark becomes 1.
    let to = code.len() + 10;
    code.extend([ISZERO, PUSH2]);
    code.extend((to as u16).to_be_bytes());
    code.extend([JUMPI, PUSH1, 1, PUSH1, 16 + mark as u8, SSTORE, JUMPDEST]);
    assert_eq!(code.len(), to + 1);
}

fn compile(program: &[Statement]) -> Vec<u8> {
    let mut code = Vec::new();
    let load = |slot: u8| [PUSH1, slot, SLOAD];
    for (mark, statement) in program.iter().enumerate() {
        match statement {
            Statement::Count(a, k, up) => {
                code.extend(push(*k));
                code.extend(load(*a));
                code.push(if *up { ADD } else { SUB });
                code.extend([PUSH1, *a, SSTORE]);
            }
            Statement::Compare(a, k, op, first) => {
                code.extend(load(*a));
                code.extend(push(*k));
                code.extend(first.then_some(SWAP1));
                code.push(*op);
                branch(&mut code, mark);
            }
            Statement::Overflow(a, k, first) => {
                code.extend(load(*a));
                code.push(DUP1);
                code.extend(push(*k));
                code.push(ADD);
                code.extend(first.then_some(SWAP1));
                code.push(GT);
                branch(&mut code, mark);
            }
            Statement::Join(a, b) => {
                code.extend(load(*b));
                code.extend(load(*a));
                code.extend([ADD, PUSH1, *a, SSTORE]);
            }
            Statement::Use(a, b, k) => {
                code.extend(load(*a));
                code.push(DUP1);
                code.extend([PUSH1, *b, SSTORE]);
                code.extend(push(*k));
                code.push(AND);
                branch(&mut code, mark);
            }
            Statement::Set(a, k) => {
                code.extend(push(*k));
                code.extend([PUSH1, *a, SSTORE]);
            }
        }
    }
    code.push(STOP);
    code
}

/// A start value within the limits of a sum: one of the ends, or something near the middle.
fn within(low: U256, high: U256, choice: u8) -> U256 {
    match choice {
        0 => low,
        1 => high,
        _ => low + (high - low) / U256::from(choice),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn within_the_limits_an_execution_goes_the_same_way(
        program in prop::collection::vec(statement(), 1..8),
        words in [number(), number(), number()],
        choices in [0u8..6, 0u8..6, 0u8..6],
    ) {
        let code = compile(&program);
        let (executed, recording) = record(&code, &[], &words);
        prop_assert!(executed.succeeded());
        let mut others = words;
        for sum in &recording.sums {
            let slot = sum.cell.1.and_then(|slot| usize::try_from(slot).ok());
            if let Some(slot) = slot.filter(|slot| *slot < 3) {
                prop_assert!((sum.low..=sum.high).contains(&words[slot]));
                others[slot] = within(sum.low, sum.high, choices[slot]);
            }
        }
        let other = machine().execute(state(&code, &[], &others), &MOMENT, &message(1_000_000));
        prop_assert!(other.succeeded());
        prop_assert_eq!(other.gas, executed.gas);
        let (here, there) = (after(&executed, &words), after(&other, &others));
        for slot in 0..3 {
            let cell = (CONTRACT, Some(U256::from(slot)));
            match recording.sums.iter().find(|sum| sum.cell == cell) {
                Some(sum) => {
                    prop_assert_eq!(here[slot], words[slot].wrapping_add(sum.added));
                    prop_assert_eq!(there[slot], others[slot].wrapping_add(sum.added));
                }
                None => prop_assert_eq!(here[slot], there[slot]),
            }
        }
        for mark in 0..program.len() {
            let went = |executed: &Executed| {
                let storage = &executed.changes[&CONTRACT].storage;
                storage.get(&U256::from(16 + mark)).map(|word| word.present_value)
            };
            prop_assert_eq!(went(&executed), went(&other));
        }
    }
}

#[test]
fn a_total_is_counted_on() {
    let program = [
        Statement::Overflow(0, U256::from(5), true),
        Statement::Count(0, U256::from(5), true),
    ];
    let (_, recording) = record(
        &compile(&program),
        &[],
        &[U256::from(7), U256::ZERO, U256::ZERO],
    );
    let sum = recording
        .sums
        .iter()
        .find(|sum| sum.cell == (CONTRACT, Some(U256::ZERO)));
    let sum = sum.expect("it is only added to");
    assert_eq!(sum.added, U256::from(5));
    assert_eq!(
        (sum.low, sum.high),
        (U256::from(1), U256::MAX - U256::from(5))
    );
}

#[test]
fn what_is_written_elsewhere_is_not_counted_on() {
    let words = [U256::from(7), U256::from(8), U256::ZERO];
    for statement in [
        Statement::Use(0, 1, U256::from(1)),
        Statement::Join(1, 0),
        Statement::Set(0, U256::from(3)),
    ] {
        let (_, recording) = record(&compile(std::slice::from_ref(&statement)), &[], &words);
        let slot = (CONTRACT, Some(U256::ZERO));
        assert!(
            recording.sums.iter().all(|sum| sum.cell != slot),
            "{statement:?}"
        );
    }
}

/// Stores 1 at 0, calls, and then does what `rest` says with the answer on the stack.
fn calling(rest: &[u8]) -> Vec<u8> {
    let mut code = vec![PUSH1, 1, PUSH0, SSTORE];
    code.extend([PUSH0; 5]);
    code.extend(push(CALLED.into_word().into()));
    code.extend([0x5a, CALL]); // GAS, CALL
    code.extend(rest);
    code
}

/// A called contract that needs gas.
fn spends() -> Vec<u8> {
    vec![PUSH1, 1, PUSH0, SSTORE, STOP]
}

/// All that less gas leaves behind, but for nothing and everything.
fn leaves_halves(code: &[u8]) -> bool {
    let words = [U256::ZERO; 3];
    let mut ways: Vec<(Words, bool)> = (21_000..80_000)
        .step_by(7)
        .filter_map(|gas| {
            let executed =
                machine().execute(state(code, &spends(), &words), &MOMENT, &message(gas));
            let called = executed.changes.get(&CALLED);
            let did = called.is_some_and(|account| !account.storage.is_empty());
            executed
                .succeeded()
                .then(|| (after(&executed, &words), did))
        })
        .collect();
    ways.dedup();
    ways.len() > 1
}

/// Whether a transaction succeeds although its inner call fails, in whatever way.
fn lets_pass(code: &[u8]) -> bool {
    let both = [Meddling::Reverts, Meddling::OutOfGas].map(|meddling| {
        let meddle = Meddle::Call(Interference { call: 0, meddling });
        let state = state(code, &spends(), &[U256::ZERO; 3]);
        let (executed, observed) =
            machine().execute_meddling(state, &MOMENT, &message(1_000_000), Some(meddle));
        assert!(observed.fired);
        executed.succeeded()
    });
    both.contains(&true)
}

#[test]
fn who_reverts_with_what_it_called_leaves_nothing_half_done() {
    let at = calling(&[]).len() as u8;
    // if (!ok) revert, as compilers write it.
    let strict = calling(&[
        DUP1,
        PUSH1,
        at + 7,
        JUMPI,
        PUSH0,
        PUSH0,
        REVERT,
        JUMPDEST,
        POP,
        STOP,
    ]);
    let (executed, recording) = record(&strict, &spends(), &[U256::ZERO; 3]);
    assert!(executed.succeeded() && recording.is_all_or_nothing);
    assert!(!leaves_halves(&strict) && !lets_pass(&strict));
    // The answer comes from memory: nobody knows, and nothing is said.
    let unknown = calling(&[
        PUSH0,
        MSTORE,
        PUSH0,
        MLOAD,
        PUSH1,
        at + 10,
        JUMPI,
        PUSH0,
        PUSH0,
        REVERT,
        JUMPDEST,
        STOP,
    ]);
    let (executed, recording) = record(&unknown, &spends(), &[U256::ZERO; 3]);
    assert!(executed.succeeded() && !recording.is_all_or_nothing);
    // Both ways on from something unknown fail.
    let either = calling(&[
        DUP1,
        PUSH1,
        at + 14,
        JUMPI,
        0x3d,
        PUSH1,
        at + 10,
        JUMPI,
        0xfe,
        0xfe,
        JUMPDEST,
        PUSH0,
        PUSH0,
        REVERT,
        JUMPDEST,
        POP,
        STOP,
    ]);
    let (executed, recording) = record(&either, &spends(), &[U256::ZERO; 3]);
    assert!(executed.succeeded() && recording.is_all_or_nothing);
    assert!(!lets_pass(&either));
}

#[test]
fn who_lets_it_pass_may_leave_something_half_done() {
    for rest in [vec![POP, STOP], vec![POP, PUSH0, PUSH0, RETURN]] {
        let lax = calling(&rest);
        let (executed, recording) = record(&lax, &spends(), &[U256::ZERO; 3]);
        assert!(executed.succeeded() && !recording.is_all_or_nothing);
        assert!(leaves_halves(&lax) && lets_pass(&lax));
    }
}

/// Once the call has failed, a word decides that nothing else looks at: what is so for one value of it is not so for
/// all of them.
#[test]
fn what_a_counted_word_decides_is_not_all_or_nothing() {
    let load = [PUSH1, 1, SLOAD];
    let at = (load.len() + calling(&[]).len()) as u8;
    // w = sload(1); if (!call()) { if (w > 5) revert; }
    let rest = [
        PUSH1,
        at + 13,
        JUMPI,
        PUSH1,
        5,
        LT,
        ISZERO,
        PUSH1,
        at + 14,
        JUMPI,
        PUSH0,
        PUSH0,
        REVERT,
        JUMPDEST,
        JUMPDEST,
        STOP,
    ];
    let code = [load.as_slice(), &calling(&rest)].concat();
    for word in [7, 3] {
        let words = [U256::ZERO, U256::from(word), U256::ZERO];
        let (executed, recording) = record(&code, &spends(), &words);
        assert!(
            executed.succeeded() && !recording.is_all_or_nothing,
            "{word}"
        );
        let counted = recording
            .sums
            .iter()
            .any(|sum| sum.cell.1 == Some(U256::ONE));
        assert!(counted, "{:?}", recording.sums);
    }
}

#[test]
fn recording_changes_nothing() {
    let words = [U256::from(7), U256::from(8), U256::from(9)];
    let code = compile(&[
        Statement::Join(0, 1),
        Statement::Count(2, U256::from(1), false),
    ]);
    let plain = machine().execute(state(&code, &[], &words), &MOMENT, &message(1_000_000));
    let (recorded, _) = record(&code, &[], &words);
    assert_eq!(
        (plain.gas, plain.reads.clone()),
        (recorded.gas, recorded.reads.clone())
    );
    assert!(matches!(recorded.ending, Ending::Returned(_)));
    assert_eq!(after(&plain, &words), after(&recorded, &words));
}
