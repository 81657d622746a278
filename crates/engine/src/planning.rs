//! From a holder list and a chain to a plan; whatever cannot be migrated safely is refused here,
//! before anything is sent.

use alloy_primitives::{Address, B256, Bytes, b256, keccak256};
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::event::{BlockId, Header};
use sealift_protocol::plan::{LONGEST_FREEZE_SECS, LanePlan, Plan, Roles, Snapshot, Source};

use crate::chain::{Answer, At, Chain, ChainError, Query};
use crate::contracts::{self, TokenFacts};
pub use crate::preflight::PlanError;
use crate::preflight::{
    check_sample, check_sum, control_of, refuse_biting, refuse_proxies, token_facts,
};

/// The role that OpenZeppelin's presets give to whoever may pause: keccak256("PAUSER_ROLE").
pub const PAUSER_ROLE: B256 =
    b256!("65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a");

/// What a user asks for, a lane.
#[derive(Clone, Debug)]
pub struct LaneRequest {
    /// The token that holders have today.
    pub legacy: Address,
    /// Where amounts come from.
    pub source: Source,
    /// The role that pauses, where control is by roles.
    pub pauser_role: B256,
    /// The successor's name; legacy's where absent.
    pub name: Option<String>,
    /// The successor's symbol; legacy's where absent.
    pub symbol: Option<String>,
    /// Whether the tails emit a Transfer event for each holder.
    pub materialize: bool,
    /// The block that the list is as of; the newest where absent.
    pub snapshot_block: Option<u64>,
}

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who may do what.
    pub roles: Roles,
    /// Unix seconds at which anybody may abort.
    pub deadline_secs: u64,
    /// Longest freeze in seconds.
    pub max_freeze_secs: u64,
    /// Whether anybody may commit what is sealed.
    pub preauthorised: bool,
    /// Salt of addresses and id.
    pub nonce: B256,
    /// The lanes.
    pub lanes: Vec<LaneRequest>,
}

/// Batch sizes and gas limits, from simulation under the chain's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// Holders a stage transaction.
    pub batch_size: u32,
    /// Gas limit of a stage transaction.
    pub stage_gas: u64,
    /// Holders a materialize transaction.
    pub materialize_size: u32,
    /// Gas limit of a materialize transaction.
    pub materialize_gas: u64,
}

/// Simulates batches of a source over some holders under the chain's rules.
pub type Sizer<'a> = dyn FnMut(Source, &[Holder]) -> Result<Sizing, String> + 'a;

/// Makes a plan. `lists` are the holders, a lane each; `size` simulates batches under the chain's
/// rules.
pub fn plan<C: Chain + ?Sized>(
    chain: &C,
    request: &Request,
    lists: &[Holders],
    size: &mut Sizer<'_>,
) -> Result<Plan, PlanError> {
    let identity = chain.identity()?;
    let newest = chain
        .header(At::Latest)?
        .ok_or(ChainError::Missing(At::Latest))?;
    check_request(request, lists, newest.timestamp)?;
    let at = At::Hash(newest.hash);
    if !has_code(chain, at, contracts::FACTORY)? {
        return Err(PlanError::NoFactory);
    }
    let migration_init = contracts::migration_init(request.roles.owner);
    let migration = contracts::address_of(request.nonce, &migration_init);
    let mut lanes = Vec::new();
    for (index, (lane, list)) in (0..).zip(request.lanes.iter().zip(lists)) {
        let sizing = size(lane.source, list.rows()).map_err(PlanError::Sizing)?;
        let place = Place {
            migration,
            nonce: request.nonce,
            index,
        };
        lanes.push(plan_lane(chain, &newest, lane, list, sizing, place)?);
    }
    Ok(Plan {
        version: 1,
        chain_id: identity.chain_id,
        genesis: identity.genesis,
        nonce: request.nonce,
        roles: request.roles,
        deadline_secs: request.deadline_secs,
        max_freeze_secs: request.max_freeze_secs,
        preauthorised: request.preauthorised,
        migration,
        lanes,
    })
}

fn check_request(request: &Request, lists: &[Holders], now: u64) -> Result<(), PlanError> {
    let wrong = |text: &str| Err(PlanError::Request(text.to_owned()));
    let Roles {
        owner,
        operator,
        guardian,
    } = request.roles;
    if [owner, operator, guardian].contains(&Address::ZERO) {
        return wrong("owner, operator and guardian must be set");
    }
    if request.lanes.is_empty() || request.lanes.len() > 16 || request.lanes.len() != lists.len() {
        return wrong("a migration has 1 to 16 lanes, and a holder list for each");
    }
    if request.deadline_secs <= now {
        return wrong("the deadline has passed on this chain's clock");
    }
    if !(1..=LONGEST_FREEZE_SECS).contains(&request.max_freeze_secs) {
        return wrong("the longest freeze must be from one second to 30 days");
    }
    let own_reads = |lane: &LaneRequest| !lane.source.is_declared();
    if request.preauthorised && !request.lanes.iter().all(own_reads) {
        return wrong(
            "a commit by anyone is allowed only where the contract reads every lane itself",
        );
    }
    Ok(())
}

struct Place {
    migration: Address,
    nonce: B256,
    index: u32,
}

fn plan_lane<C: Chain + ?Sized>(
    chain: &C,
    newest: &Header,
    lane: &LaneRequest,
    list: &Holders,
    sizing: Sizing,
    place: Place,
) -> Result<LanePlan, PlanError> {
    let at = At::Hash(newest.hash);
    let legacy = lane.legacy;
    let code = match chain.read(at, &[Query::Code(legacy)])?.pop() {
        Some(Answer::Bytes(code)) if !code.is_empty() => code,
        _ => return Err(PlanError::NoContract(legacy)),
    };
    refuse_proxies(chain, at, legacy)?;
    let facts = token_facts(chain, at, legacy)?;
    let (control, recorded_owner) = control_of(chain, at, legacy, lane.pauser_role)?;
    check_sum(legacy, list, facts.supply)?;
    let block = snapshot_block(chain, newest, lane.snapshot_block)?;
    check_sample(chain, legacy, list, block)?;
    refuse_biting(chain, at, legacy, list, facts.paused)?;

    let name = lane.name.clone().unwrap_or(facts.name);
    let symbol = lane.symbol.clone().unwrap_or(facts.symbol);
    let token = TokenFacts {
        name: &name,
        symbol: &symbol,
        decimals: facts.decimals,
    };
    let Place {
        migration,
        nonce,
        index,
    } = place;
    let guard_init = contracts::guard_init(migration, legacy, recorded_owner, control);
    let ledger_init = contracts::ledger_init(migration, legacy, index, lane.source, token);
    let (guard, ledger) = (
        contracts::address_of(nonce, &guard_init),
        contracts::address_of(nonce, &ledger_init),
    );
    let hash = |init, address, what| {
        runtime_hash(chain, at, contracts::deploy(nonce, init), address, what)
    };
    Ok(LanePlan {
        legacy,
        legacy_code_hash: keccak256(&code),
        control,
        recorded_owner,
        source: lane.source,
        guard,
        guard_code_hash: hash(&guard_init, guard, "guard")?,
        ledger,
        ledger_code_hash: hash(&ledger_init, ledger, "successor")?,
        name,
        symbol,
        decimals: facts.decimals,
        snapshot: Snapshot {
            block,
            count: list.len() as u64,
            sum: list.sum(),
            digest: list.digest(),
        },
        batch_size: sizing.batch_size,
        stage_gas: sizing.stage_gas,
        materialize: lane.materialize,
        materialize_size: sizing.materialize_size,
        materialize_gas: sizing.materialize_gas,
    })
}

fn has_code<C: Chain + ?Sized>(chain: &C, at: At, address: Address) -> Result<bool, ChainError> {
    let answer = chain.read(at, &[Query::Code(address)])?.pop();
    Ok(matches!(answer, Some(Answer::Bytes(code)) if !code.is_empty()))
}

/// The hash of the code that the factory leaves at an address: immutables that depend on the address
/// (EIP-712 domains) included, so the deployment itself is simulated, in one creation call.
fn runtime_hash<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    deploy: contracts::Call,
    address: Address,
    what: &'static str,
) -> Result<B256, PlanError> {
    let from = Address::ZERO;
    let data = deploy_and_hash(&deploy, address);
    let query = Query::Call {
        from,
        to: None,
        data,
        code_override: None,
    };
    let empty = [B256::ZERO, alloy_primitives::KECCAK256_EMPTY];
    match chain.read(at, &[query])?.pop() {
        Some(Answer::Bytes(word)) if word.len() == 32 => {
            let hash = B256::from_slice(&word);
            if empty.contains(&hash) {
                Err(PlanError::Constructor(what))
            } else {
                Ok(hash)
            }
        }
        _ => Err(PlanError::Constructor(what)),
    }
}

/// Init code that makes a call and answers with the code hash of an address after it.
fn deploy_and_hash(call: &contracts::Call, address: Address) -> Bytes {
    const PREFIX_LEN: u16 = 69;
    let size = &(call.data.len() as u32).to_be_bytes()[1..];
    let mut code = Vec::with_capacity(usize::from(PREFIX_LEN) + call.data.len());
    let mut push = |bytes: &[&[u8]]| bytes.iter().for_each(|part| code.extend_from_slice(part));
    // codecopy(0, prefix, size)
    push(&[
        &[0x62],
        size,
        &[0x61],
        &PREFIX_LEN.to_be_bytes(),
        &[0x5f, 0x39],
    ]);
    // pop(call(gas, to, 0, 0, size, 0, 0))
    push(&[
        &[0x5f, 0x5f, 0x62],
        size,
        &[0x5f, 0x5f, 0x73],
        call.to.as_slice(),
    ]);
    push(&[&[0x5a, 0xf1, 0x50]]);
    // mstore(0, extcodehash(address)); return(0, 32)
    push(&[
        &[0x73],
        address.as_slice(),
        &[0x3f, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3],
    ]);
    assert_eq!(
        code.len(),
        usize::from(PREFIX_LEN),
        "the offset that codecopy reads from"
    );
    code.extend_from_slice(&call.data);
    code.into()
}

fn snapshot_block<C: Chain + ?Sized>(
    chain: &C,
    newest: &Header,
    wanted: Option<u64>,
) -> Result<BlockId, PlanError> {
    match wanted {
        None => Ok(newest.id()),
        Some(number) if number > newest.number => Err(PlanError::Request(format!(
            "the snapshot block {number} is above the newest block {}",
            newest.number
        ))),
        Some(number) => {
            let header = chain.header(At::Number(number))?;
            Ok(header.ok_or(ChainError::Missing(At::Number(number)))?.id())
        }
    }
}
