//! A lane of the migration: its staging, and what its guard does to the legacy token.

use alloy_primitives::{Address, B256, U256};
use sealift_manifest::head;

use super::{Ledger, Legacy, Revert};
use crate::plan::Source;

/// What was declared for a generation of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Declared {
    /// Number of batches, at least one.
    pub batches: u32,
    /// Entries in them.
    pub count: u64,
    /// Sum of the amounts in base units.
    pub sum: U256,
    /// Head after the last batch.
    pub head: B256,
}

/// A lane of the migration with its legacy token, guard and ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// Where amounts come from.
    pub source: Source,
    /// The guard's address.
    pub guard: Address,
    /// The account that the guard gives control back to.
    pub recorded_owner: Address,
    /// Code hash of the legacy token.
    pub legacy_code_hash: B256,
    /// The legacy token.
    pub legacy: Legacy,
    /// The successor.
    pub ledger: Ledger,
    /// Whether the guard has paused legacy and not released it.
    pub guard_frozen: bool,
    /// Whether legacy was paused before the guard froze it.
    pub was_paused: bool,
    /// Staging generation; 0 before the freeze, and for ever in a read-through lane.
    pub generation: u32,
    /// The next batch.
    pub cursor: u32,
    /// Entries staged in this generation.
    pub count: u64,
    /// Sum of what is staged in this generation.
    pub sum: U256,
    /// Head of what is staged in this generation.
    pub head: B256,
    /// The smallest account (as a number) that the next batch may begin with.
    pub floor: U256,
    /// Supply recorded by the freeze.
    pub supply: U256,
    /// What this generation was declared to become.
    pub declared: Option<Declared>,
}

impl Lane {
    /// A lane before the migration is opened.
    pub fn new(source: Source, guard: Address, legacy: Legacy, legacy_code_hash: B256) -> Self {
        Self {
            source,
            guard,
            recorded_owner: legacy.owner,
            legacy_code_hash,
            legacy,
            ledger: Ledger::default(),
            guard_frozen: false,
            was_paused: false,
            generation: 0,
            cursor: 0,
            count: 0,
            sum: U256::ZERO,
            head: B256::ZERO,
            floor: U256::ZERO,
            supply: U256::ZERO,
            declared: None,
        }
    }

    /// Whether the guard is the owner of legacy.
    pub fn is_held(&self) -> bool {
        self.legacy.owner == self.guard
    }

    pub(super) fn begin(&mut self, id: B256, lane: u32, generation: u32) {
        self.generation = generation;
        self.cursor = 0;
        self.count = 0;
        self.sum = U256::ZERO;
        self.floor = U256::ZERO;
        self.head = head::head0(id, u64::from(lane), generation);
        self.declared = None;
    }

    /// `PausableGuard.freeze`: pauses, unpauses and pauses again; returns the supply.
    pub(super) fn freeze(&mut self) -> Result<U256, Revert> {
        if !self.is_held() {
            return Err(Revert::NotExclusive);
        }
        self.guard_frozen = true;
        self.was_paused = self.legacy.paused;
        self.legacy.paused = true;
        Ok(self.legacy.supply)
    }

    /// `PausableGuard.release`, without its look at the phase.
    pub(super) fn release(&mut self, caller: Address) -> Result<(), Revert> {
        if std::mem::take(&mut self.guard_frozen) && !self.was_paused && self.legacy.paused {
            if self.is_held() {
                self.legacy.paused = false;
            } else if caller != self.recorded_owner {
                return Err(Revert::CannotUnpause);
            }
        }
        self.return_control();
        Ok(())
    }

    pub(super) fn return_control(&mut self) {
        if self.is_held() {
            self.legacy.owner = self.recorded_owner;
        }
    }

    /// `Migration._attest`: the guard holds a paused legacy, whose supply is what was recorded.
    pub(super) fn attest(&self) -> Result<(), Revert> {
        if !self.legacy.paused || !self.is_held() {
            return Err(Revert::NotFrozen);
        }
        if self.legacy.supply != self.supply {
            return Err(Revert::SupplyChanged);
        }
        Ok(())
    }

    /// `Migration._requireComplete`.
    pub(super) fn require_complete(&self) -> Result<(), Revert> {
        if self.source == Source::ReadThrough {
            return Ok(());
        }
        if self.source.is_declared() {
            let staged = Declared {
                batches: self.cursor,
                count: self.count,
                sum: self.sum,
                head: self.head,
            };
            match self.declared {
                Some(declared) if staged != declared => return Err(Revert::NotAsDeclared),
                // Nothing is left to declare where there is no supply.
                None if !self.supply.is_zero() => return Err(Revert::NotDeclared),
                _ => {}
            }
        }
        if self.sum != self.supply {
            return Err(Revert::SumIsNotSupply);
        }
        Ok(())
    }
}
