//! The world before the migration: built once, copied for each scenario.

use std::sync::Arc;

use alloy_primitives::{Address, U256};
use sealift_engine::contracts::{self, Call};
use sealift_engine::planning::{self, LaneRequest, PAUSER_ROLE, Request, Sizing};
use sealift_evm::{Beneath, Clock, Config, EmbeddedChain, Mining, Node};
use sealift_journal::Binding;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::plan::{Control, Plan, Source};
use sealift_protocol::{Policy, State};

use super::entries;
use super::keys::Anybody;
use super::memo::Memo;
use super::rehearsal::Wallet;
use super::stand_in;
use super::{OwnError, OwnRequest};
use crate::input::Scene;

/// Somebody with ether and without any part in the migration.
pub(super) const STRANGER: Address = Address::repeat_byte(0xa5);

/// An account that no list has seen.
pub(super) const NEWCOMER: Address = Address::repeat_byte(0x5e);

/// Seconds between the newest block of a stand-in chain and the plan's deadline.
const TIME_LEFT_SECS: u64 = 100_000;

/// Wei of everybody who acts.
pub(super) fn purse() -> U256 {
    U256::from(10u64).pow(U256::from(22))
}

/// Everything that a scenario starts from.
#[derive(Debug)]
pub(super) struct World {
    node: Node,
    /// The plan, made anew on this chain.
    pub(super) plan: Arc<Plan>,
    /// The holders, a lane each.
    pub(super) lists: Vec<Holders>,
    /// Limits and patience.
    pub(super) policy: Policy,
    /// What a journal of this migration belongs to.
    pub(super) binding: Binding,
    /// Owner, operator, guardian and the recorded owners of legacy.
    pub(super) keys: Anybody,
    /// Who of them had what before the wallets were filled.
    pub(super) wallets: Vec<Wallet>,
    beneath: Option<Arc<Beneath>>,
    /// What a stranger may call from inside a transaction.
    pub(super) entries: Vec<Call>,
    /// What the chain has answered in any scenario.
    pub(super) memo: Memo,
}

impl World {
    pub(super) fn build(request: &OwnRequest) -> Result<Self, OwnError> {
        let plan = &request.plan;
        if !contracts::addresses_match(plan) {
            return Err(OwnError::Foreign);
        }
        if plan.lanes.len() != request.lists.len() || plan.lanes.is_empty() {
            return Err(OwnError::Lists {
                lanes: plan.lanes.len(),
                lists: request.lists.len(),
            });
        }
        let mut node = node(request);
        let mut keys = vec![plan.roles.owner, plan.roles.operator, plan.roles.guardian];
        keys.extend(plan.lanes.iter().map(|lane| lane.recorded_owner));
        keys.sort_unstable();
        keys.dedup();
        let lists = match &request.scene {
            Some(scene) => {
                settle(&mut node, scene);
                request.lists.clone()
            }
            None => samples(request)?,
        };
        let acting: Vec<Address> = keys.iter().chain([&STRANGER]).copied().collect();
        let acting = [acting, actors(&lists[0]).copied().collect()].concat();
        if let Some(beneath) = &request.beneath {
            beneath.learn(
                &acting
                    .iter()
                    .map(|account| (*account, None))
                    .collect::<Vec<_>>(),
            );
        }
        let wallet = |account: &Address| Wallet {
            account: *account,
            balance: node.balance(*account),
            is_contract: has_code(&node, *account),
        };
        let wallets: Vec<Wallet> = keys.iter().map(wallet).collect();
        for account in acting {
            if request.scene.is_none() && has_code(&node, account) {
                return Err(OwnError::Contract { account });
            }
            node.set_balance(account, purse());
        }
        let mut tokens = Vec::new();
        for (lane, list) in plan.lanes.iter().zip(&lists) {
            tokens.push(match request.scene {
                Some(_) => lane.legacy,
                None => stand_in::deploy(&mut node, lane, list).ok_or(OwnError::StandIn)?,
            });
        }
        // What went before the migration is final.
        for _ in 0..=request.finality_depth {
            node.mine();
        }
        let mut sizes = plan.lanes.iter().zip(&lists);
        let mut size = |_: Source, _: &[Holder]| {
            let (lane, list) = sizes.next().ok_or("a lane too many")?;
            Ok(match request.scene {
                Some(_) => planned(lane),
                None => scaled(lane, list.len(), request.batches),
            })
        };
        let chain = EmbeddedChain::from(node.clone());
        let anew = planning::plan(&chain, &request_of(plan, &tokens), &lists, &mut size)?;
        let plan = Arc::new(anew);
        Ok(Self {
            node,
            binding: State::new(plan.clone(), Arc::default()).binding(),
            entries: entries::entries(&plan, &lists),
            plan,
            lists,
            policy: request.policy.clone(),
            keys: Anybody::new(keys),
            wallets,
            beneath: request.beneath.clone(),
            memo: Memo::default(),
        })
    }

    /// A chain of its own, as it is before the migration.
    pub(super) fn chain(&self) -> EmbeddedChain {
        EmbeddedChain::from(self.node.clone())
    }

    /// Why nothing that happens here counts any more: a part of the state could not be read.
    pub(super) fn failure(&self) -> Option<String> {
        self.beneath.as_ref()?.failure()
    }
}

/// The holders who act in the first lane.
pub(super) fn actors(list: &Holders) -> impl Iterator<Item = &Address> {
    list.iter().take(2).map(|holder| &holder.account)
}

/// The chain before the world is in it. On a copy the wallets of contracts (a Safe, a timelock) act as if they
/// had keys, and nobody has ether who has none there.
fn node(request: &OwnRequest) -> Node {
    let usual = Config {
        chain_id: request.plan.chain_id,
        genesis_secs: request.plan.deadline_secs.saturating_sub(TIME_LEFT_SECS),
        clock: Clock::Steps(request.block_secs.max(1)),
        mining: Mining::Manual,
        finality_depth: request.finality_depth,
        estimate_slack_permille: 15,
        ..Config::default()
    };
    let Some(scene) = &request.scene else {
        return Node::new(usual);
    };
    let config = Config {
        genesis_secs: scene.timestamp_secs,
        first_block: scene.number,
        block_gas_limit: scene.block_gas_limit,
        contracts_send: true,
        funded: Vec::new(),
        ..usual
    };
    match &request.beneath {
        Some(beneath) => Node::above(config, beneath.clone()),
        None => Node::new(config),
    }
}

/// Puts a scene into a chain that has its first block only.
fn settle(node: &mut Node, scene: &Scene) {
    for account in &scene.accounts {
        node.set_balance(account.address, account.balance);
        node.set_nonce(account.address, account.nonce);
        if !account.code.is_empty() {
            node.set_code(account.address, account.code.clone());
        }
        for (slot, word) in &account.storage {
            node.set_word(account.address, *slot, *word);
        }
    }
}

/// Of each list as many rows as are asked for, spread over it. OpenZeppelin's token cannot mint to the zero
/// address, so that row is left out.
fn samples(request: &OwnRequest) -> Result<Vec<Holders>, OwnError> {
    let sample = |list: &Holders| {
        let stride = list.len().div_ceil(request.holders.max(1)).max(1);
        let rows = list.iter().step_by(stride);
        let rows = rows.filter(|holder| !holder.account.is_zero()).copied();
        Holders::from_rows(rows.collect()).map_err(OwnError::from)
    };
    request.lists.iter().map(sample).collect()
}

fn planned(lane: &sealift_protocol::plan::LanePlan) -> Sizing {
    Sizing {
        batch_size: lane.batch_size,
        stage_gas: lane.stage_gas,
        materialize_size: lane.materialize_size,
        materialize_gas: lane.materialize_gas,
    }
}

/// Batches that are smaller in proportion, and never larger than the plan's, so that its gas limits hold.
fn scaled(lane: &sealift_protocol::plan::LanePlan, holders: usize, batches: usize) -> Sizing {
    let size = u32::try_from(holders.div_ceil(batches.max(1))).unwrap_or(u32::MAX);
    Sizing {
        batch_size: lane.batch_size.clamp(1, size.max(1)),
        materialize_size: lane.materialize_size.clamp(1, size.max(1)),
        ..planned(lane)
    }
}

/// What the plan was asked for, as far as the plan says it.
fn request_of(plan: &Plan, tokens: &[Address]) -> Request {
    let lanes = plan.lanes.iter().zip(tokens);
    Request {
        roles: plan.roles,
        deadline_secs: plan.deadline_secs,
        max_freeze_secs: plan.max_freeze_secs,
        preauthorised: plan.preauthorised,
        nonce: plan.nonce,
        lanes: lanes
            .map(|(lane, token)| LaneRequest {
                legacy: *token,
                source: lane.source,
                pauser_role: match lane.control {
                    Control::Roles { pauser } if lane.legacy == *token => pauser,
                    _ => PAUSER_ROLE,
                },
                name: Some(lane.name.clone()),
                symbol: Some(lane.symbol.clone()),
                materialize: lane.materialize,
                snapshot_block: None,
            })
            .collect(),
    }
}

fn has_code(node: &Node, account: Address) -> bool {
    use sealift_evm::Snapshot;
    let found = node.state().account(account).unwrap_or_default();
    found.code_hash != alloy_primitives::KECCAK256_EMPTY
}
