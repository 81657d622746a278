//! Verification from the chain alone: before the gates, and of the result.

use alloy_primitives::{Address, B256, U256};
use sealift_manifest::head::{LaneSeal, sealed_head};
use sealift_manifest::holders::Holders;
use sealift_protocol::event::{BlockId, Gate, Phase};
use sealift_protocol::plan::{LanePlan, Plan};

use crate::abi::Legacy;
use crate::balances::{self, BalanceError};
use crate::chain::{At, Chain, ChainError};
use crate::list::Prepared;
use crate::view::{Sight, decode, query};

/// What is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The chain does not answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Balances could not be read.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// A balance is not the one of the list.
    #[error("{account} has {found} in {token}, and {expected} in the final list")]
    WrongBalance {
        /// Whose.
        account: Address,
        /// Where.
        token: Address,
        /// Base units in the list.
        expected: U256,
        /// Base units on chain.
        found: U256,
    },
    /// A lane's staging is not our list, completely.
    #[error("lane {lane} is staged up to batch {cursor}, and not with exactly our list")]
    Staging {
        /// Lane number.
        lane: u32,
        /// Batches staged.
        cursor: u32,
    },
    /// The sealed head is not the one computed here.
    #[error("the sealed head is {found}, and {expected} by our own computation")]
    Head {
        /// Ours.
        expected: B256,
        /// On chain.
        found: B256,
    },
    /// The guard does not attest.
    #[error("the guard of lane {0} does not attest that legacy is frozen and under its control")]
    NotFrozen(u32),
}

/// Verifies everything before a gate at one finalized block.
pub fn gate<C: Chain + ?Sized>(
    chain: &C,
    plan: &Plan,
    sight: &Sight,
    lists: &[Option<Prepared>],
    gate: Gate,
    block: BlockId,
) -> Result<(), VerifyError> {
    let at = At::Hash(block.hash);
    for (index, lane) in plan.lanes.iter().enumerate() {
        let number = index as u32;
        let view = &sight.view.lanes[index];
        if !view.exclusive {
            return Err(VerifyError::NotFrozen(number));
        }
        let Some(Some(list)) = lists.get(index) else {
            return Err(VerifyError::Staging {
                lane: number,
                cursor: view.cursor,
            });
        };
        let complete = view.cursor == plan.batches(number, list.facts.count);
        if lane.source.is_staged() && !(complete && view.ours == Some(true)) {
            return Err(VerifyError::Staging {
                lane: number,
                cursor: view.cursor,
            });
        }
        legacy_is_still(chain, at, lane, view.supply, number)?;
        if gate == Gate::Seal {
            all_equal(chain, at, lane.legacy, &list.holders)?;
        }
    }
    if gate == Gate::Commit {
        let expected = expected_head(plan, sight);
        if sight.sealed_head != expected {
            return Err(VerifyError::Head {
                expected,
                found: sight.sealed_head,
            });
        }
    }
    Ok(())
}

/// The head that `commit` takes, computed from the lanes that were compared with our lists.
pub fn expected_head(plan: &Plan, sight: &Sight) -> B256 {
    let id = crate::contracts::id(plan);
    let lanes = sight.staged.iter().zip(&plan.lanes).map(|(state, lane)| {
        let staged = lane.source.is_staged();
        LaneSeal {
            generation: if staged { state.generation } else { 0 },
            count: if staged { state.count } else { 0 },
            sum: if staged { state.sum } else { U256::ZERO },
            head: if staged { state.head } else { B256::ZERO },
            supply: state.supply,
            legacy_code_hash: lane.legacy_code_hash,
        }
    });
    sealed_head(id, sight.view.frozen_block, lanes)
}

fn legacy_is_still<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    lane: &LanePlan,
    supply: U256,
    number: u32,
) -> Result<(), VerifyError> {
    let queries = [
        query(lane.legacy, &Legacy::pausedCall {}),
        query(lane.legacy, &Legacy::totalSupplyCall {}),
    ];
    let answers = chain.read(at, &queries)?;
    let paused = decode::<Legacy::pausedCall>(&answers[0]) == Some(true);
    let still = decode::<Legacy::totalSupplyCall>(&answers[1]) == Some(supply);
    if paused && still {
        Ok(())
    } else {
        Err(VerifyError::NotFrozen(number))
    }
}

/// Every holder of a list has exactly its amount in a token.
pub fn all_equal<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    token: Address,
    list: &Holders,
) -> Result<(), VerifyError> {
    match mismatches(chain, at, token, list)?.into_iter().next() {
        None => Ok(()),
        Some((account, expected, found)) => Err(VerifyError::WrongBalance {
            account,
            token,
            expected,
            found,
        }),
    }
}

/// The holders of a list whose balance in a token is another: account, listed, found.
pub fn mismatches<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    token: Address,
    list: &Holders,
) -> Result<Vec<(Address, U256, U256)>, VerifyError> {
    let accounts: Vec<Address> = list.iter().map(|holder| holder.account).collect();
    let found = balances::read(chain, at, token, &accounts)?;
    let differ = |(holder, found): (&sealift_manifest::holders::Holder, U256)| {
        (holder.balance != found).then_some((holder.account, holder.balance, found))
    };
    Ok(list.iter().zip(found).filter_map(differ).collect())
}

/// What a migration has come to, from the chain alone.
#[derive(Clone, Debug)]
pub struct LaneResult {
    /// Holders compared.
    pub holders: u64,
    /// The contract in which each holder must have its amount now.
    pub custody: Address,
    /// Its total supply, base units.
    pub supply_after: U256,
    /// The supply recorded at the freeze, or legacy's own where nothing was frozen.
    pub supply_before: U256,
    /// Accounts whose amount is another: account, expected, found.
    pub mismatches: Vec<(Address, U256, U256)>,
    /// Accounts that are live in a contract that must be inert.
    pub live_twice: bool,
    /// Digest of the final entitlements: the canonical rows as found on chain.
    pub digest: B256,
}

/// Compares every holder of a final list with the contract that must hold it after the decision.
pub fn result<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    lane: &LanePlan,
    phase: Phase,
    supply_before: U256,
    list: &Holders,
) -> Result<LaneResult, VerifyError> {
    let committed = phase == Phase::Committed;
    let custody = if committed { lane.ledger } else { lane.legacy };
    let queries = [
        query(custody, &Legacy::totalSupplyCall {}),
        query(lane.legacy, &Legacy::pausedCall {}),
        query(lane.ledger, &Legacy::totalSupplyCall {}),
    ];
    let answers = chain.read(at, &queries)?;
    let supply = |index: usize| decode::<Legacy::totalSupplyCall>(&answers[index]);
    let paused = decode::<Legacy::pausedCall>(&answers[1]) == Some(true);
    let inert = supply(2).unwrap_or_default().is_zero();
    let mismatches = mismatches(chain, at, custody, list)?;
    let changes = mismatches
        .iter()
        .map(|(account, _, found)| sealift_manifest::holders::Holder {
            account: *account,
            balance: *found,
        });
    let digest = list
        .apply(changes)
        .map_or(B256::ZERO, |found| found.digest());
    Ok(LaneResult {
        holders: list.len() as u64,
        custody,
        supply_after: supply(0).unwrap_or_default(),
        supply_before,
        live_twice: if committed { !paused } else { !inert },
        mismatches,
        digest,
    })
}
