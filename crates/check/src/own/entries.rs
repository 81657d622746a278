//! What a stranger may call from inside a transaction: each function that may change something, once.
//!
//! Arguments are those that get furthest where the caller has nothing and is nobody: amounts of zero where one that is
//! not would be refused at once.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use sealift_engine::abi::guard::PausableGuard;
use sealift_engine::abi::migration::Migration;
use sealift_engine::abi::staged::StagedERC20;
use sealift_engine::contracts::{self, Call};
use sealift_evm::{Reentry, Turn};
use sealift_manifest::entry;
use sealift_manifest::holders::Holders;
use sealift_protocol::plan::{LanePlan, Plan, Source};

use super::world::{NEWCOMER, STRANGER};

alloy_sol_types::sol! {
    interface Token {
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        function approve(address spender, uint256 value) external returns (bool);
        function pause() external;
        function unpause() external;
        function mint(address to, uint256 amount) external;
        function mintBatch(address[] calldata accounts, uint256[] calldata amounts) external;
        function mintPacked(bytes calldata entries) external;
        function transferOwnership(address to) external;
        function acceptOwnership() external;
        function renounceOwnership() external;
        function grantRole(bytes32 role, address account) external;
        function revokeRole(bytes32 role, address account) external;
        function renounceRole(bytes32 role, address account) external;
    }
}

/// Every entry, in the order of their numbers: those of the migration, then lane by lane those of the guard, the
/// successor and legacy. Of legacy they are those of ERC-20, and of the kinds of control that a plan can have.
pub(super) fn entries(plan: &Plan, lists: &[Holders]) -> Vec<Call> {
    let batches: Vec<Bytes> = plan
        .lanes
        .iter()
        .zip(lists)
        .map(|(lane, list)| first_row(lane.source, list))
        .collect();
    let mut entries = of_migration(plan, batches.first().cloned().unwrap_or_default());
    for ((lane, list), batch) in plan.lanes.iter().zip(lists).zip(batches) {
        let holder = list.rows().first().map_or(NEWCOMER, |row| row.account);
        entries.extend(of_guard(lane.guard));
        entries.extend(of_successor(lane, holder, batch));
        entries.extend(of_legacy(lane, holder));
    }
    entries
}

/// A stranger who makes such a call before an inner call does its work.
pub(super) fn reentry(call: usize, entry: &Call) -> Reentry {
    Reentry {
        call,
        turn: Turn::Before,
        from: STRANGER,
        to: entry.to,
        data: entry.data.clone(),
    }
}

fn first_row(source: Source, list: &Holders) -> Bytes {
    let row = &list.rows()[..list.len().min(1)];
    let encoded = contracts::format(source).map(|format| entry::encode(row, format));
    // A row that does not fit is as good as none: both are refused.
    encoded.and_then(Result::ok).unwrap_or_default()
}

fn of_migration(plan: &Plan, batch: Bytes) -> Vec<Call> {
    let proven = Migration::stageProvenCall {
        lane_: U256::ZERO,
        index: 0,
        data: batch.clone(),
        rest: Vec::new(),
    };
    vec![
        contracts::open(plan),
        contracts::freeze(plan),
        contracts::declare(plan, 0, 1, 1, U256::ONE, B256::ZERO),
        contracts::stage(plan, 0, 0, batch),
        call(plan.migration, proven),
        contracts::restart(plan, 0),
        contracts::seal(plan),
        contracts::commit(plan, B256::ZERO),
        contracts::abort(plan),
    ]
}

fn of_guard(guard: Address) -> Vec<Call> {
    vec![
        call(guard, PausableGuard::acceptCall {}),
        call(guard, PausableGuard::freezeCall {}),
        call(guard, PausableGuard::rehearseCall {}),
        call(guard, PausableGuard::releaseCall {}),
        call(guard, PausableGuard::retireCall {}),
        call(guard, PausableGuard::reclaimCall {}),
    ]
}

fn of_successor(lane: &LanePlan, holder: Address, batch: Bytes) -> Vec<Call> {
    let stage = StagedERC20::stageCall {
        generation: 1,
        floor: U256::ZERO,
        data: batch,
    };
    let permit = StagedERC20::permitCall {
        owner: holder,
        spender: STRANGER,
        value: U256::MAX,
        deadline: U256::MAX,
        v: 27,
        r: B256::repeat_byte(1),
        s: B256::repeat_byte(1),
    };
    let mut entries = vec![
        call(lane.ledger, stage),
        contracts::materialize(lane, vec![holder]),
        call(lane.ledger, permit),
    ];
    entries.extend(of_erc20(lane.ledger, holder));
    entries
}

fn of_erc20(token: Address, holder: Address) -> [Call; 3] {
    let (value, to) = (U256::ZERO, STRANGER);
    let from = holder;
    let spender = NEWCOMER;
    [
        call(token, Token::transferCall { to: spender, value }),
        call(token, Token::transferFromCall { from, to, value }),
        call(
            token,
            Token::approveCall {
                spender,
                value: U256::ONE,
            },
        ),
    ]
}

fn of_legacy(lane: &LanePlan, holder: Address) -> Vec<Call> {
    let (token, to, account, role) = (lane.legacy, STRANGER, STRANGER, B256::ZERO);
    let amount = U256::ONE;
    let (accounts, amounts) = (vec![account], vec![amount]);
    let mut packed = [0; 32];
    packed[..20].copy_from_slice(account.as_slice());
    packed[31] = 1;
    let entries = Bytes::copy_from_slice(&packed);
    let mut calls = of_erc20(token, holder).to_vec();
    calls.extend([
        call(token, Token::pauseCall {}),
        call(token, Token::unpauseCall {}),
        call(token, Token::mintCall { to, amount }),
        call(token, Token::mintBatchCall { accounts, amounts }),
        call(token, Token::mintPackedCall { entries }),
        call(token, Token::transferOwnershipCall { to }),
        call(token, Token::acceptOwnershipCall {}),
        call(token, Token::renounceOwnershipCall {}),
        call(token, Token::grantRoleCall { role, account }),
        call(token, Token::revokeRoleCall { role, account }),
        call(token, Token::renounceRoleCall { role, account }),
    ]);
    calls
}

fn call(to: Address, call: impl SolCall) -> Call {
    Call {
        to,
        data: call.abi_encode().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use alloy_json_abi::{JsonAbi, StateMutability};
    use alloy_primitives::Selector;

    use super::super::tests::request;
    use super::*;

    #[track_caller]
    fn changing(artifact: &str) -> BTreeSet<Selector> {
        let json: serde_json::Value = serde_json::from_str(artifact).expect("an artifact");
        let abi: JsonAbi = serde_json::from_value(json["abi"].clone()).expect("an ABI");
        let is_changing =
            |mutability| !matches!(mutability, StateMutability::View | StateMutability::Pure);
        abi.functions()
            .filter(|function| is_changing(function.state_mutability))
            .map(|function| function.selector())
            .collect()
    }

    fn selectors(calls: &[Call]) -> BTreeSet<Selector> {
        let selector = |call: &Call| Selector::from_slice(&call.data[..4]);
        calls.iter().map(selector).collect()
    }

    macro_rules! artifact {
        ($name:literal) => {
            changing(include_str!(concat!(
                "../../../../contracts/artifacts/",
                $name,
                ".json"
            )))
        };
    }

    #[test]
    fn every_function_that_may_change_something_is_an_entry() {
        let request = request(Source::ChainRead);
        let (plan, lists) = (&request.plan, &request.lists);
        let lane = &plan.lanes[0];
        let migration = of_migration(plan, Bytes::new());
        assert_eq!(selectors(&migration), artifact!("Migration"));
        assert_eq!(selectors(&of_guard(lane.guard)), artifact!("PausableGuard"));
        let successor = of_successor(lane, NEWCOMER, Bytes::new());
        let mut both = artifact!("StagedERC20");
        both.extend(artifact!("ReadThroughERC20"));
        assert_eq!(selectors(&successor), both);
        let mut legacy = artifact!("LegacyToken");
        legacy.extend(artifact!("LegacyTwoStepToken"));
        legacy.extend(artifact!("LegacyRoleToken"));
        assert_eq!(selectors(&of_legacy(lane, NEWCOMER)), legacy);
        let all = migration.len() + 6 + successor.len() + of_legacy(lane, NEWCOMER).len();
        assert_eq!(entries(plan, lists).len(), all);
    }
}
