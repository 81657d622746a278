//! What a run cost, from the chain alone: gas by phase and by sender, and how long legacy was frozen.

use std::collections::BTreeMap;

use alloy_consensus::Transaction;
use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use sealift_engine::abi::Legacy;
use sealift_engine::abi::guard::PausableGuard;
use sealift_engine::abi::migration::Migration;
use sealift_engine::abi::staged::StagedERC20;
use sealift_engine::contracts::FACTORY;
use sealift_evm::Node;
use sealift_protocol::Plan;
use serde::{Deserialize, Serialize};

use super::faults;
use super::world::World;

/// A part of a migration, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Deployments, handing control over, opening.
    Prepare,
    /// Legacy is frozen.
    Freeze,
    /// Declarations and batches.
    Stage,
    /// What is staged is complete.
    Seal,
    /// The decision.
    Commit,
    /// What comes after the decision, and anybody can do.
    Tails,
    /// The way back.
    Back,
}

impl Part {
    /// As users read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Freeze => "freeze",
            Self::Stage => "stage",
            Self::Seal => "seal",
            Self::Commit => "commit",
            Self::Tails => "tails",
            Self::Back => "back",
        }
    }
}

/// Transactions of one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// How many were mined, failed ones included.
    pub transactions: u64,
    /// Gas that they used.
    pub gas: u64,
    /// Gas that they asked for: what a node wants to see paid for in advance.
    pub gas_limits: u64,
}

impl Spent {
    fn add(&mut self, gas: u64, limit: u64) {
        self.transactions += 1;
        self.gas += gas;
        self.gas_limits += limit;
    }
}

/// How long legacy was frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Blocks from that of the freeze to that of the decision, or of the release.
    pub blocks: u64,
    /// Whether there was an end.
    pub ended: bool,
}

/// What a run cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// By part.
    pub parts: BTreeMap<Part, Spent>,
    /// By sender.
    pub senders: BTreeMap<Address, Spent>,
    /// The freeze; absent where there was none.
    pub frozen: Option<Frozen>,
}

impl Measure {
    /// Everything together.
    pub fn total(&self) -> Spent {
        let mut total = Spent::default();
        for part in self.parts.values() {
            total.transactions += part.transactions;
            total.gas += part.gas;
            total.gas_limits += part.gas_limits;
        }
        total
    }

    /// Blocks of freeze; 0 where there was none.
    pub fn frozen_blocks(&self) -> u64 {
        self.frozen.map_or(0, |frozen| frozen.blocks)
    }

    /// Of the canonical chain: what was taken back cost nothing.
    pub(super) fn of(world: &World, node: &Node) -> Self {
        let mut measure = Self::default();
        let (mut begin, mut end) = (None, None);
        let (first, head) = (node.config().first_block, node.head().header.number);
        for block in (first..=head).filter_map(|number| node.block(number)) {
            for (tx, outcome) in block.transactions.iter().zip(&block.outcomes) {
                let call = (tx.envelope.to(), tx.envelope.input().as_ref());
                let Some(part) = part_of(&world.plan, call) else {
                    continue;
                };
                if world.keys.accounts.contains(&tx.sender) {
                    let (gas, limit) = (outcome.gas_used, tx.envelope.gas_limit());
                    measure.parts.entry(part).or_default().add(gas, limit);
                    let sender = measure.senders.entry(tx.sender).or_default();
                    sender.add(gas, limit);
                }
                if !outcome.succeeded {
                    continue;
                }
                match part {
                    Part::Freeze => begin = Some(block.header.number),
                    Part::Commit | Part::Back => end = Some(block.header.number),
                    _ => {}
                }
            }
        }
        measure.frozen = begin.map(|begin| Frozen {
            blocks: end.unwrap_or(head).saturating_sub(begin),
            ended: end.is_some(),
        });
        measure
    }
}

/// What a transaction is a part of; `None` where it is nobody's of the migration.
fn part_of(plan: &Plan, (to, input): (Option<Address>, &[u8])) -> Option<Part> {
    let to = to?;
    if to == FACTORY {
        return Some(Part::Prepare);
    }
    let selector: [u8; 4] = input.get(..4)?.try_into().ok()?;
    if to == plan.migration {
        return match selector {
            Migration::openCall::SELECTOR => Some(Part::Prepare),
            Migration::freezeCall::SELECTOR => Some(Part::Freeze),
            Migration::sealCall::SELECTOR => Some(Part::Seal),
            Migration::commitCall::SELECTOR => Some(Part::Commit),
            Migration::abortCall::SELECTOR => Some(Part::Back),
            // Declarations, batches and restarts.
            _ => Some(Part::Stage),
        };
    }
    let lane = plan
        .lanes
        .iter()
        .find(|lane| [lane.guard, lane.ledger, lane.legacy].contains(&to))?;
    if to == lane.guard {
        return match selector {
            PausableGuard::acceptCall::SELECTOR => Some(Part::Prepare),
            PausableGuard::releaseCall::SELECTOR | PausableGuard::reclaimCall::SELECTOR => {
                Some(Part::Back)
            }
            PausableGuard::retireCall::SELECTOR => Some(Part::Tails),
            _ => None,
        };
    }
    if to == lane.ledger {
        let is_tail = selector == StagedERC20::materializeCall::SELECTOR;
        return is_tail.then_some(Part::Tails);
    }
    let handover = [
        Legacy::transferOwnershipCall::SELECTOR,
        Legacy::grantRoleCall::SELECTOR,
        Legacy::renounceRoleCall::SELECTOR,
    ];
    handover.contains(&selector).then_some(Part::Prepare)
}

/// The dearest and the longest of many scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    /// The most gas.
    pub gas: u64,
    /// In which scenario.
    pub gas_at: String,
    /// The most blocks of freeze.
    pub blocks: u64,
    /// In which scenario.
    pub blocks_at: String,
}

impl Worst {
    pub(super) fn take(&mut self, faults: &[faults::Fault], measure: &Measure) {
        let (gas, blocks) = (measure.total().gas, measure.frozen_blocks());
        if gas > self.gas {
            (self.gas, self.gas_at) = (gas, faults::id(faults));
        }
        if blocks > self.blocks {
            (self.blocks, self.blocks_at) = (blocks, faults::id(faults));
        }
    }
}
