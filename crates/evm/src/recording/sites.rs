//! Places where code calls: whether a frame always fails there with what it called.

use std::collections::HashSet;

use alloy_primitives::U256;
use revm::bytecode::opcode::{self, OPCODE_INFO};

/// Instructions that are followed at most.
const PATIENCE: usize = 512;

/// What is known of a word.
pub(super) type Known = Option<U256>;

/// A way through the code: where it is, and the stack.
type Way = (usize, Vec<Known>);

/// Whether a frame fails on every way on from a call or a creation that fails there.
///
/// `stack` is what the instruction at `at` finds, as far as that is known. Everything that memory, storage and the outside answer is taken
/// to be unknown, and where the way depends on it, both ways are followed. `false` says nothing.
pub(super) fn fails_with_it(code: &[u8], at: usize, stack: &[Known]) -> bool {
    let Some(info) = code.get(at).and_then(|op| OPCODE_INFO[usize::from(*op)]) else {
        return false;
    };
    let Some(rest) = stack.len().checked_sub(usize::from(info.inputs())) else {
        return false;
    };
    let mut after: Vec<Known> = stack[..rest].to_vec();
    after.push(Some(U256::ZERO));
    let mut open: Vec<Way> = vec![(at + 1, after)];
    let mut branches: HashSet<Way> = HashSet::new();
    let mut left = PATIENCE;
    while let Some((mut at, mut stack)) = open.pop() {
        loop {
            if left == 0 {
                return false;
            }
            left -= 1;
            match step(code, at, &mut stack) {
                Next::To(next) => at = next,
                Next::Either(one, other) => {
                    for way in [one, other] {
                        if branches.insert((way, stack.clone())) {
                            open.push((way, stack.clone()));
                        }
                    }
                    break;
                }
                Next::Fails => break,
                Next::Unknown => return false,
            }
        }
    }
    true
}

enum Next {
    To(usize),
    Either(usize, usize),
    Fails,
    Unknown,
}

fn step(code: &[u8], at: usize, stack: &mut Vec<Known>) -> Next {
    let Some(op) = code.get(at).copied() else {
        return Next::Unknown;
    };
    let Some(info) = OPCODE_INFO[usize::from(op)] else {
        return Next::Fails;
    };
    let inputs = usize::from(info.inputs());
    if stack.len() < inputs {
        return Next::Fails;
    }
    let next = at + 1 + usize::from(info.immediate_size());
    match op {
        opcode::REVERT | opcode::INVALID => return Next::Fails,
        opcode::STOP | opcode::RETURN | opcode::SELFDESTRUCT => return Next::Unknown,
        opcode::DUPN | opcode::SWAPN | opcode::EXCHANGE => return Next::Unknown,
        opcode::PUSH0..=opcode::PUSH32 => {
            let bytes = code.get(at + 1..next);
            stack.push(bytes.map(U256::from_be_slice));
        }
        opcode::DUP1..=opcode::DUP16 => {
            let depth = usize::from(op - opcode::DUP1) + 1;
            let Some(from) = stack.len().checked_sub(depth) else {
                return Next::Fails;
            };
            stack.push(stack[from]);
        }
        opcode::SWAP1..=opcode::SWAP16 => {
            let depth = usize::from(op - opcode::SWAP1) + 2;
            let top = stack.len().wrapping_sub(1);
            let Some(other) = stack.len().checked_sub(depth) else {
                return Next::Fails;
            };
            stack.swap(top, other);
        }
        opcode::JUMP => {
            return stack
                .pop()
                .flatten()
                .map_or(Next::Unknown, |to| jump(code, to));
        }
        opcode::JUMPI => {
            let (to, condition) = (stack.pop().flatten(), stack.pop().flatten());
            let there = to.map_or(Next::Unknown, |to| jump(code, to));
            return match (condition, there) {
                (Some(condition), _) if condition.is_zero() => Next::To(next),
                (Some(_), there) => there,
                (None, Next::To(there)) => Next::Either(next, there),
                (None, Next::Fails) => Next::To(next),
                (None, _) => Next::Unknown,
            };
        }
        _ => {
            let taken = stack.split_off(stack.len() - inputs);
            let result = folded(op, &taken);
            stack.extend(std::iter::repeat_n(result, usize::from(info.outputs())));
        }
    }
    Next::To(next)
}

/// To where a jump leads; a wrong one fails.
fn jump(code: &[u8], to: U256) -> Next {
    match usize::try_from(to) {
        Ok(to) if code.get(to) == Some(&opcode::JUMPDEST) => Next::To(to),
        _ => Next::Fails,
    }
}

/// What an instruction leaves behind, where that follows from what is known; the last of `taken` was on top.
fn folded(op: u8, taken: &[Known]) -> Known {
    let bit = |is: bool| U256::from(u8::from(is));
    match (op, taken) {
        (opcode::ISZERO, [Some(word)]) => Some(bit(word.is_zero())),
        (opcode::AND | opcode::MUL, [Some(word), _] | [_, Some(word)]) if word.is_zero() => {
            Some(U256::ZERO)
        }
        (opcode::AND, [Some(two), Some(one)]) => Some(*one & *two),
        (opcode::OR, [Some(two), Some(one)]) => Some(*one | *two),
        (opcode::ADD, [Some(two), Some(one)]) => Some(one.wrapping_add(*two)),
        (opcode::SUB, [Some(two), Some(one)]) => Some(one.wrapping_sub(*two)),
        (opcode::EQ, [Some(two), Some(one)]) => Some(bit(one == two)),
        (opcode::LT, [Some(two), Some(one)]) => Some(bit(one < two)),
        (opcode::GT, [Some(two), Some(one)]) => Some(bit(one > two)),
        _ => None,
    }
}
