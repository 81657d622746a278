//! The recording pass: what an execution counts on, and whether less gas could leave it half done.

mod arc;
mod sites;
mod sums;

use revm::Inspector;
use revm::bytecode::opcode::{CALL, CALLCODE, CREATE, CREATE2, DELEGATECALL, STATICCALL};
use revm::context_interface::ContextTr;
use revm::interpreter::interpreter_types::{InputsTr, Jumps, LegacyBytecode};
use revm::interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter};

pub use sums::Sum;

use self::sums::Sums;

/// What a recording pass learns of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Words that it only counts on, in order.
    pub sums: Vec<Sum>,
    /// Whether every frame fails with each call and creation that fails in it: less gas than it needs then leaves
    /// nothing of it behind (unless it asks how much gas is left).
    pub is_all_or_nothing: bool,
}

/// The inspector that records, where it is on.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    is_on: bool,
    sums: Sums,
    lets_pass: bool,
}

impl Recorder {
    pub(crate) fn on() -> Self {
        Self {
            is_on: true,
            ..Self::default()
        }
    }

    pub(crate) fn into_recording(self) -> Recording {
        Recording {
            sums: self.sums.found(),
            is_all_or_nothing: !self.lets_pass,
        }
    }
}

impl<C: ContextTr> Inspector<C> for Recorder {
    #[inline]
    fn step(&mut self, frame: &mut Interpreter, _: &mut C) {
        if !self.is_on {
            return;
        }
        let (code, stack) = (frame.bytecode.opcode(), frame.stack.data());
        self.sums.step(code, frame.input.target_address(), stack);
        let is_site = matches!(
            code,
            CALL | STATICCALL | DELEGATECALL | CALLCODE | CREATE | CREATE2
        );
        if is_site && !self.lets_pass {
            let bytes = frame.bytecode.bytecode_slice();
            let known = self.sums.known(stack);
            self.lets_pass = !sites::fails_with_it(bytes, frame.bytecode.pc(), &known);
        }
    }

    fn call(&mut self, _: &mut C, _: &mut CallInputs) -> Option<CallOutcome> {
        self.sums.enter();
        None
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, outcome: &mut CallOutcome) {
        self.sums.leave(outcome.result.result.is_ok());
    }

    fn create(&mut self, _: &mut C, _: &mut CreateInputs) -> Option<CreateOutcome> {
        self.sums.enter();
        None
    }

    fn create_end(&mut self, _: &mut C, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.sums.leave(outcome.result.result.is_ok());
    }
}
