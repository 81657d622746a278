//! The on-chain protocol as a value: what `Migration.sol`, `PausableGuard.sol` (for an Ownable
//! legacy token), `StagedERC20.sol` and `ReadThroughERC20.sol` do, check by check in their order.
//!
//! Random traces run against this model and the compiled contracts side by side
//! (`tests/it/differential.rs`), and the model checker drives the executor against it
//! (`tests/it/model.rs`). What is not modelled: gas, events, rules that name other code than was
//! deployed, role-bearing legacy tokens, allowances of the successor.

mod call;
mod lane;
mod ledger;
mod legacy;

pub use call::{Batch, Call, LegacyCall, Revert, Rules};
pub use lane::{Declared, Lane};
pub use ledger::{Decided, Ledger, Word};
pub use legacy::Legacy;

use alloy_primitives::{Address, B256, U256, keccak256};
use sealift_manifest::head::{self, LaneSeal};

use crate::event::Phase;
use crate::plan::LONGEST_FREEZE_SECS;

/// Supplies and staged sums are below 2^208, so that a ledger word has room for a generation.
const SUPPLY_LIMIT_BITS: usize = 208;

/// One migration, with everything that it can reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contract {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The migration's address.
    pub address: Address,
    /// Who opens, commits and may abort.
    pub owner: Address,
    /// The decision.
    pub phase: Phase,
    /// Unix seconds from which anybody may abort; the rules' until the freeze.
    pub deadline_secs: u64,
    /// Height of the freeze; 0 before it.
    pub frozen_block: u64,
    /// What names this migration; zero before it is opened.
    pub id: B256,
    /// What the owner commits to; zero before the seal.
    pub sealed_head: B256,
    /// The rules; `None` before the migration is opened.
    pub rules: Option<Rules>,
    /// The lanes.
    pub lanes: Vec<Lane>,
}

impl Contract {
    /// A migration that has been deployed and not opened.
    pub fn new(chain_id: u64, address: Address, owner: Address, lanes: Vec<Lane>) -> Self {
        Self {
            chain_id,
            address,
            owner,
            phase: Phase::None,
            deadline_secs: 0,
            frozen_block: 0,
            id: B256::ZERO,
            sealed_head: B256::ZERO,
            rules: None,
            lanes,
        }
    }

    /// Makes a call as a transaction in a block with this height and time. A revert changes nothing.
    pub fn apply(
        &mut self,
        caller: Address,
        block: u64,
        now_secs: u64,
        call: &Call,
    ) -> Result<(), Revert> {
        let mut next = self.clone();
        next.dispatch(caller, block, now_secs, call)?;
        *self = next;
        Ok(())
    }

    fn dispatch(
        &mut self,
        caller: Address,
        block: u64,
        now: u64,
        call: &Call,
    ) -> Result<(), Revert> {
        match call {
            Call::Open {
                rules,
                rules_hash,
                nonce,
            } => self.open(caller, now, rules, *rules_hash, *nonce),
            Call::Freeze => self.freeze(caller, block, now),
            Call::Declare { lane, declared } => self.declare(caller, *lane, *declared),
            Call::Stage { lane, index, data } => {
                self.only_operator(caller)?;
                self.require_frozen_lane(*lane)?;
                self.stage(*lane, *index, data)
            }
            Call::StageProven {
                lane,
                index,
                data,
                rest,
            } => self.stage_proven(*lane, *index, data, rest),
            Call::Restart { lane } => self.restart(caller, *lane),
            Call::Seal => self.seal(now),
            Call::Commit { head } => self.commit(caller, now, *head),
            Call::Abort => self.abort(caller, now),
            Call::Release { lane } => {
                let phase = self.phase;
                let lane = self.lane_mut(*lane)?;
                // A guard that took no part in what was committed gives control back.
                let took_no_part = phase == Phase::Committed && !lane.guard_frozen;
                if phase != Phase::Aborted && !took_no_part {
                    return Err(Revert::GuardWrongPhase);
                }
                lane.release(caller)
            }
            Call::Retire { lane } => {
                let phase = self.phase;
                let lane = self.lane_mut(*lane)?;
                if phase != Phase::Committed || !lane.guard_frozen {
                    return Err(Revert::GuardWrongPhase);
                }
                if lane.is_held() {
                    lane.legacy.owner = Address::ZERO;
                }
                Ok(())
            }
            Call::Reclaim { lane } => {
                let phase = self.phase;
                let lane = self.lane_mut(*lane)?;
                if caller != lane.recorded_owner {
                    return Err(Revert::NotRecordedOwner);
                }
                if phase != Phase::None {
                    return Err(Revert::GuardWrongPhase);
                }
                lane.return_control();
                Ok(())
            }
            Call::Legacy { lane, call } => self.lane_mut(*lane)?.legacy.apply(caller, call),
            Call::SuccessorTransfer { lane, to, amount } => {
                let decided = self.decided(*lane);
                let lane = self.lane_mut(*lane)?;
                let context = (lane.source, &lane.legacy, decided);
                lane.ledger.transfer(context, caller, *to, *amount)
            }
            Call::SuccessorApprove { lane, spender } => {
                let decided = self.decided(*lane);
                let ledger = &self.lane_mut(*lane)?.ledger;
                if decided.is_none() && !ledger.is_live(caller) {
                    return Err(Revert::NotLive);
                }
                if spender.is_zero() {
                    return Err(Revert::ERC20InvalidSpender);
                }
                Ok(())
            }
            Call::Materialize { lane, accounts } => {
                let decided = self.decided(*lane);
                let lane = self.lane_mut(*lane)?;
                let context = (lane.source, &lane.legacy, decided);
                for account in accounts {
                    lane.ledger.touch(context, *account)?;
                }
                Ok(())
            }
        }
    }

    fn open(
        &mut self,
        caller: Address,
        now: u64,
        rules: &Rules,
        rules_hash: B256,
        nonce: B256,
    ) -> Result<(), Revert> {
        if caller != self.owner {
            return Err(Revert::NotOwner);
        }
        self.require(Phase::None)?;
        let declared = self.lanes.iter().any(|lane| lane.source.is_declared());
        if rules.deadline_secs <= now
            || !(1..=LONGEST_FREEZE_SECS).contains(&rules.max_freeze_secs)
            || rules.operator.is_zero()
            || (rules.preauthorised && declared)
        {
            return Err(Revert::BadRules);
        }
        self.id = head::migration_id(self.chain_id, self.address, rules_hash, nonce);
        self.deadline_secs = rules.deadline_secs;
        self.rules = Some(*rules);
        self.phase = Phase::Open;
        Ok(())
    }

    fn freeze(&mut self, caller: Address, block: u64, now: u64) -> Result<(), Revert> {
        self.only_operator(caller)?;
        self.require(Phase::Open)?;
        self.require_before(now)?;
        let longest = self.rules.map_or(0, |rules| rules.max_freeze_secs);
        // Solidity adds a uint64 to a uint256: the sum cannot wrap there, and saturates here.
        self.deadline_secs = self.deadline_secs.min(now.saturating_add(longest));
        self.frozen_block = block;
        self.phase = Phase::Frozen;
        let id = self.id;
        for (index, lane) in (0..).zip(&mut self.lanes) {
            let supply = lane.freeze()?;
            if supply.bit_len() > SUPPLY_LIMIT_BITS {
                return Err(Revert::SupplyTooLarge);
            }
            lane.supply = supply;
            if lane.source.is_staged() {
                lane.begin(id, index, 1);
            }
        }
        Ok(())
    }

    fn declare(&mut self, caller: Address, lane: u32, declared: Declared) -> Result<(), Revert> {
        self.only_operator(caller)?;
        self.require_frozen_lane(lane)?;
        let lane = self.lane_mut(lane)?;
        if !lane.source.is_declared() {
            return Err(Revert::NotStaged);
        }
        if lane.declared.is_some() {
            return Err(Revert::AlreadyDeclared);
        }
        if declared.batches == 0 {
            return Err(Revert::NotDeclared);
        }
        lane.declared = Some(declared);
        Ok(())
    }

    fn stage(&mut self, lane_index: u32, index: u32, data: &[u8]) -> Result<(), Revert> {
        let id = self.id;
        let lane = self.lane_mut(lane_index)?;
        if !lane.source.is_staged() {
            return Err(Revert::NotStaged);
        }
        if index != lane.cursor {
            return Err(Revert::WrongBatch);
        }
        if lane.source.is_declared() && lane.declared.is_none() {
            return Err(Revert::NotDeclared);
        }
        let (generation, floor) = (lane.generation, lane.floor);
        let staged = lane
            .ledger
            .stage(lane.source, &lane.legacy, generation, floor, data)?;
        let sum = lane.sum.checked_add(staged.sum).ok_or(Revert::Panic)?;
        if sum.bit_len() > SUPPLY_LIMIT_BITS {
            return Err(Revert::SumIsNotSupply);
        }
        lane.head = head::advance(
            lane.head,
            id,
            u64::from(lane_index),
            index,
            staged.count,
            staged.sum,
            keccak256(data),
        );
        lane.floor = staged.floor;
        lane.cursor += 1;
        lane.count += staged.count;
        lane.sum = sum;
        Ok(())
    }

    fn stage_proven(
        &mut self,
        lane_index: u32,
        index: u32,
        data: &[u8],
        rest: &[Batch],
    ) -> Result<(), Revert> {
        self.require_frozen_lane(lane_index)?;
        if !self.lane_mut(lane_index)?.source.is_declared() {
            return Err(Revert::NotStaged);
        }
        self.stage(lane_index, index, data)?;

        let id = self.id;
        let lane = self.lane_mut(lane_index)?;
        let (mut head, mut count, mut sum) = (lane.head, u128::from(lane.count), U256::ZERO);
        for (at, batch) in (lane.cursor..).zip(rest) {
            sum = sum.checked_add(batch.sum).ok_or(Revert::Panic)?;
            count += u128::from(batch.count);
            let (n, hash) = (batch.count, batch.data_hash);
            head = head::advance(head, id, u64::from(lane_index), at, n, batch.sum, hash);
        }
        let batches = u64::from(lane.cursor) + rest.len() as u64;
        let is_declared = |declared: Declared| {
            // In Solidity's order: the sum is only added when all else agrees.
            if head != declared.head
                || batches != u64::from(declared.batches)
                || count != u128::from(declared.count)
            {
                return Ok(false);
            }
            let sum = lane.sum.checked_add(sum).ok_or(Revert::Panic)?;
            Ok(sum == declared.sum)
        };
        match lane.declared.map(is_declared).transpose()? {
            Some(true) => Ok(()),
            _ => Err(Revert::NotAsDeclared),
        }
    }

    fn restart(&mut self, caller: Address, lane_index: u32) -> Result<(), Revert> {
        self.only_operator(caller)?;
        self.require_frozen_lane(lane_index)?;
        let id = self.id;
        let lane = self.lane_mut(lane_index)?;
        if !lane.source.is_staged() {
            return Err(Revert::NotStaged);
        }
        lane.begin(id, lane_index, lane.generation + 1);
        Ok(())
    }

    fn seal(&mut self, now: u64) -> Result<(), Revert> {
        self.require(Phase::Frozen)?;
        self.require_before(now)?;
        for lane in &self.lanes {
            lane.require_complete()?;
            lane.attest()?;
        }
        let lanes = self.lanes.iter().map(|lane| LaneSeal {
            generation: lane.generation,
            count: lane.count,
            sum: lane.sum,
            head: lane.head,
            supply: lane.supply,
            legacy_code_hash: lane.legacy_code_hash,
        });
        self.sealed_head = head::sealed_head(self.id, self.frozen_block, lanes);
        self.phase = Phase::Sealed;
        Ok(())
    }

    fn commit(&mut self, caller: Address, now: u64, head: B256) -> Result<(), Revert> {
        self.require(Phase::Sealed)?;
        let preauthorised = self.rules.is_some_and(|rules| rules.preauthorised);
        if caller != self.owner && !preauthorised {
            return Err(Revert::NotAllowed);
        }
        self.require_before(now)?;
        if head != self.sealed_head {
            return Err(Revert::WrongHead);
        }
        self.lanes.iter().try_for_each(Lane::attest)?;
        self.phase = Phase::Committed;
        Ok(())
    }

    fn abort(&mut self, caller: Address, now: u64) -> Result<(), Revert> {
        if !matches!(self.phase, Phase::Open | Phase::Frozen | Phase::Sealed) {
            return Err(Revert::WrongPhase);
        }
        let guardian = self.rules.map(|rules| rules.guardian);
        if now < self.deadline_secs && caller != self.owner && Some(caller) != guardian {
            return Err(Revert::NotAllowed);
        }
        self.phase = Phase::Aborted;
        let migration = self.address;
        for lane in &mut self.lanes {
            let before = lane.clone();
            if lane.release(migration).is_err() {
                *lane = before; // ReleaseDeferred: anyone may try again on the guard
            }
        }
        Ok(())
    }

    fn only_operator(&self, caller: Address) -> Result<(), Revert> {
        // Before the migration is opened the operator is the zero address.
        let operator = self.rules.map_or(Address::ZERO, |rules| rules.operator);
        if caller == operator {
            Ok(())
        } else {
            Err(Revert::NotOperator)
        }
    }

    fn require(&self, phase: Phase) -> Result<(), Revert> {
        if self.phase == phase {
            Ok(())
        } else {
            Err(Revert::WrongPhase)
        }
    }

    fn require_before(&self, now: u64) -> Result<(), Revert> {
        if now < self.deadline_secs {
            Ok(())
        } else {
            Err(Revert::DeadlinePassed)
        }
    }

    fn require_frozen_lane(&self, lane: u32) -> Result<(), Revert> {
        self.require(Phase::Frozen)?;
        self.lanes
            .get(lane as usize)
            .map(|_| ())
            .ok_or(Revert::NoSuchLane)
    }

    fn lane_mut(&mut self, lane: u32) -> Result<&mut Lane, Revert> {
        self.lanes.get_mut(lane as usize).ok_or(Revert::NoSuchLane)
    }

    /// What the ledger of a lane takes as decided: its latch, or after COMMITTED the lane's facts.
    fn decided(&self, lane: u32) -> Option<ledger::Decided> {
        let lane = self.lanes.get(lane as usize)?;
        lane.ledger.latch.or_else(|| {
            (self.phase == Phase::Committed).then_some(ledger::Decided {
                generation: lane.generation,
                supply: lane.supply,
            })
        })
    }

    /// What `balanceOf` of a lane's successor says, in base units.
    ///
    /// # Panics
    /// Without such a lane.
    pub fn successor_balance(&self, lane: u32, account: Address) -> U256 {
        let decided = self.decided(lane);
        let lane = &self.lanes[lane as usize];
        let context = (lane.source, &lane.legacy, decided);
        lane.ledger.balance(context, account)
    }

    /// What `totalSupply` of a lane's successor says, in base units.
    pub fn successor_supply(&self, lane: u32) -> U256 {
        self.decided(lane)
            .map_or(U256::ZERO, |decided| decided.supply)
    }

    /// What an account is entitled to in a lane, if what is staged now were decided.
    ///
    /// # Panics
    /// Without such a lane.
    pub fn entitlement(&self, lane: u32, account: Address) -> U256 {
        let lane = &self.lanes[lane as usize];
        let decided = ledger::Decided {
            generation: lane.generation,
            supply: lane.supply,
        };
        let context = (lane.source, &lane.legacy, Some(decided));
        lane.ledger.balance(context, account)
    }
}
