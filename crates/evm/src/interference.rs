//! What goes wrong inside a transaction: one inner call of it is interfered with.

use alloy_primitives::{Address, Bytes, U256};
use revm::Inspector;
use revm::context_interface::{ContextTr, JournalTr};
use revm::interpreter::{
    CallInputs, CallOutcome, CallScheme, Gas, InstructionResult, InterpreterResult,
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

/// One inner call as it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerCall {
    /// How deep; the transaction's own call is 0, so this is at least 1.
    pub depth: usize,
    /// Who called.
    pub caller: Address,
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
    interference: Option<Interference>,
    observed: Observed,
    open: Vec<Option<usize>>,
}

impl Meddler {
    pub(crate) fn new(interference: Option<Interference>) -> Self {
        Self {
            interference,
            ..Self::default()
        }
    }

    pub(crate) fn into_observed(self) -> Observed {
        self.observed
    }

    fn meddle(&mut self, index: usize, inputs: &CallInputs) -> Option<CallOutcome> {
        let interference = self
            .interference
            .as_ref()
            .filter(|meddled| meddled.call == index)?;
        self.observed.fired = true;
        let mut gas = Gas::new(inputs.gas_limit);
        let (result, output) = match &interference.meddling {
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
        Some(CallOutcome::new(
            result,
            inputs.return_memory_offset.clone(),
        ))
    }
}

impl<C: ContextTr<Journal: JournalTr>> Inspector<C> for Meddler {
    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let depth = self.open.len();
        if depth == 0 {
            self.open.push(None);
            return None;
        }
        let index = self.observed.calls.len();
        self.observed.calls.push(InnerCall {
            depth,
            caller: inputs.caller,
            target: inputs.bytecode_address,
            value: inputs.call_value(),
            input: inputs.input.bytes(context),
            is_static: inputs.is_static || inputs.scheme == CallScheme::StaticCall,
            succeeded: false,
            output: Bytes::new(),
        });
        self.open.push(Some(index));
        self.meddle(index, inputs)
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, outcome: &mut CallOutcome) {
        if let Some(Some(index)) = self.open.pop() {
            let call = &mut self.observed.calls[index];
            call.succeeded = outcome.result.result.is_ok();
            call.output = outcome.result.output.clone();
        }
    }

    fn create(
        &mut self,
        _: &mut C,
        _: &mut revm::interpreter::CreateInputs,
    ) -> Option<revm::interpreter::CreateOutcome> {
        self.open.push(None);
        None
    }

    fn create_end(
        &mut self,
        _: &mut C,
        _: &revm::interpreter::CreateInputs,
        _: &mut revm::interpreter::CreateOutcome,
    ) {
        self.open.pop();
    }
}
