//! Sealift's own migrations under every single fault: each one ends well, and a checker that could not find
//! anything is found out.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use sealift_check::own::{OwnReport, OwnRequest, check, replay};
use sealift_check::verdict::Verdict;
use sealift_engine::contracts;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::Plan;
use sealift_protocol::event::BlockId;
use sealift_protocol::plan::{Control, LanePlan, Roles, Snapshot, Source};

fn account(name: &str) -> Address {
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
fn addressed(mut plan: Plan) -> Plan {
    let nonce = plan.nonce;
    plan.migration =
        contracts::address_of(nonce, &contracts::migration_init(plan.roles.owner));
    let codes = contracts::init_codes(&plan);
    for (lane, (guard, ledger)) in plan.lanes.iter_mut().zip(&codes.lanes) {
        lane.guard = contracts::address_of(nonce, guard);
        lane.ledger = contracts::address_of(nonce, ledger);
    }
    plan
}

fn request(source: Source) -> OwnRequest {
    let list = holders(40);
    OwnRequest::new(plan(source, &list), vec![list])
}

fn run(request: &OwnRequest) -> OwnReport {
    let started = std::time::Instant::now();
    let report = check(request, &mut |_| ()).expect("a check");
    eprintln!(
        "{} scenarios in {:?}: {:?}, actions {:?}",
        report.scenarios,
        started.elapsed(),
        report.levels,
        report.actions
    );
    report
}

/// SAFE under every single fault, at as many sites as are written down here.
#[track_caller]
fn is_safe(request: &OwnRequest, expected: &[(&str, u64)]) {
    let report = run(request);
    for finding in &report.findings {
        eprintln!("{finding:#?}");
    }
    let mut families: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, coverage) in &report.coverage {
        let family = name.split('.').next().expect("a family");
        *families.entry(family).or_default() += coverage.enumerated;
        assert_eq!(coverage.unfired, [""; 0], "{name}");
    }
    assert_eq!(report.verdict, Verdict::Safe);
    assert_eq!(families.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn staged_by_reading_is_safe_under_every_single_fault() {
    is_safe(&request(Source::ChainRead), &[]);
}

#[test]
fn staged_by_uploading_is_safe_under_every_single_fault() {
    is_safe(&request(Source::Declared), &[]);
}

#[test]
fn read_through_is_safe_under_every_single_fault() {
    is_safe(&request(Source::ReadThrough), &[]);
}

#[test]
fn materialized_tails_are_safe_under_every_single_fault() {
    let mut request = request(Source::ChainRead);
    request.plan.lanes[0].materialize = true;
    is_safe(&request, &[]);
}

#[test]
fn a_preauthorised_commit_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.preauthorised = true;
    is_safe(&request, &[]);
}

#[test]
fn control_by_roles_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.lanes[0].control = Control::Roles {
        pauser: keccak256("PAUSER_ROLE"),
    };
    request.plan = addressed(request.plan);
    is_safe(&request, &[]);
}

#[test]
fn control_in_two_steps_is_safe_under_every_single_fault() {
    let mut request = request(Source::ReadThrough);
    request.plan.lanes[0].control = Control::Ownable2Step;
    request.plan = addressed(request.plan);
    is_safe(&request, &[]);
}

#[test]
fn a_legacy_that_thaws_is_found_and_found_again() {
    let mut request = request(Source::ReadThrough);
    request.hostile = true;
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
    assert_eq!((again.wrong, again.starts), (first.wrong.clone(), first.starts.clone()));
}

#[test]
fn a_budget_that_pays_for_an_undisturbed_run_only_is_found() {
    let mut request = request(Source::ReadThrough);
    request.policy.budget_wei = 1;
    let refused = check(&request, &mut |_| ()).expect_err("no budget at all");
    assert!(refused.to_string().contains("OverBudget") || !refused.to_string().is_empty());
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
    assert_eq!(serde_json::from_str::<OwnReport>(&json).expect("a report"), one);
}

#[test]
fn lists_of_faults_by_chance_end_well() {
    let mut request = request(Source::ChainRead);
    request.faults = 0;
    request.random = Some((7, 200));
    let report = run(&request);
    for finding in &report.findings {
        eprintln!("{finding:#?}");
    }
    assert_eq!(report.scenarios, 200);
    assert_eq!(report.findings, []);
}

#[test]
fn pairs_of_faults_end_well() {
    let mut request = request(Source::ChainRead);
    (request.holders, request.batches) = (4, 2);
    request.faults = 2;
    if std::env::var_os("SEALIFT_LONG").is_none() {
        eprintln!("shortened pairs_of_faults_end_well: SEALIFT_LONG is not set");
        request.shard = (11, 600);
    }
    let report = run(&request);
    for finding in &report.findings {
        eprintln!("{finding:#?}");
    }
    assert_eq!(report.findings, []);
}
