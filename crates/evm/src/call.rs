//! Calls and estimates: execution that leaves nothing behind.

use crate::execute::{TX_GAS_CAP, block_env, call_rules, execute};
use crate::node::Node;
use crate::state::Snapshot;
use crate::view::{Overridden, Replaced};
use alloy_consensus::Header;
use alloy_eips::eip2930::AccessList;
use alloy_primitives::map::AddressMap;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, HaltReason};

/// What a call asks.
#[derive(Clone, Debug, Default)]
pub struct CallRequest {
    /// The caller.
    pub from: Address,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Calldata or init code.
    pub data: Bytes,
    /// Wei sent along.
    pub value: U256,
    /// Gas; the configured call gas where it is `None` or more.
    pub gas: Option<u64>,
    /// Accounts and slots that are warm from the start.
    pub access_list: AccessList,
    /// Accounts that stand in for the real ones.
    pub overrides: AddressMap<Replaced>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// It returned this data.
    Returned(Bytes),
    /// It reverted with this data.
    Reverted(Bytes),
    /// It used up its gas, or did what the machine does not allow.
    Halted(String),
    /// It could not start.
    Invalid(String),
}

/// The gas that a transaction needs, or why it cannot succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// The least gas limit with which it succeeds.
    Gas(u64),
    /// It reverts with this data.
    Reverted(Bytes),
    /// It fails in another way, even with the most gas it may ask for.
    Failed(String),
}

impl Node {
    /// Runs a call on a state, in the block of `header`.
    pub fn call<S: Snapshot>(
        &self,
        state: &S,
        header: &Header,
        request: &CallRequest,
    ) -> CallOutcome {
        let gas = request.gas.unwrap_or(u64::MAX).min(self.config.call_gas);
        match self.run(state, header, request, gas) {
            Err(reason) => CallOutcome::Invalid(reason),
            Ok(ExecutionResult::Success { output, .. }) => {
                CallOutcome::Returned(output.into_data())
            }
            Ok(ExecutionResult::Revert { output, .. }) => CallOutcome::Reverted(output),
            Ok(ExecutionResult::Halt { reason, .. }) => CallOutcome::Halted(halt_text(&reason)),
        }
    }

    /// The least gas limit with which a transaction succeeds, but for the slack of the configuration.
    ///
    /// What execution spends before refunds is the answer for most transactions and is tried first.
    /// A transaction that must keep more in hand than it spends, because a caller passes on at most
    /// 63/64 of what is left (EIP-150), is found by bisection.
    pub fn estimate<S: Snapshot>(
        &self,
        state: &S,
        header: &Header,
        request: &CallRequest,
    ) -> Estimate {
        let most = request
            .gas
            .unwrap_or(u64::MAX)
            .min(TX_GAS_CAP)
            .min(header.gas_limit);
        let spent = match self.run(state, header, request, most) {
            Err(reason) => return Estimate::Failed(reason),
            Ok(ExecutionResult::Revert { output, .. }) => return Estimate::Reverted(output),
            Ok(ExecutionResult::Halt {
                reason: HaltReason::OutOfGas(_),
                ..
            }) => {
                return Estimate::Failed(format!("gas required exceeds allowance ({most})"));
            }
            Ok(ExecutionResult::Halt { reason, .. }) => {
                return Estimate::Failed(halt_text(&reason));
            }
            Ok(done) => done.gas().total_gas_spent().max(done.gas().floor_gas()),
        };
        let succeeds = |gas: u64| {
            self.run(state, header, request, gas)
                .is_ok_and(|result| result.is_success())
        };
        if spent >= most || succeeds(spent) {
            return Estimate::Gas(spent.min(most));
        }
        let (mut fails, mut enough) = (spent, most);
        let likely = (spent + 2_300).saturating_mul(64) / 63;
        if likely < enough {
            if succeeds(likely) {
                enough = likely
            } else {
                fails = likely
            }
        }
        let slack = self.config.estimate_slack_permille;
        let is_near = |fails: u64, enough: u64| {
            fails + 1 >= enough
                || (enough - fails).saturating_mul(1_000) < enough.saturating_mul(slack)
        };
        while !is_near(fails, enough) {
            let middle = fails + (enough - fails) / 2;
            if succeeds(middle) {
                enough = middle
            } else {
                fails = middle
            }
        }
        Estimate::Gas(enough)
    }

    fn run<S: Snapshot>(
        &self,
        state: &S,
        header: &Header,
        request: &CallRequest,
        gas: u64,
    ) -> Result<ExecutionResult, String> {
        let tx = TxEnv {
            tx_type: if request.access_list.is_empty() { 0 } else { 1 },
            caller: request.from,
            gas_limit: gas,
            gas_price: 0,
            kind: request.to.map_or(TxKind::Create, TxKind::Call),
            value: request.value,
            data: request.data.clone(),
            chain_id: Some(self.config.chain_id),
            access_list: request.access_list.clone(),
            ..Default::default()
        };
        let cfg = call_rules(self.config.chain_id);
        let first = self.config.first_block;
        let known = (header.number.saturating_sub(first) as usize).min(self.hashes.len());
        let hashes = (first, &self.hashes[..known]);
        let block = block_env(header);
        let done = if request.overrides.is_empty() {
            execute(state, hashes, cfg, block, tx)
        } else {
            let below = state;
            let overridden = Overridden {
                below,
                accounts: &request.overrides,
            };
            execute(&overridden, hashes, cfg, block, tx)
        };
        done.map(|done| done.result)
            .map_err(|invalid| invalid.to_string())
    }
}

/// go-ethereum's words for the common cases.
fn halt_text(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackUnderflow => "stack underflow".into(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".into(),
        HaltReason::StateChangeDuringStaticCall => "write protection".into(),
        other => format!("{other:?}"),
    }
}
