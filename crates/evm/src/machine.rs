//! A machine that executes on any snapshot, one transaction after another, without a chain around it.

use crate::execute::{SPEC, TX_GAS_CAP, call_rules};
use crate::state::Snapshot;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256};
use revm::bytecode::Bytecode;
use revm::context::result::ExecutionResult;
use revm::context::{BlockEnv, CfgEnv, Context, Evm, FrameStack, Journal, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::handler::instructions::EthInstructions;
use revm::handler::{EthFrame, EthPrecompiles};
use revm::inspector::InspectEvm;
use revm::interpreter::interpreter::EthInterpreter;
use revm::primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE;
use revm::state::{AccountInfo, EvmState};
use revm::{Database, ExecuteEvm};
use std::convert::Infallible;
use std::sync::Arc;

use crate::interference::{Meddle, Meddler, Observed};
use crate::opcodes::{self, Hashes};
use crate::recording::{Recorder, Recording};

/// A part of the state: a storage word, or (without a slot) an account's nonce, balance and code.
pub type Cell = (Address, Option<U256>);

/// The cell that an execution reads when it asks for the time: no contract can stand at the zero address.
pub const CLOCK: Cell = (Address::ZERO, Some(U256::MAX));

/// The cell that an execution reads when it asks how much gas is left for anything but giving all of it to a call.
pub const GAUGE: Cell = (Address::ZERO, Some(U256::from_limbs([0, 0, 0, u64::MAX])));

/// The block that a machine's transactions see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height.
    pub number: u64,
    /// Unix seconds.
    pub timestamp_secs: u64,
}

/// A transaction or call without signature, nonce and fee.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// The sender.
    pub from: Address,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Calldata or init code.
    pub data: Bytes,
    /// Wei.
    pub value: U256,
    /// Gas limit.
    pub gas: u64,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded and returned this data.
    Returned(Bytes),
    /// It reverted with this data.
    Reverted(Bytes),
    /// It halted, for example because it ran out of gas.
    Halted(String),
    /// It could not start.
    Invalid(String),
}

/// What a message did.
#[derive(Clone, Debug)]
pub struct Executed {
    /// How it ended.
    pub ending: Ending,
    /// Gas spent.
    pub gas: u64,
    /// Events.
    pub logs: Vec<Log>,
    /// Accounts and words after it; to be written by the caller. Those of a failed message hold nothing but the
    /// sender's nonce.
    pub changes: EvmState,
    /// All that it read, in order and without repeats: what it did follows from these cells and the message.
    pub reads: Vec<Cell>,
}

impl Executed {
    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        matches!(self.ending, Ending::Returned(_))
    }
}

/// What the machine reads: a snapshot that it holds for the time of one execution.
#[derive(Debug)]
pub(crate) struct Loaded<S> {
    snapshot: Option<S>,
    number: u64,
    pub(crate) reads: Vec<Cell>,
    pub(crate) hashes: Hashes,
}

impl<S: Snapshot> Loaded<S> {
    fn snapshot(&self) -> &S {
        self.snapshot
            .as_ref()
            .expect("a snapshot is loaded while the machine runs")
    }
}

impl<S: Snapshot> Database for Loaded<S> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        self.reads.push((address, None));
        Ok(self.snapshot().account(address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..Default::default()
        }))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.snapshot().code(hash))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        self.reads.push((address, Some(slot)));
        Ok(self.snapshot().word(address, slot))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        // A checker has no older blocks: hashes are fixed, distinct and not zero for the past.
        Ok(if number < self.number {
            B256::from(U256::from(number) + U256::ONE)
        } else {
            B256::ZERO
        })
    }
}

pub(crate) type Inner<S> = Context<BlockEnv, TxEnv, CfgEnv, Loaded<S>>;

/// An EVM over such a context, with inspectors that only some executions use.
type Inspected<S> = Evm<
    Inner<S>,
    (Meddler, Recorder),
    EthInstructions<EthInterpreter, Inner<S>>,
    EthPrecompiles,
    EthFrame<EthInterpreter>,
>;

/// An EVM that is built once and executes on one snapshot after another: no fees, no nonce checks, Osaka rules.
///
/// Building an EVM costs more than a small call, so a search that makes a hundred thousand of them keeps one.
pub struct Machine<S: Snapshot> {
    evm: Inspected<S>,
}

impl<S: Snapshot> std::fmt::Debug for Machine<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

impl<S: Snapshot> Machine<S> {
    /// A machine for one chain.
    pub fn new(chain_id: u64) -> Self {
        let mut cfg = call_rules(chain_id);
        // Nobody sends ether that it does not have.
        cfg.disable_balance_check = false;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        cfg.limit_contract_code_size = None;
        cfg.limit_contract_initcode_size = None;
        let loaded = Loaded {
            snapshot: None,
            number: 0,
            reads: Vec::new(),
            hashes: Hashes::default(),
        };
        let context: Inner<S> =
            Context::<BlockEnv, TxEnv, CfgEnv, Loaded<S>, Journal<Loaded<S>>>::new(loaded, SPEC)
                .with_cfg(cfg);
        let mut instruction = EthInstructions::new_mainnet_with_spec(SPEC);
        opcodes::put(&mut instruction);
        let evm = Evm {
            ctx: context,
            inspector: Default::default(),
            instruction,
            precompiles: EthPrecompiles::new(SPEC),
            frame_stack: FrameStack::new_prealloc(8),
        };
        Self { evm }
    }

    /// Executes on a snapshot; nothing is written to it.
    pub fn execute(&mut self, snapshot: S, moment: &Moment, message: &Message) -> Executed {
        self.prepare(snapshot, moment);
        let result = self.evm.transact(Self::env(moment, message));
        self.finish(result)
    }

    /// As [`Self::execute`], with every inner call written down and, where asked for, something going wrong in it.
    pub fn execute_meddling(
        &mut self,
        snapshot: S,
        moment: &Moment,
        message: &Message,
        meddle: Option<Meddle>,
    ) -> (Executed, Observed) {
        self.prepare(snapshot, moment);
        self.evm.inspector.0 = Meddler::new(meddle, message.gas.min(TX_GAS_CAP));
        let result = self.evm.inspect_tx(Self::env(moment, message));
        let observed = std::mem::take(&mut self.evm.inspector.0).into_observed();
        (self.finish(result), observed)
    }

    /// As [`Self::execute`], with every inner call written down, and what it counts on found out.
    pub fn execute_recording(
        &mut self,
        snapshot: S,
        moment: &Moment,
        message: &Message,
    ) -> (Executed, Observed, Recording) {
        self.evm.inspector.1 = Recorder::on();
        let (executed, observed) = self.execute_meddling(snapshot, moment, message, None);
        let recorder = std::mem::take(&mut self.evm.inspector.1);
        (executed, observed, recorder.into_recording())
    }

    fn prepare(&mut self, snapshot: S, moment: &Moment) {
        let loaded = &mut self.evm.ctx.journaled_state.database;
        loaded.snapshot = Some(snapshot);
        loaded.number = moment.number;
        loaded.reads = Vec::with_capacity(64);
        self.evm.ctx.block = BlockEnv {
            number: U256::from(moment.number),
            beneficiary: Address::ZERO,
            timestamp: U256::from(moment.timestamp_secs),
            gas_limit: u64::MAX,
            basefee: 0,
            difficulty: U256::ZERO,
            prevrandao: Some(B256::from(U256::from(moment.number))),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(
                0,
                BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
            )),
            slot_num: 0,
        };
    }

    fn env(moment: &Moment, message: &Message) -> TxEnv {
        TxEnv {
            caller: message.from,
            gas_limit: message.gas.min(TX_GAS_CAP),
            gas_price: 0,
            kind: message.to.map_or(TxKind::Create, TxKind::Call),
            value: message.value,
            data: message.data.clone(),
            chain_id: Some(moment.chain_id),
            ..Default::default()
        }
    }

    fn finish<E: std::fmt::Display>(
        &mut self,
        result: Result<revm::context::result::ExecResultAndState<ExecutionResult, EvmState>, E>,
    ) -> Executed {
        let loaded = &mut self.evm.ctx.journaled_state.database;
        loaded.snapshot = None;
        let mut reads = std::mem::take(&mut loaded.reads);
        reads.sort_unstable();
        reads.dedup();
        match result {
            Err(invalid) => Executed {
                ending: Ending::Invalid(invalid.to_string()),
                gas: 0,
                logs: Vec::new(),
                changes: EvmState::default(),
                reads,
            },
            Ok(done) => {
                let gas = done.result.gas().total_gas_spent();
                let (ending, logs) = match done.result {
                    ExecutionResult::Success { output, logs, .. } => {
                        (Ending::Returned(output.into_data()), logs)
                    }
                    ExecutionResult::Revert { output, .. } => {
                        (Ending::Reverted(output), Vec::new())
                    }
                    ExecutionResult::Halt { reason, .. } => {
                        (Ending::Halted(format!("{reason:?}")), Vec::new())
                    }
                };
                Executed {
                    ending,
                    gas,
                    logs,
                    changes: done.state,
                    reads,
                }
            }
        }
    }
}

/// A snapshot that several owners read.
impl<S: Snapshot> Snapshot for Arc<S> {
    fn account(&self, address: Address) -> Option<crate::state::Account> {
        S::account(self, address)
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        S::word(self, address, slot)
    }

    fn code(&self, hash: B256) -> Bytecode {
        S::code(self, hash)
    }
}
