//! Instructions of a machine that do more than the mainnet's: they write down what they read, or remember.

use alloy_primitives::map::HashMap;
use alloy_primitives::{B256, U256};
use revm::bytecode::opcode::{CALL, CALLCODE, DELEGATECALL, GAS, KECCAK256, STATICCALL, TIMESTAMP};
use revm::context_interface::host::Host;
use revm::handler::instructions::EthInstructions;
use revm::interpreter::instructions::{block_info, system};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_types::{Jumps, MemoryTr};
use revm::interpreter::{Instruction, InstructionContext, InstructionExecResult};

use crate::machine::{CLOCK, GAUGE, Inner};
use crate::state::Snapshot;

/// What TIMESTAMP and GAS cost in every hard fork.
const BASE_GAS: u16 = 2;

/// What KECCAK256 costs in every hard fork, without its words.
const KECCAK_GAS: u16 = 30;

/// Bytes of a key of a mapping and the slot of it.
const PAIR: usize = 64;

/// Hashes that are kept at most.
const KEPT: usize = 1 << 12;

/// Hashes of keys of mappings: the same few are asked for in every execution.
pub(crate) type Hashes = HashMap<[u8; PAIR], B256>;

/// Puts them in the place of the mainnet's.
pub(crate) fn put<S: Snapshot>(all: &mut EthInstructions<EthInterpreter, Inner<S>>) {
    all.insert_instruction(TIMESTAMP, Instruction::new(timestamp::<S>), BASE_GAS);
    all.insert_instruction(GAS, Instruction::new(gas::<S>), BASE_GAS);
    all.insert_instruction(KECCAK256, Instruction::new(keccak256::<S>), KECCAK_GAS);
}

/// TIMESTAMP as the mainnet has it, written down as a read.
fn timestamp<S: Snapshot>(
    context: InstructionContext<'_, Inner<S>, EthInterpreter>,
) -> InstructionExecResult {
    context.host.journaled_state.database.reads.push(CLOCK);
    block_info::timestamp(context)
}

/// GAS as the mainnet has it, written down as a read; `GAS CALL` only hands all gas on, as every call that names no
/// limit is compiled.
fn gas<S: Snapshot>(
    context: InstructionContext<'_, Inner<S>, EthInterpreter>,
) -> InstructionExecResult {
    let next = context.interpreter.bytecode.opcode();
    if ![CALL, STATICCALL, DELEGATECALL, CALLCODE].contains(&next) {
        context.host.journaled_state.database.reads.push(GAUGE);
    }
    system::gas(context)
}

/// KECCAK256 as the mainnet has it, which remembers the hashes of 64 bytes.
fn keccak256<S: Snapshot>(
    context: InstructionContext<'_, Inner<S>, EthInterpreter>,
) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let Some(pair) = pair(interpreter) else {
        return system::keccak256(InstructionContext { interpreter, host });
    };
    let known = host.journaled_state.database.hashes.get(&pair).copied();
    let Some(hash) = known else {
        system::keccak256(InstructionContext {
            interpreter: &mut *interpreter,
            host: &mut *host,
        })?;
        let hashes = &mut host.journaled_state.database.hashes;
        if hashes.len() >= KEPT {
            hashes.clear();
        }
        if let Some(hash) = interpreter.stack.top() {
            hashes.insert(pair, (*hash).into());
        }
        return Ok(());
    };
    let cost = host.gas_params().keccak256_cost(PAIR);
    if !interpreter.gas.record_regular_cost(cost) {
        return Err(revm::interpreter::InstructionResult::OutOfGas);
    }
    if let Some((_, top)) = interpreter.stack.popn_top::<1>() {
        *top = hash.into();
    }
    Ok(())
}

/// The bytes that are hashed, where they are 64 and the memory has them already.
fn pair(interpreter: &revm::interpreter::Interpreter<EthInterpreter>) -> Option<[u8; PAIR]> {
    let [.., len, offset] = interpreter.stack.data().as_slice() else {
        return None;
    };
    if *len != U256::from(PAIR) {
        return None;
    }
    let offset = usize::try_from(*offset).ok()?;
    let end = offset.checked_add(PAIR)?;
    if end > interpreter.memory.size() {
        return None;
    }
    let bytes = interpreter.memory.slice_len(offset, PAIR);
    <[u8; PAIR]>::try_from(&*bytes).ok()
}
