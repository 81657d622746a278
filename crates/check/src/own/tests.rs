//! What goes wrong inside transactions, seen from where it is tried.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256, keccak256};
use sealift_engine::contracts;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::Plan;
use sealift_protocol::event::BlockId;
use sealift_protocol::plan::{Control, LanePlan, Roles, Snapshot, Source};

use super::faults::{Fault, Kind};
use super::inside::{Before, Inside};
use super::pairs::Search;
use super::workers::Workers;
use super::world::World;
use super::{OwnRequest, id, parse};

fn account(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// A small migration of a token somewhere.
pub(super) fn request(source: Source) -> OwnRequest {
    let row = |number: u8| Holder {
        account: Address::repeat_byte(number),
        balance: U256::from(number),
    };
    let list = Holders::from_rows((1..=4).map(row).collect()).expect("distinct accounts");
    let lane = LanePlan {
        legacy: account("legacy"),
        legacy_code_hash: B256::ZERO,
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
                hash: B256::ZERO,
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
    let mut plan = Plan {
        version: 1,
        chain_id: 1,
        genesis: B256::ZERO,
        nonce: B256::ZERO,
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
    };
    let init = contracts::migration_init(plan.roles.owner);
    plan.migration = contracts::address_of(plan.nonce, &init);
    let (guard, ledger) = contracts::init_codes(&plan).lanes.remove(0);
    plan.lanes[0].guard = contracts::address_of(plan.nonce, &guard);
    plan.lanes[0].ledger = contracts::address_of(plan.nonce, &ledger);
    let mut request = OwnRequest::new(plan, vec![list]);
    (request.holders, request.batches) = (4, 2);
    request
}

fn inside(request: &OwnRequest) -> (Vec<Inside>, BTreeSet<B256>) {
    let world = World::build(request).expect("a world");
    let workers = Workers::new(&world, request).expect("a place");
    let search = Search::new(&world, request, &workers, request.kinds());
    let recorded = search.undisturbed().expect("a run");
    let made = |before: &Before| before.node.clone().mine().hash;
    let undisturbed = recorded.blocks.iter().map(made).collect();
    (recorded.story.census.inside, undisturbed)
}

/// The hook does something: no disturbed transaction leaves the block that it leaves undisturbed.
#[test]
fn every_disturbance_makes_another_block() {
    for source in [Source::ReadThrough, Source::ChainRead, Source::Declared] {
        let mut request = request(source);
        request.hostile = true;
        let is_inside = |kind: &Kind| kind.is_inside();
        request.kinds = Some(Kind::all().filter(is_inside).collect());
        let (inside, undisturbed) = inside(&request);
        let kinds: BTreeSet<Kind> = inside.iter().map(|inside| inside.kind).collect();
        assert_eq!(kinds.len(), 6, "{source:?}: {kinds:?}");
        assert!(undisturbed.len() > 5, "{undisturbed:?}");
        for one in &inside {
            assert!(!undisturbed.contains(&one.leaves), "{source:?}: {one:?}");
        }
    }
}

#[test]
fn places_inside_transactions_are_written_and_read() {
    let text = "evm.call-reverts@7.3+evm.call-reenters@7.3.12+evm.gas-cut@2.184467";
    let faults = parse(text).expect("faults");
    assert_eq!(id(&faults), text);
    let sites: Vec<u64> = faults.iter().map(|fault| fault.site).collect();
    let at = |transaction: u64, detail: u64| transaction << 40 | detail;
    assert_eq!(sites, [at(7, 3 << 16), at(7, 3 << 16 | 12), at(2, 184_467)]);
    let later = Fault {
        site: faults[1].kind.beyond(faults[1].site, 2),
        ..faults[1]
    };
    assert_eq!(later.to_string(), "evm.call-reenters@9.3.12");
    for wrong in [
        "evm.call-reverts@7",
        "evm.call-reverts@7.3.1",
        "evm.call-reverts@7.x",
        "evm.call-reenters@7.3.65536",
        "evm.gas-cut@16777216.1",
        "executor.crash-after@7.3",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
