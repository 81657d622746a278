//! What a checker without memory costs: raw revm, every scenario of `cargo xtask bench check` from the start.
//!
//! `replay STATE SCRIPT replay|snapshot`: each crash point of a script of idempotent calls, each of eight faults,
//! the way to the end, and a look at every account. `snapshot` keeps the state of each crash point. One core, no
//! Sealift below the readers of the files. The last line is a JSON summary.
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::path::Path;
use std::time::Instant;

use alloy_primitives::{Address, B256, U256, keccak256};
use revm::context::{BlockEnv, CfgEnv, Context, ContextTr, Journal, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::state::{AccountInfo, Bytecode};
use revm::{Database, ExecuteCommitEvm, MainBuilder, MainnetEvm};
use sealift_check::input::{Scene, Step, broadcast};

type Db = CacheDB<EmptyDB>;
type Evm = MainnetEvm<Context<BlockEnv, TxEnv, CfgEnv, Db, Journal<Db>>>;

/// Anything that can be wrong with the input.
type Failure = Box<dyn std::error::Error>;

const FAULTS: usize = 8;
/// Less than a step needs.
const CUT_GAS: u64 = 100_000;
const GAS: u64 = 1 << 24;
/// Where OpenZeppelin's ERC20 keeps the balances.
const BALANCES_SLOT: u64 = 0;
const STRANGER: Address = Address::with_last_byte(0x51);

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [state, script, mode] = &args[..] else {
        return Err("usage: replay STATE SCRIPT replay|snapshot".into());
    };
    let scene = Scene::read(&std::fs::read(state)?)?;
    let text = std::fs::read_to_string(script)?;
    let steps = broadcast::read(&text, Path::new(script))?.steps;
    let mut replay = Replay::new(&scene, steps)?;
    let start = Instant::now();
    match mode.as_str() {
        "replay" => replay.replay(),
        "snapshot" => replay.snapshot(),
        _ => return Err("the mode is replay or snapshot".into()),
    }
    let micros = start.elapsed().as_micros();
    println!(
        "{}",
        serde_json::json!({
            "type": "summary", "mode": mode, "batches": replay.steps.len(), "accounts": replay.due.len(),
            "scenarios": replay.scenarios, "executed": replay.executed, "micros": micros as u64,
        })
    );
    Ok(())
}

/// Where an account's balances are, and what it is entitled to.
struct Due {
    slot: U256,
    amount: U256,
}

struct Replay {
    evm: Evm,
    start: Db,
    steps: Vec<Step>,
    legacy: Address,
    successor: Address,
    due: Vec<Due>,
    scenarios: u64,
    executed: u64,
}

impl Replay {
    /// The tokens are the two contracts whose storage a run changes at slots of holders; holders are read from
    /// the events of the undisturbed run.
    fn new(scene: &Scene, steps: Vec<Step>) -> Result<Self, Failure> {
        let mut db = Db::default();
        for account in &scene.accounts {
            let code = (!account.code.is_empty()).then(|| Bytecode::new_raw(account.code.clone()));
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce,
                code_hash: code
                    .as_ref()
                    .map_or(alloy_primitives::KECCAK256_EMPTY, |code| code.hash_slow()),
                code,
                ..Default::default()
            };
            db.insert_account_info(account.address, info);
            for (slot, word) in &account.storage {
                db.insert_account_storage(account.address, *slot, *word)?;
            }
        }
        let mut cfg = CfgEnv::new()
            .with_chain_id(scene.chain_id)
            .with_spec_and_mainnet_gas_params(SpecId::OSAKA);
        cfg.disable_nonce_check = true;
        let block = BlockEnv {
            number: U256::from(scene.number + 1),
            timestamp: U256::from(scene.timestamp_secs + 1),
            ..Default::default()
        };
        let evm =
            Context::<BlockEnv, TxEnv, CfgEnv, Db, Journal<Db>>::new(db.clone(), SpecId::OSAKA)
                .with_cfg(cfg)
                .with_block(block)
                .build_mainnet();
        let mut replay = Self {
            evm,
            start: db,
            steps,
            legacy: Address::ZERO,
            successor: Address::ZERO,
            due: Vec::new(),
            scenarios: 0,
            executed: 0,
        };
        replay.find_due()?;
        Ok(replay)
    }

    fn find_due(&mut self) -> Result<(), Failure> {
        let transfer = keccak256("Transfer(address,address,uint256)");
        for step in 0..self.steps.len() {
            let result = self.transact(step, None, GAS);
            let logs = result.logs().to_vec();
            for log in logs
                .iter()
                .filter(|log| log.topics().first() == Some(&transfer))
            {
                let (from, to) = (log.topics()[1], log.topics()[2]);
                if to.is_zero() {
                    self.legacy = log.address;
                    let slot = keccak256([from, B256::from(U256::from(BALANCES_SLOT))].concat());
                    self.due.push(Due {
                        slot: slot.into(),
                        amount: U256::from_be_slice(&log.data.data),
                    });
                } else {
                    self.successor = log.address;
                }
            }
        }
        if self.due.is_empty() || self.successor.is_zero() {
            return Err("the script burns and mints nothing".into());
        }
        self.complete();
        self.executed = 0;
        Ok(())
    }

    fn transact(
        &mut self,
        step: usize,
        from: Option<Address>,
        gas: u64,
    ) -> revm::context::result::ExecutionResult {
        let step = &self.steps[step];
        let tx = TxEnv {
            caller: from.unwrap_or(step.from),
            kind: step.to.map_or(TxKind::Create, TxKind::Call),
            data: step.data.clone(),
            value: step.value,
            gas_limit: gas,
            chain_id: None,
            ..Default::default()
        };
        self.executed += 1;
        self.evm.transact_commit(tx).expect("a valid transaction")
    }

    fn send(&mut self, step: usize) {
        assert!(self.transact(step, None, GAS).is_success(), "a step fails");
    }

    fn reset(&mut self, db: &Db) {
        *self.evm.ctx.db_mut() = db.clone();
    }

    fn replay(&mut self) {
        let start = self.start.clone();
        for crash in 0..=self.steps.len() {
            for fault in 0..FAULTS {
                self.reset(&start);
                (0..crash).for_each(|step| self.send(step));
                self.scenario(crash, fault);
            }
        }
    }

    fn snapshot(&mut self) {
        let mut here = self.start.clone();
        for crash in 0..=self.steps.len() {
            for fault in 0..FAULTS {
                self.reset(&here);
                self.scenario(crash, fault);
            }
            if crash < self.steps.len() {
                self.reset(&here);
                self.send(crash);
                here = self.evm.ctx.db_mut().clone();
            }
        }
    }

    fn scenario(&mut self, crash: usize, fault: usize) {
        let next = self.strike(crash, fault);
        self.unharmed();
        (next..self.steps.len()).for_each(|step| self.send(step));
        self.complete();
        self.scenarios += 1;
    }

    /// Lets a fault happen at a crash point, as `Check.t.sol` does; says with which step the executor goes on.
    fn strike(&mut self, crash: usize, fault: usize) -> usize {
        let count = self.steps.len();
        let step = crash.min(count - 1);
        let is_last = step + 1 == count;
        match fault {
            // Before the send, reverted and dropped leave the chain as it was.
            0 | 2 | 3 => {}
            1 => self.send(step),
            4 => {
                self.send(step);
                self.send(step);
                return step + 1;
            }
            5 => {
                self.send(if is_last { step - 1 } else { step + 1 });
                self.send(step);
                return if is_last { count } else { step + 2 };
            }
            6 => drop(self.transact(step, None, CUT_GAS)),
            _ => {
                let result = self.transact(count - 1, Some(STRANGER), GAS);
                assert!(result.is_success(), "anybody may send a step");
            }
        }
        crash
    }

    fn balances(&mut self, holder: usize) -> (U256, U256) {
        let slot = self.due[holder].slot;
        let (legacy, successor) = (self.legacy, self.successor);
        let db = self.evm.ctx.db_mut();
        let mut word = |token| db.storage(token, slot).expect("a database in memory");
        (word(legacy), word(successor))
    }

    fn unharmed(&mut self) {
        for holder in 0..self.due.len() {
            let (legacy, successor) = self.balances(holder);
            assert_eq!(
                legacy + successor,
                self.due[holder].amount,
                "holder {holder}"
            );
        }
    }

    fn complete(&mut self) {
        for holder in 0..self.due.len() {
            let found = self.balances(holder);
            assert_eq!(
                found,
                (U256::ZERO, self.due[holder].amount),
                "holder {holder}"
            );
        }
    }
}
