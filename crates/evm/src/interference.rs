//! What goes wrong inside a transaction: one inner call of it is interfered with.

use alloy_primitives::{Address, Bytes, U256};
use revm::Inspector;
use revm::bytecode::Bytecode;
use revm::context_interface::{ContextTr, JournalTr};
use revm::interpreter::{
    CallInput, CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, Gas,
    InstructionResult, InterpreterResult,
};

/// What one inner call does instead of what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meddling {
    /// It reverts without data.
    Reverts,
    /// It does nothing and returns a zero word (`false`).
    ReturnsFalse,
    /// It uses up the gas that it was given.
    OutOfGas,
    /// It returns this data, and does nothing.
    Answers(Bytes),
}

/// One inner call, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interference {
    /// Which inner call, in order of start, from 0; the transaction's own call does not count.
    pub call: usize,
    /// What it does.
    pub meddling: Meddling,
}

/// How a token misbehaves, in every inner call of a transaction that it takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Misbehaving {
    /// It keeps a hundredth of what is transferred.
    TakesFee,
    /// It says a hundredth more than an account has.
    Rebases,
    /// Its transfers do nothing and return `false`.
    ReturnsFalse,
    /// Its transfers revert.
    Pauses,
    /// Its transfers from, to and by an account revert.
    Blocks(Address),
}

/// A token, and how it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Misbehaviour {
    /// The contract that is called.
    pub token: Address,
    /// What it does.
    pub how: Misbehaving,
}

/// When somebody is let in: hooks of ERC-777 come before tokens leave, and after they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// Before the inner call does its work.
    Before,
    /// After the inner call has done its work, and only where it succeeded.
    After,
}

/// A call that somebody makes before or after an inner call does its work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reentry {
    /// At which inner call, in order of start, from 0.
    pub call: usize,
    /// Before or after its work.
    pub turn: Turn,
    /// Who makes it.
    pub from: Address,
    /// Who is called.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
}

/// What is done to a transaction from the inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meddle {
    /// One inner call goes wrong.
    Call(Interference),
    /// A token misbehaves.
    Token(Misbehaviour),
    /// An inner call lets somebody call; however that ends, it does its work.
    Reenters(Reentry),
    /// As much gas as if this had been the transaction's limit.
    Gas(u64),
}

/// One inner call as it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerCall {
    /// How deep; the transaction's own call is 0, so this is at least 1.
    pub depth: usize,
    /// Who called.
    pub caller: Address,
    /// Who was called.
    pub called: Address,
    /// Whose code ran.
    pub target: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub input: Bytes,
    /// Whether it could not change anything (STATICCALL).
    pub is_static: bool,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// What it returned.
    pub output: Bytes,
}

/// All that was observed in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Inner calls in order of start.
    pub calls: Vec<InnerCall>,
    /// Whether the interference met its call.
    pub fired: bool,
}

/// The inspector: it watches, and meddles once.
#[derive(Debug, Default)]
pub(crate) struct Meddler {
    meddle: Option<Meddle>,
    observed: Observed,
    open: Vec<Option<usize>>,
    /// Of the open inner calls, whether each asks for a balance.
    balances: Vec<bool>,
    /// The transaction's own gas limit.
    limit: u64,
    /// Whether a transaction that was meddled with uses up all of its gas.
    burns: bool,
    /// The call that somebody else makes in the name of an inner call, while it is to come.
    guest: Option<Guest>,
}

/// A call that is made by somebody else than by the frame that it comes from.
#[derive(Debug)]
struct Guest {
    from: Address,
    /// How deep it is, and how many calls of that frame come before it.
    depth: usize,
    before: usize,
}

impl Meddler {
    pub(crate) fn new(meddle: Option<Meddle>, limit: u64) -> Self {
        Self {
            meddle,
            limit,
            ..Self::default()
        }
    }

    /// A transaction that is meddled with uses up all of its gas: so what leaves the same state behind leaves the same
    /// block.
    pub(crate) fn burning(meddle: Option<Meddle>, limit: u64) -> Self {
        Self {
            burns: true,
            ..Self::new(meddle, limit)
        }
    }

    pub(crate) fn into_observed(self) -> Observed {
        self.observed
    }

    fn meddle(&mut self, index: usize, inputs: &CallInputs) -> Option<CallOutcome> {
        let Some(Meddle::Call(interference)) = &self.meddle else {
            return None;
        };
        if interference.call != index {
            return None;
        }
        self.observed.fired = true;
        Some(instead(&interference.meddling, inputs))
    }

    /// Lets somebody call before or after this inner call does its work.
    fn reenter(&mut self, index: usize, depth: usize, inputs: &mut CallInputs) {
        let Some(Meddle::Reenters(reentry)) = &self.meddle else {
            return;
        };
        if reentry.call != index {
            return;
        }
        let code = Bytecode::new_raw(letting_in(reentry, inputs.bytecode_address));
        inputs.known_bytecode = (code.hash_slow(), code);
        self.guest = Some(Guest {
            from: reentry.from,
            depth: depth + 1,
            before: usize::from(reentry.turn == Turn::After),
        });
        self.observed.fired = true;
    }

    /// Puts the guest in the place of the caller where this is its call.
    fn admit(&mut self, depth: usize, inputs: &mut CallInputs) {
        let Some(guest) = self.guest.as_mut().filter(|guest| guest.depth == depth) else {
            return;
        };
        if guest.before > 0 {
            guest.before -= 1;
        } else {
            inputs.caller = guest.from;
            self.guest = None;
        }
    }

    /// The gas that is left of this much, for the transaction's own call.
    fn left_of(&mut self, gas: u64) -> u64 {
        let Some(Meddle::Gas(limit)) = self.meddle else {
            return gas;
        };
        let left = gas.checked_sub(self.limit.saturating_sub(limit));
        self.observed.fired = limit < self.limit && left.is_some();
        left.unwrap_or(gas)
    }

    /// Uses up what the transaction has left, where it was meddled with.
    fn burn(&self, gas: &mut Gas) {
        if self.burns && self.observed.fired {
            gas.spend_all();
            gas.set_refund(0);
        }
    }

    /// What a misbehaving token does instead; its input may become another one.
    fn misbehave(&mut self, input: &Bytes, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let Some(Meddle::Token(Misbehaviour { token, how })) = self.meddle else {
            return None;
        };
        let amount_at = match input.get(..4) {
            Some([0xa9, 0x05, 0x9c, 0xbb]) => 36, // transfer(address,uint256)
            Some([0x23, 0xb8, 0x72, 0xdd]) => 68, // transferFrom(address,address,uint256)
            _ => return None,
        };
        let amount = input
            .get(amount_at..amount_at + 32)
            .filter(|_| inputs.target_address == token)?;
        let meddling = match how {
            Misbehaving::TakesFee => {
                let amount = U256::from_be_slice(amount);
                let mut less = input.to_vec();
                less[amount_at..amount_at + 32]
                    .copy_from_slice(&(amount - amount / U256::from(100)).to_be_bytes::<32>());
                inputs.input = CallInput::Bytes(less.into());
                self.observed.fired = true;
                return None;
            }
            Misbehaving::Blocks(account) => {
                let concerned = input[4..amount_at]
                    .chunks(32)
                    .any(|word| word[12..] == account[..]);
                if !concerned && inputs.caller != account {
                    return None;
                }
                Meddling::Reverts
            }
            Misbehaving::Pauses => Meddling::Reverts,
            Misbehaving::ReturnsFalse => Meddling::ReturnsFalse,
            Misbehaving::Rebases => return None,
        };
        self.observed.fired = true;
        Some(instead(&meddling, inputs))
    }

    /// A hundredth more than an account has.
    fn rebase(&mut self, inputs: &CallInputs, outcome: &mut CallOutcome) {
        let Some(Meddle::Token(Misbehaviour {
            token,
            how: Misbehaving::Rebases,
        })) = self.meddle
        else {
            return;
        };
        let is_balance = self.balances.pop().unwrap_or_default();
        if inputs.target_address == token && is_balance && outcome.result.output.len() == 32 {
            let balance = U256::from_be_slice(&outcome.result.output);
            let more = balance.saturating_add(balance / U256::from(100));
            outcome.result.output = more.to_be_bytes::<32>().into();
            self.observed.fired = true;
        }
    }
}

/// Code that does what the code of `work` does, and makes a call before or after it.
fn letting_in(reentry: &Reentry, work: Address) -> Bytes {
    let size = (reentry.data.len() as u32).to_be_bytes();
    let mut code = Vec::with_capacity(128 + reentry.data.len());
    let mut places = Vec::new();
    if reentry.turn == Turn::Before {
        // The data of the call goes to 0.
        code.push(0x5f);
        places.push(add_call(&mut code, reentry.to, size));
        code.push(0x50);
    }
    // CALLDATACOPY(0, 0, CALLDATASIZE), DELEGATECALL(gas, work, 0, CALLDATASIZE, 0, 0).
    code.extend([0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x73]);
    code.extend(work);
    code.extend([0x5a, 0xf4]);
    // RETURNDATACOPY(0, 0, RETURNDATASIZE), and out as it came; its size stays on the stack.
    code.extend([0x3d, 0x5f, 0x5f, 0x3e, 0x3d, 0x90, 0x60]);
    let label_at = code.len();
    code.extend([0x00, 0x57, 0x5f, 0xfd]);
    code[label_at] = code.len() as u8;
    code.push(0x5b);
    if reentry.turn == Turn::After {
        // The data of the call goes behind what was returned.
        places.push(add_call(&mut code, reentry.to, size));
    }
    code.extend([0x5f, 0xf3]);
    let end = (code.len() as u32).to_be_bytes();
    for place in places {
        code[place..place + 4].copy_from_slice(&end);
    }
    code.extend(&reentry.data);
    code.into()
}

/// Adds a call whose data goes to the place in memory that is on the stack, and stays there; where the code has to say
/// at which of its bytes the data begins.
fn add_call(code: &mut Vec<u8>, to: Address, size: [u8; 4]) -> usize {
    // CODECOPY(place, data, size).
    code.push(0x63);
    code.extend(size);
    code.push(0x63);
    let data_at = code.len();
    code.extend([0; 4]);
    code.extend([0x82, 0x39]);
    // CALL(gas, to, 0, place, size, 0, 0), POP.
    code.extend([0x5f, 0x5f, 0x63]);
    code.extend(size);
    code.extend([0x83, 0x5f, 0x73]);
    code.extend(to);
    code.extend([0x5a, 0xf1, 0x50]);
    data_at
}

/// What an inner call does instead of what it would do.
fn instead(meddling: &Meddling, inputs: &CallInputs) -> CallOutcome {
    let mut gas = Gas::new(inputs.gas_limit);
    let (result, output) = match meddling {
        Meddling::Reverts => (InstructionResult::Revert, Bytes::new()),
        Meddling::ReturnsFalse => (InstructionResult::Return, Bytes::from_static(&[0; 32])),
        Meddling::Answers(data) => (InstructionResult::Return, data.clone()),
        Meddling::OutOfGas => {
            gas.spend_all();
            (InstructionResult::OutOfGas, Bytes::new())
        }
    };
    let result = InterpreterResult {
        result,
        output,
        gas,
    };
    CallOutcome::new(result, inputs.return_memory_offset.clone())
}

impl<C: ContextTr<Journal: JournalTr>> Inspector<C> for Meddler {
    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let depth = self.open.len();
        if depth == 0 {
            self.open.push(None);
            inputs.gas_limit = self.left_of(inputs.gas_limit);
            return None;
        }
        self.admit(depth, inputs);
        let index = self.observed.calls.len();
        let input = inputs.input.bytes(context);
        self.observed.calls.push(InnerCall {
            depth,
            caller: inputs.caller,
            called: inputs.target_address,
            target: inputs.bytecode_address,
            value: inputs.call_value(),
            input: input.clone(),
            is_static: inputs.is_static || inputs.scheme == CallScheme::StaticCall,
            succeeded: false,
            output: Bytes::new(),
        });
        self.open.push(Some(index));
        self.balances
            .push(input.starts_with(&[0x70, 0xa0, 0x82, 0x31])); // balanceOf(address)
        self.reenter(index, depth, inputs);
        self.meddle(index, inputs)
            .or_else(|| self.misbehave(&input, inputs))
    }

    fn call_end(&mut self, _: &mut C, inputs: &CallInputs, outcome: &mut CallOutcome) {
        if self.open.len() > 1 {
            self.rebase(inputs, outcome);
        } else {
            self.burn(&mut outcome.result.gas);
        }
        if let Some(Some(index)) = self.open.pop() {
            let call = &mut self.observed.calls[index];
            call.succeeded = outcome.result.result.is_ok();
            call.output = outcome.result.output.clone();
        }
    }

    fn create(&mut self, _: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        if self.open.is_empty() {
            let left = self.left_of(inputs.gas_limit());
            inputs.set_gas_limit(left);
        }
        self.open.push(None);
        None
    }

    fn create_end(&mut self, _: &mut C, _: &CreateInputs, outcome: &mut CreateOutcome) {
        if self.open.len() == 1 {
            self.burn(&mut outcome.result.gas);
        }
        self.open.pop();
    }
}
