//! Addresses, init codes and calldata: every intent is one call, and the plan fixes all of them.

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolConstructor, SolValue};
use sealift_manifest::entry::Format;
use sealift_manifest::head;
use sealift_protocol::plan::{Control, Handover, LanePlan, Plan, Source};

use crate::abi::guard::PausableGuard;
use crate::abi::migration::{IMigration, Migration};
use crate::abi::read_through::ReadThroughERC20;
use crate::abi::staged::StagedERC20;
use crate::abi::{Legacy, read_through, staged};

/// The deterministic CREATE2 deployer that most chains carry: calldata is salt, then init code
/// (<https://github.com/Arachnid/deterministic-deployment-proxy>).
pub const FACTORY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// A transaction's callee and calldata; value is always zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The callee.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
}

impl Call {
    fn new(to: Address, call: impl SolCall) -> Self {
        Self {
            to,
            data: call.abi_encode().into(),
        }
    }
}

/// The call of a signed transaction; `None` where the bytes are none, or create a contract.
pub(crate) fn call_of(raw: &[u8]) -> Option<Call> {
    let signed = TxEnvelope::decode_2718_exact(raw).ok()?;
    Some(Call {
        to: signed.to()?,
        data: signed.input().clone(),
    })
}

/// Init codes of the contracts of a migration.
#[derive(Debug)]
pub struct InitCodes {
    /// `Migration`.
    pub migration: Bytes,
    /// Guard and ledger of each lane.
    pub lanes: Vec<(Bytes, Bytes)>,
}

fn init_code(bytecode: &Bytes, arguments: Vec<u8>) -> Bytes {
    [bytecode.as_ref(), &arguments].concat().into()
}

/// Where CREATE2 puts an init code under this plan's salt.
pub fn address_of(nonce: B256, init: &Bytes) -> Address {
    FACTORY.create2(nonce, keccak256(init))
}

/// The init code of the migration contract.
pub fn migration_init(owner: Address) -> Bytes {
    let arguments = Migration::constructorCall { owner_: owner }.abi_encode();
    init_code(&Migration::BYTECODE, arguments)
}

/// The init code of a lane's guard.
pub fn guard_init(
    migration: Address,
    legacy: Address,
    recorded_owner: Address,
    control: Control,
) -> Bytes {
    let arguments = PausableGuard::constructorCall {
        migration_: migration,
        legacy_: legacy,
        recordedOwner_: recorded_owner,
        role_: control.role(),
    };
    init_code(&PausableGuard::BYTECODE, arguments.abi_encode())
}

/// What a successor token is called.
#[derive(Clone, Copy, Debug)]
pub struct TokenFacts<'a> {
    /// ERC-20 name.
    pub name: &'a str,
    /// ERC-20 symbol.
    pub symbol: &'a str,
    /// ERC-20 decimals.
    pub decimals: u8,
}

/// The init code of a lane's ledger.
pub fn ledger_init(
    migration: Address,
    legacy: Address,
    lane: u32,
    source: Source,
    token: TokenFacts<'_>,
) -> Bytes {
    let (name, symbol) = (token.name.to_owned(), token.symbol.to_owned());
    let (decimals, lane) = (token.decimals, U256::from(lane));
    if source == Source::ReadThrough {
        let arguments = ReadThroughERC20::constructorCall {
            name_: name,
            symbol_: symbol,
            decimals_: decimals,
            migration_: migration,
            legacy_: legacy,
            laneIndex_: lane,
        };
        return init_code(&ReadThroughERC20::BYTECODE, arguments.abi_encode());
    }
    let arguments = StagedERC20::constructorCall {
        name_: name,
        symbol_: symbol,
        decimals_: decimals,
        migration_: migration,
        legacy_: legacy,
        laneIndex_: lane,
        source_: source_number(source),
    };
    init_code(&StagedERC20::BYTECODE, arguments.abi_encode())
}

fn source_number(source: Source) -> u8 {
    match source {
        Source::ReadThrough => 0,
        Source::ChainRead => 1,
        Source::Declared => 2,
        Source::DeclaredWide => 3,
    }
}

/// How a staged lane's entries are encoded; `None` for read-through.
pub fn format(source: Source) -> Option<Format> {
    match source {
        Source::ReadThrough => None,
        Source::ChainRead => Some(Format::Accounts),
        Source::Declared => Some(Format::Narrow),
        Source::DeclaredWide => Some(Format::Wide),
    }
}

/// The init codes of everything that a plan deploys.
pub fn init_codes(plan: &Plan) -> InitCodes {
    let lanes = (0..).zip(&plan.lanes).map(|(index, lane)| {
        let guard = guard_init(
            plan.migration,
            lane.legacy,
            lane.recorded_owner,
            lane.control,
        );
        let token = TokenFacts {
            name: &lane.name,
            symbol: &lane.symbol,
            decimals: lane.decimals,
        };
        (
            guard,
            ledger_init(plan.migration, lane.legacy, index, lane.source, token),
        )
    });
    InitCodes {
        migration: migration_init(plan.roles.owner),
        lanes: lanes.collect(),
    }
}

/// Whether the addresses in a plan are those of this program's contracts.
pub fn addresses_match(plan: &Plan) -> bool {
    let codes = init_codes(plan);
    let own = |init: &Bytes| address_of(plan.nonce, init);
    own(&codes.migration) == plan.migration
        && plan
            .lanes
            .iter()
            .zip(&codes.lanes)
            .all(|(lane, (guard, ledger))| own(guard) == lane.guard && own(ledger) == lane.ledger)
}

/// Deploys an init code through the factory.
pub fn deploy(nonce: B256, init: &Bytes) -> Call {
    Call {
        to: FACTORY,
        data: [nonce.as_slice(), init].concat().into(),
    }
}

/// The rules as the contract takes them.
pub fn rules(plan: &Plan) -> IMigration::Rules {
    let lane = |lane: &LanePlan| IMigration::LaneRules {
        legacy: lane.legacy,
        source: source_number(lane.source),
        guard: lane.guard,
        ledger: lane.ledger,
        legacyCodeHash: lane.legacy_code_hash,
        guardCodeHash: lane.guard_code_hash,
        ledgerCodeHash: lane.ledger_code_hash,
    };
    IMigration::Rules {
        deadline: plan.deadline_secs,
        maxFreezeSecs: plan.max_freeze_secs,
        operator: plan.roles.operator,
        guardian: plan.roles.guardian,
        preauthorised: plan.preauthorised,
        lanes: plan.lanes.iter().map(lane).collect(),
    }
}

/// The id of a plan's migration, which is in every hash.
pub fn id(plan: &Plan) -> B256 {
    let rules_hash = keccak256(rules(plan).abi_encode());
    head::migration_id(plan.chain_id, plan.migration, rules_hash, plan.nonce)
}

/// `open(rules, nonce)`.
pub fn open(plan: &Plan) -> Call {
    Call::new(
        plan.migration,
        Migration::openCall {
            rules: rules(plan),
            nonce: plan.nonce,
        },
    )
}

/// `freeze()`.
pub fn freeze(plan: &Plan) -> Call {
    Call::new(plan.migration, Migration::freezeCall {})
}

/// `declare(..)` for what a lane will stage.
pub fn declare(plan: &Plan, lane: u32, batches: u32, count: u64, sum: U256, head: B256) -> Call {
    let call = Migration::declareCall {
        lane_: U256::from(lane),
        batches,
        count,
        sum,
        head,
    };
    Call::new(plan.migration, call)
}

/// `stage(lane, index, data)`.
pub fn stage(plan: &Plan, lane: u32, index: u32, data: Bytes) -> Call {
    Call::new(
        plan.migration,
        Migration::stageCall {
            lane_: U256::from(lane),
            index,
            data,
        },
    )
}

/// `restart(lane)`.
pub fn restart(plan: &Plan, lane: u32) -> Call {
    Call::new(
        plan.migration,
        Migration::restartCall {
            lane_: U256::from(lane),
        },
    )
}

/// `seal()`.
pub fn seal(plan: &Plan) -> Call {
    Call::new(plan.migration, Migration::sealCall {})
}

/// `commit(head)`.
pub fn commit(plan: &Plan, head: B256) -> Call {
    Call::new(plan.migration, Migration::commitCall { head })
}

/// `abort()`.
pub fn abort(plan: &Plan) -> Call {
    Call::new(plan.migration, Migration::abortCall {})
}

/// `guard.release()`.
pub fn release(lane: &LanePlan) -> Call {
    Call::new(lane.guard, PausableGuard::releaseCall {})
}

/// `guard.reclaim()`.
pub fn reclaim(lane: &LanePlan) -> Call {
    Call::new(lane.guard, PausableGuard::reclaimCall {})
}

/// `guard.retire()`.
pub fn retire(lane: &LanePlan) -> Call {
    Call::new(lane.guard, PausableGuard::retireCall {})
}

/// `ledger.materialize(accounts)`.
pub fn materialize(lane: &LanePlan, accounts: Vec<Address>) -> Call {
    match lane.source {
        Source::ReadThrough => Call::new(
            lane.ledger,
            read_through::ReadThroughERC20::materializeCall { accounts },
        ),
        _ => Call::new(
            lane.ledger,
            staged::StagedERC20::materializeCall { accounts },
        ),
    }
}

/// One step of handing legacy over.
pub fn handover(lane: &LanePlan, step: u32) -> Option<Call> {
    Some(match *lane.control.handover().get(step as usize)? {
        Handover::TransferOwnership => Call::new(
            lane.legacy,
            Legacy::transferOwnershipCall { to: lane.guard },
        ),
        Handover::Accept => Call::new(lane.guard, PausableGuard::acceptCall {}),
        Handover::Grant(role) => Call::new(
            lane.legacy,
            Legacy::grantRoleCall {
                role,
                account: lane.guard,
            },
        ),
        Handover::Renounce(role) => {
            let account = lane.recorded_owner;
            Call::new(lane.legacy, Legacy::renounceRoleCall { role, account })
        }
    })
}
