//! The compiled contracts on a plain EVM, driven by the calls of the model.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, Context, TxEnv};
use revm::database::InMemoryDB;
use revm::primitives::hardfork::SpecId;
use revm::{ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext};
use sealift_protocol::contract::{Call, LegacyCall, Rules};
use sealift_protocol::event::Phase;
use sealift_protocol::plan::Source;

sol! {
    struct LaneRules {
        address legacy;
        uint8 source;
        address guard;
        address ledger;
        bytes32 legacyCodeHash;
        bytes32 guardCodeHash;
        bytes32 ledgerCodeHash;
    }
    struct RulesAbi {
        uint64 deadline;
        uint64 maxFreezeSecs;
        address operator;
        address guardian;
        bool preauthorised;
        LaneRules[] lanes;
    }
    struct LaneState {
        uint32 generation;
        uint32 cursor;
        uint64 count;
        uint256 sum;
        bytes32 head;
        uint256 floor;
        uint256 supply;
        uint32 declaredBatches;
        uint64 declaredCount;
        uint256 declaredSum;
        bytes32 declaredHead;
    }
    struct BatchAbi {
        uint64 count;
        uint256 sum;
        bytes32 dataHash;
    }

    function open(RulesAbi rules, bytes32 nonce);
    function freeze();
    function declare(uint256 lane, uint32 batches, uint64 count, uint256 sum, bytes32 head);
    function stage(uint256 lane, uint32 index, bytes data);
    function stageProven(uint256 lane, uint32 index, bytes data, BatchAbi[] rest);
    function restart(uint256 lane);
    function seal();
    function commit(bytes32 head);
    function abort();
    function release();
    function retire();
    function reclaim();
    function transfer(address to, uint256 amount) returns (bool);
    function mint(address to, uint256 amount);
    function pause();
    function unpause();
    function transferOwnership(address to);
    function approve(address spender, uint256 amount) returns (bool);
    function materialize(address[] accounts);

    function id() returns (bytes32);
    function phase() returns (uint8);
    function deadline() returns (uint256);
    function frozenBlock() returns (uint256);
    function sealedHead() returns (bytes32);
    function lane(uint256 lane) returns (LaneState);
    function paused() returns (bool);
    function owner() returns (address);
    function frozen() returns (bool);
    function wasPaused() returns (bool);
    function totalSupply() returns (uint256);
    function balanceOf(address account) returns (uint256);
    function materialized(address account) returns (bool);
}

pub(crate) const CHAIN_ID: u64 = 31_337;
const SPEC: SpecId = SpecId::OSAKA;
const GAS: u64 = 16_777_216;

/// A compiled contract of `contracts/artifacts`.
struct Artifact {
    init: Bytes,
    errors: BTreeMap<[u8; 4], String>,
}

fn artifact(name: &str) -> Artifact {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts");
    let text = std::fs::read_to_string(root.join(format!("{name}.json"))).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let items = json["abi"].as_array().unwrap().iter();
    let errors = items.filter(|item| item["type"] == "error").map(|item| {
        let inputs = item["inputs"].as_array().unwrap().iter();
        let types: Vec<_> = inputs
            .map(|input| input["type"].as_str().unwrap())
            .collect();
        let error = item["name"].as_str().unwrap();
        let hash = keccak256(format!("{error}({})", types.join(",")));
        let shown = match (error, types.len()) {
            ("WrongPhase", 0) => "GuardWrongPhase",
            (name, _) => name,
        };
        (hash[..4].try_into().unwrap(), shown.to_owned())
    });
    Artifact {
        errors: errors.collect(),
        init: hex::decode(json["bytecode"].as_str().unwrap())
            .unwrap()
            .into(),
    }
}

/// Where the contracts of a lane are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deployed {
    pub(crate) source: Source,
    pub(crate) legacy: Address,
    pub(crate) guard: Address,
    pub(crate) ledger: Address,
}

/// An EVM with one migration on it.
#[derive(Clone)]
pub(crate) struct Evm {
    db: InMemoryDB,
    errors: BTreeMap<[u8; 4], String>,
    pub(crate) block: u64,
    pub(crate) now_secs: u64,
    pub(crate) migration: Address,
    pub(crate) lanes: Vec<Deployed>,
}

impl Evm {
    /// Deploys a migration with these lanes: source, and legacy balances minted by `legacy_owner`.
    pub(crate) fn deploy(
        owner: Address,
        legacy_owner: Address,
        lanes: &[(Source, Vec<(Address, U256)>)],
    ) -> Self {
        let [migration, token, guard, staged, through] = [
            "Migration",
            "LegacyToken",
            "PausableGuard",
            "StagedERC20",
            "ReadThroughERC20",
        ]
        .map(artifact);
        let mut evm = Self {
            db: InMemoryDB::default(),
            errors: BTreeMap::new(),
            block: 1,
            now_secs: 1_000_000,
            migration: Address::ZERO,
            lanes: Vec::new(),
        };
        for artifact in [&migration, &token, &guard, &staged, &through] {
            evm.errors.extend(artifact.errors.clone());
        }
        evm.migration = evm.create(owner, &migration, owner.abi_encode());
        for (index, (source, balances)) in lanes.iter().enumerate() {
            let names = ("Legacy", "OLD", legacy_owner).abi_encode_params();
            let legacy = evm.create(legacy_owner, &token, names);
            for (account, amount) in balances {
                let call = mintCall {
                    to: *account,
                    amount: *amount,
                };
                evm.send(legacy_owner, legacy, call.abi_encode()).unwrap();
            }
            let args = (evm.migration, legacy, legacy_owner, B256::ZERO).abi_encode_params();
            let guard = evm.create(owner, &guard, args);
            let at = (evm.migration, legacy, U256::from(index));
            let ledger = if *source == Source::ReadThrough {
                let args =
                    ("Successor", "NEW", U256::from(18), at.0, at.1, at.2).abi_encode_params();
                evm.create(owner, &through, args)
            } else {
                let source = U256::from(*source as u8);
                let args = ("Successor", "NEW", U256::from(18), at.0, at.1, at.2, source);
                evm.create(owner, &staged, args.abi_encode_params())
            };
            let source = *source;
            evm.lanes.push(Deployed {
                source,
                legacy,
                guard,
                ledger,
            });
        }
        evm
    }

    /// The hash of the code at an address.
    pub(crate) fn code_hash(&self, address: Address) -> B256 {
        self.db.cache.accounts[&address].info.code_hash
    }

    /// The ABI's rules of these lanes.
    pub(crate) fn rules(&self, rules: &Rules) -> RulesAbi {
        let lane = |lane: &Deployed| LaneRules {
            legacy: lane.legacy,
            source: lane.source as u8,
            guard: lane.guard,
            ledger: lane.ledger,
            legacyCodeHash: self.code_hash(lane.legacy),
            guardCodeHash: self.code_hash(lane.guard),
            ledgerCodeHash: self.code_hash(lane.ledger),
        };
        RulesAbi {
            deadline: rules.deadline_secs,
            maxFreezeSecs: rules.max_freeze_secs,
            operator: rules.operator,
            guardian: rules.guardian,
            preauthorised: rules.preauthorised,
            lanes: self.lanes.iter().map(lane).collect(),
        }
    }

    /// Makes a call of the model as a transaction of its own; the name of the error, if it reverts.
    pub(crate) fn apply(&mut self, caller: Address, call: &Call) -> Result<(), String> {
        let wide = |lane: u32| U256::from(lane);
        let lane = |lane: u32| self.lanes[lane as usize];
        let (to, data) = match call {
            Call::Open { rules, nonce, .. } => {
                let rules = self.rules(rules);
                (
                    self.migration,
                    openCall {
                        rules,
                        nonce: *nonce,
                    }
                    .abi_encode(),
                )
            }
            Call::Freeze => (self.migration, freezeCall {}.abi_encode()),
            Call::Declare { lane, declared } => {
                let call = declareCall {
                    lane: wide(*lane),
                    batches: declared.batches,
                    count: declared.count,
                    sum: declared.sum,
                    head: declared.head,
                };
                (self.migration, call.abi_encode())
            }
            Call::Stage { lane, index, data } => {
                let (lane, index, data) = (wide(*lane), *index, data.clone());
                (self.migration, stageCall { lane, index, data }.abi_encode())
            }
            Call::StageProven {
                lane,
                index,
                data,
                rest,
            } => {
                let rest = rest.iter().map(|batch| BatchAbi {
                    count: batch.count,
                    sum: batch.sum,
                    dataHash: batch.data_hash,
                });
                let call = stageProvenCall {
                    lane: wide(*lane),
                    index: *index,
                    data: data.clone(),
                    rest: rest.collect(),
                };
                (self.migration, call.abi_encode())
            }
            Call::Restart { lane } => (
                self.migration,
                restartCall { lane: wide(*lane) }.abi_encode(),
            ),
            Call::Seal => (self.migration, sealCall {}.abi_encode()),
            Call::Commit { head } => (self.migration, commitCall { head: *head }.abi_encode()),
            Call::Abort => (self.migration, abortCall {}.abi_encode()),
            Call::Release { lane: l } => (lane(*l).guard, releaseCall {}.abi_encode()),
            Call::Retire { lane: l } => (lane(*l).guard, retireCall {}.abi_encode()),
            Call::Reclaim { lane: l } => (lane(*l).guard, reclaimCall {}.abi_encode()),
            Call::Legacy { lane: l, call } => {
                let data = match *call {
                    LegacyCall::Transfer { to, amount } => transferCall { to, amount }.abi_encode(),
                    LegacyCall::Mint { to, amount } => mintCall { to, amount }.abi_encode(),
                    LegacyCall::Pause => pauseCall {}.abi_encode(),
                    LegacyCall::Unpause => unpauseCall {}.abi_encode(),
                    LegacyCall::TransferOwnership { to } => {
                        transferOwnershipCall { to }.abi_encode()
                    }
                };
                (lane(*l).legacy, data)
            }
            Call::SuccessorTransfer {
                lane: l,
                to,
                amount,
            } => {
                let (to, amount) = (*to, *amount);
                (lane(*l).ledger, transferCall { to, amount }.abi_encode())
            }
            Call::SuccessorApprove { lane: l, spender } => {
                let (spender, amount) = (*spender, U256::ONE);
                (
                    lane(*l).ledger,
                    approveCall { spender, amount }.abi_encode(),
                )
            }
            Call::Materialize { lane: l, accounts } => {
                let accounts = accounts.clone();
                (lane(*l).ledger, materializeCall { accounts }.abi_encode())
            }
        };
        self.send(caller, to, data)
    }

    /// The answer of a view.
    pub(crate) fn read<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let tx = self.tx(Address::ZERO, TxKind::Call(to), call.abi_encode());
        let context = Context::mainnet().with_ref_db(&self.db).with_cfg(cfg());
        let mut evm = context.with_block(self.block_env()).build_mainnet();
        match evm.transact(tx).unwrap().result {
            ExecutionResult::Success { output, .. } => {
                C::abi_decode_returns(output.data()).unwrap()
            }
            other => panic!("a view failed: {other:?}"),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::try_from(self.read(self.migration, phaseCall {})).unwrap()
    }

    fn create(&mut self, from: Address, artifact: &Artifact, args: Vec<u8>) -> Address {
        let data = [artifact.init.to_vec(), args].concat();
        match self.transact(from, TxKind::Create, data) {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } => address,
            other => panic!("a deployment failed: {other:?}"),
        }
    }

    fn send(&mut self, from: Address, to: Address, data: Vec<u8>) -> Result<(), String> {
        match self.transact(from, TxKind::Call(to), data) {
            ExecutionResult::Success { .. } => Ok(()),
            ExecutionResult::Revert { output, .. } => Err(self.name(&output)),
            ExecutionResult::Halt { reason, .. } => Err(format!("halted: {reason:?}")),
        }
    }

    /// The name of the error in revert data.
    fn name(&self, data: &[u8]) -> String {
        let Some(selector) = data.first_chunk::<4>() else {
            return "reverted without data".to_owned();
        };
        if *selector == keccak256("Panic(uint256)")[..4] {
            return "Panic".to_owned();
        }
        let name = self.errors.get(selector).cloned();
        name.unwrap_or_else(|| format!("unknown error {}", hex::encode(data)))
    }

    fn transact(&mut self, from: Address, to: TxKind, data: Vec<u8>) -> ExecutionResult {
        let tx = self.tx(from, to, data);
        let block = self.block_env();
        let context = Context::mainnet().with_db(&mut self.db).with_cfg(cfg());
        let mut evm = context.with_block(block).build_mainnet();
        evm.transact_commit(tx).unwrap()
    }

    fn tx(&self, caller: Address, kind: TxKind, data: Vec<u8>) -> TxEnv {
        let nonce = self
            .db
            .cache
            .accounts
            .get(&caller)
            .map_or(0, |a| a.info.nonce);
        TxEnv {
            caller,
            kind,
            data: data.into(),
            gas_limit: GAS,
            nonce,
            chain_id: Some(CHAIN_ID),
            ..Default::default()
        }
    }

    fn block_env(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.block),
            timestamp: U256::from(self.now_secs),
            ..Default::default()
        }
    }
}

fn cfg() -> CfgEnv {
    CfgEnv::new()
        .with_chain_id(CHAIN_ID)
        .with_spec_and_mainnet_gas_params(SPEC)
}
