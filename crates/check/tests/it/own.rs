//! Sealift's own migrations under every single fault: each one ends well, and a checker that could not find
//! anything is found out.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use sealift_check::input::{Scene, SceneAccount};
use sealift_check::own::{Kind, OwnError, OwnReport, OwnRequest, check, replay};
use sealift_check::verdict::Verdict;
use sealift_engine::contracts;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::Plan;
use sealift_protocol::event::BlockId;
use sealift_protocol::plan::{Control, LanePlan, Roles, Snapshot, Source};

alloy_sol_types::sol!(LegacyToken, "../../contracts/artifacts/LegacyToken.json");

pub(crate) fn account(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

fn holders(count: u64) -> Holders {
    let row = |number: u64| Holder {
        account: Address::from_word(keccak256(number.to_be_bytes())),
        balance: U256::from(1_000 + 2 * number * number),
    };
    Holders::from_rows((1..=count).map(row).collect()).expect("distinct accounts")
}

/// A plan as `sealift plan` writes it, for a token somewhere.
fn plan(source: Source, list: &Holders) -> Plan {
    let lane = LanePlan {
        legacy: account("legacy"),
        legacy_code_hash: keccak256("code"),
        control: Control::Ownable,
        recorded_owner: account("legacy owner"),
        source,
        guard: Address::ZERO,
        guard_code_hash: B256::ZERO,
        ledger: Address::ZERO,
        ledger_code_hash: B256::ZERO,
        name: "New".into(),
        symbol: "NEW".into(),
        decimals: 18,
        snapshot: Snapshot {
            block: BlockId {
                number: 7,
                hash: keccak256("block"),
            },
            count: list.len() as u64,
            sum: list.sum(),
            digest: list.digest(),
        },
        batch_size: 100,
        stage_gas: 4_000_000,
        materialize: false,
        materialize_size: 100,
        materialize_gas: 4_000_000,
    };
    addressed(Plan {
        version: 1,
        chain_id: 1,
        genesis: keccak256("genesis"),
        nonce: keccak256("own"),
        roles: Roles {
            owner: account("owner"),
            operator: account("operator"),
            guardian: account("guardian"),
        },
        deadline_secs: 1_800_000_000,
        max_freeze_secs: 50_000,
        preauthorised: false,
        migration: Address::ZERO,
        lanes: vec![lane],
    })
}

/// The plan with the addresses that follow from it.
pub(crate) fn addressed(mut plan: Plan) -> Plan {
    let nonce = plan.nonce;
    plan.migration = contracts::address_of(nonce, &contracts::migration_init(plan.roles.owner));
    let codes = contracts::init_codes(&plan);
    for (lane, (guard, ledger)) in plan.lanes.iter_mut().zip(&codes.lanes) {
        lane.guard = contracts::address_of(nonce, guard);
        lane.ledger = contracts::address_of(nonce, ledger);
    }
    plan
}

pub(crate) fn request(source: Source) -> OwnRequest {
    let list = holders(40);
    let mut request = OwnRequest::new(plan(source, &list), vec![list]);
    (request.holders, request.batches) = (5, 2);
    request
}

pub(crate) fn run(request: &OwnRequest) -> OwnReport {
    check(request, &mut |_| ()).expect("a check")
}

pub(crate) fn is_long() -> bool {
    std::env::var_os("SEALIFT_LONG").is_some()
}

/// SAFE under every single fault, at as many sites as are written down here. In the long gate at every
/// question as well, and undivided.
#[track_caller]
fn is_safe(mut request: OwnRequest, expected: &[(&str, u64)]) {
    if is_long() {
        (request.every, request.shard) = (true, (0, 1));
    }
    let report = run(&request);
    assert_eq!(report.findings, []);
    let mut families: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, coverage) in &report.coverage {
        let family = name.split('.').next().expect("a family");
        *families.entry(family).or_default() += coverage.enumerated;
        assert_eq!(coverage.unfired, [""; 0], "{name}");
    }
    assert_eq!(report.verdict, Verdict::Safe);
    if request.shard == (0, 1) {
        assert_eq!(report.coverage.len(), 54, "a kind without a site");
    }
    if !is_long() {
        assert_eq!(families.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn staged_by_reading_is_safe_under_every_single_fault() {
    is_safe(
        request(Source::ChainRead),
        &[
            ("environment", 230),
            ("evm", 553),
            ("executor", 408),
            ("rpc", 585),
            ("transaction", 172),
        ],
    );
}

#[test]
fn staged_by_uploading_is_safe_under_every_single_fault() {
    is_safe(
        request(Source::Declared),
        &[
            ("environment", 230),
            ("evm", 544),
            ("executor", 434),
            ("rpc", 604),
            ("transaction", 172),
        ],
    );
}

#[test]
fn read_through_is_safe_under_every_single_fault() {
    is_safe(
        request(Source::ReadThrough),
        &[
            ("environment", 190),
            ("evm", 465),
            ("executor", 359),
            ("rpc", 497),
            ("transaction", 143),
        ],
    );
}

#[test]
fn materialized_tails_are_safe_under_every_single_fault() {
    let mut request = request(Source::ChainRead);
    request.plan.lanes[0].materialize = true;
    request.shard = (1, 4);
    is_safe(
        request,
        &[
            ("environment", 58),
            ("evm", 139),
            ("executor", 110),
            ("rpc", 153),
            ("transaction", 43),
        ],
    );
}

#[test]
fn a_preauthorised_commit_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.preauthorised = true;
    request.shard = (1, 4);
    is_safe(
        request,
        &[
            ("environment", 47),
            ("evm", 117),
            ("executor", 90),
            ("rpc", 124),
            ("transaction", 36),
        ],
    );
}

#[test]
fn control_by_roles_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.lanes[0].control = Control::Roles {
        pauser: keccak256("PAUSER_ROLE"),
    };
    request.plan = addressed(request.plan);
    request.shard = (1, 4);
    is_safe(
        request,
        &[
            ("environment", 55),
            ("evm", 143),
            ("executor", 116),
            ("rpc", 149),
            ("transaction", 43),
        ],
    );
}

#[test]
fn control_in_two_steps_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.lanes[0].control = Control::Ownable2Step;
    request.plan = addressed(request.plan);
    request.shard = (1, 4);
    is_safe(
        request,
        &[
            ("environment", 50),
            ("evm", 126),
            ("executor", 99),
            ("rpc", 132),
            ("transaction", 38),
        ],
    );
}

#[test]
fn a_legacy_that_thaws_is_found_and_found_again() {
    let mut request = request(Source::ReadThrough);
    request.hostile = true;
    request.kinds = Some(vec![Kind::LegacyThaws]);
    let report = run(&request);
    let found: Vec<(Verdict, &str)> = report
        .findings
        .iter()
        .map(|finding| (finding.verdict, finding.faults[0].kind.name()))
        .collect();
    assert_eq!(report.verdict, Verdict::DoubleCounted);
    assert_eq!(
        found,
        [(Verdict::DoubleCounted, "counterparty.legacy-thaws")]
    );
    let first = &report.findings[0];
    let again = replay(&request, &first.id).expect("a replay");
    assert_eq!(
        (again.wrong, again.starts),
        (first.wrong.clone(), first.starts.clone())
    );
}

/// The token of a scene, as OpenZeppelin lays it out: balances by account in slot 0, the supply in slot 2,
/// and the owner in slot 5, above one byte that is set while it is paused.
fn scene(plan: &Plan, list: &Holders) -> Scene {
    let balance = |holder: &Holder| {
        let slot = [holder.account.into_word().0, [0; 32]].concat();
        (keccak256(slot).into(), holder.balance)
    };
    let mut storage: Vec<(U256, U256)> = list.iter().map(balance).collect();
    storage.push((U256::from(2), list.sum()));
    let owner = U256::from_be_slice(plan.lanes[0].recorded_owner.as_slice());
    storage.push((U256::from(5), owner << 8));
    Scene {
        chain_id: plan.chain_id,
        number: 7,
        timestamp_secs: plan.deadline_secs - 90_000,
        block_gas_limit: 60_000_000,
        accounts: vec![SceneAccount {
            address: plan.lanes[0].legacy,
            nonce: 1,
            code: LegacyToken::DEPLOYED_BYTECODE.clone(),
            storage,
            ..SceneAccount::default()
        }],
    }
}

#[test]
fn a_plan_is_checked_on_the_chain_that_it_is_about() {
    let list = holders(6);
    let plan = plan(Source::ChainRead, &list);
    let mut request = OwnRequest::new(plan, vec![list.clone()]);
    request.scene = Some(scene(&request.plan, &list));
    request.shard = (5, 12);
    let report = run(&request);
    assert_eq!((report.verdict, report.stand_in), (Verdict::Safe, false));
    assert!(report.scenarios > 90, "{} scenarios", report.scenarios);

    request.lists[0] = holders(5);
    let refused = check(&request, &mut |_| ()).expect_err("a holder is missing");
    assert!(matches!(refused, OwnError::Plan(_)), "{refused}");
}

#[test]
fn a_run_that_has_no_good_end_undisturbed_is_refused() {
    let mut request = request(Source::ReadThrough);
    request.policy.budget_wei = 1;
    let refused = check(&request, &mut |_| ()).expect_err("no budget at all");
    assert!(refused.to_string().contains("budget of 1 wei"), "{refused}");
}

#[test]
fn a_plan_of_other_contracts_is_refused() {
    let mut request = request(Source::ReadThrough);
    request.plan.lanes[0].ledger = account("elsewhere");
    let refused = check(&request, &mut |_| ()).expect_err("another ledger");
    assert!(matches!(refused, OwnError::Foreign), "{refused}");
}

#[test]
fn the_same_request_gives_the_same_report_in_parts_as_well() {
    let mut request = request(Source::ReadThrough);
    request.shard = (3, 40);
    let report = |threads| {
        let request = OwnRequest {
            threads,
            ..request.clone()
        };
        check(&request, &mut |_| ()).expect("a check")
    };
    let one = report(1);
    assert_eq!(one, report(2));
    let json = serde_json::to_string(&one).expect("json");
    assert_eq!(
        serde_json::from_str::<OwnReport>(&json).expect("a report"),
        one
    );
}

#[test]
fn lists_of_faults_by_chance_end_well() {
    let mut request = request(Source::ChainRead);
    request.faults = 0;
    request.random = Some((7, 200));
    let report = run(&request);
    assert_eq!(report.scenarios, 200);
    assert_eq!(report.findings, []);
}
