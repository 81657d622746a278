//! What people have before and after, and the ledgers that follow from it.

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use alloy_sol_types::SolEvent;
use sealift_evm::Machine;

use super::ether::{Flow, flow};
use super::family::{Family, Held, Holdings, Standard, ids_of};
use super::sides::Sides;
use super::{Run, leftovers, rates};
use crate::fork::{Bytecode, Fork};
use crate::input::{Place, Scene, Step};
use crate::ledger::{Asset, Claim, IErc20, IErc1155, Ledger, Side};

/// Before and after, by person.
type Row<'a> = &'a [(u64, u64)];

fn token(name: &str, at: u8) -> Family {
    let contract = Address::repeat_byte(at);
    Family::token(Ledger::erc20(name.into(), contract, Side::Legacy))
}

fn collection(name: &str, at: u8, ids: &[u64]) -> Family {
    let contract = Address::repeat_byte(at);
    let ids: Vec<U256> = ids.iter().copied().map(U256::from).collect();
    let book = |id: &U256| {
        let name = format!("{name} #{id}");
        Ledger::erc721(name, contract, Side::Legacy, *id)
    };
    Family {
        books: ids.iter().map(book).collect(),
        ids,
        ..token(name, at)
    }
}

fn held((before, after): (u64, u64)) -> Held {
    let claim = |amount: u64| Claim {
        recorded: U256::from(amount),
        live: U256::from(amount),
        worth: U256::ZERO,
    };
    Held {
        before: claim(before),
        after: claim(after),
    }
}

/// The ledgers of families, whose books people hold like this, one line each, and the names of their assets.
#[track_caller]
fn check(families: &[Family], books: &[&[Row<'_>]], ether: Option<Flow>, expected: &[&str]) {
    let all = books.iter().map(|family| {
        let rows = family.iter();
        rows.map(|row| row.iter().copied().map(held).collect())
            .collect()
    });
    let holdings = Holdings::of_rows(all.collect());
    let sides = Sides::find(families, &holdings, ether.as_ref());
    let (ledgers, assets) = sides.ledgers(families, &holdings, ether.as_ref());
    let line = |ledger: &Ledger| {
        let side = format!("{:?}", ledger.side).to_lowercase();
        let asset = &assets[ledger.asset];
        let rate = match ledger.rate {
            (above, below) if below == U256::ONE => above.to_string(),
            (above, below) => format!("{above}/{below}"),
        };
        let slack = asset.tolerance;
        format!(
            "{side} {} at {rate} of {} +-{slack}",
            ledger.name, asset.name
        )
    };
    let found: Vec<String> = ledgers.iter().map(line).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_shrinks_is_paid_with_what_grows() {
    check(
        &[token("OLD", 1), token("NEW", 2)],
        &[&[&[(500, 0), (300, 0)]], &[&[(0, 50), (0, 30)]]],
        None,
        &[
            "legacy OLD at 1/10 of NEW +-1",
            "successor NEW at 1 of NEW +-1",
        ],
    );
}

/// Two migrations in one run are two assets: what somebody lacks of one is not made up for by the other.
#[test]
fn two_migrations_are_two_assets() {
    check(
        &[
            token("OLD", 1),
            token("RUST", 2),
            token("NEW", 3),
            token("FRESH", 4),
        ],
        &[
            &[&[(500, 0), (300, 0)]],
            &[&[(70, 0), (90, 0)]],
            &[&[(0, 500), (0, 300)]],
            &[&[(0, 140), (0, 180)]],
        ],
        None,
        &[
            "legacy OLD at 1 of NEW +-0",
            "legacy RUST at 2 of FRESH +-3",
            "successor NEW at 1 of NEW +-0",
            "successor FRESH at 1 of FRESH +-3",
        ],
    );
    // One holder alone: whole rates are those that were meant.
    check(
        &[
            token("OLD", 1),
            token("RUST", 2),
            token("NEW", 3),
            token("FRESH", 4),
        ],
        &[&[&[(500, 0)]], &[&[(70, 0)]], &[&[(0, 500)]], &[&[(0, 70)]]],
        None,
        &[
            "legacy OLD at 1 of NEW +-0",
            "legacy RUST at 1 of FRESH +-0",
            "successor NEW at 1 of NEW +-0",
            "successor FRESH at 1 of FRESH +-0",
        ],
    );
}

/// What nothing explains alone is one asset together.
#[test]
fn two_legacies_of_one_successor_are_one_asset() {
    check(
        &[token("V1", 1), token("V2", 2), token("V3", 3)],
        &[
            &[&[(5_000, 0), (1_000, 0), (0, 0)]],
            &[&[(700, 0), (0, 0), (400, 0)]],
            &[&[(0, 5_700), (0, 1_000), (0, 400)]],
        ],
        None,
        &[
            "legacy V1 at 1 of V3 +-0",
            "legacy V2 at 1 of V3 +-0",
            "successor V3 at 1 of V3 +-0",
        ],
    );
    // Two airdrops have nothing to do with each other.
    check(
        &[token("ONE", 1), token("TWO", 2)],
        &[&[&[(0, 5), (0, 6)]], &[&[(0, 7), (0, 7)]]],
        None,
        &[
            "successor ONE at 1 of ONE +-0",
            "successor TWO at 1 of TWO +-0",
        ],
    );
}

#[test]
fn what_is_copied_from_is_a_legacy() {
    check(
        &[token("OLD", 1), token("OTHER", 2), token("NEW", 3)],
        &[
            &[&[(500, 500), (300, 300)]],
            &[&[(1, 1), (7, 7)]],
            &[&[(0, 500), (0, 300)]],
        ],
        None,
        &[
            "legacy OLD at 1 of NEW +-0",
            "successor NEW at 1 of NEW +-0",
        ],
    );
    // Everybody has one: ids tell what amounts cannot.
    check(
        &[collection("Old", 1, &[1, 2]), collection("New", 2, &[1, 2])],
        &[
            &[&[(1, 1), (0, 0)], &[(0, 0), (1, 1)]],
            &[&[(0, 1), (0, 0)], &[(0, 0), (0, 1)]],
        ],
        None,
        &[
            "legacy Old #1 at 1 of New #1 +-0",
            "legacy Old #2 at 1 of New #2 +-0",
            "successor New #1 at 1 of New #1 +-0",
            "successor New #2 at 1 of New #2 +-0",
        ],
    );
}

/// Two collections with the same ids in one run: who had what tells them apart.
#[test]
fn ids_are_assets_of_their_own() {
    let gone: Row<'_> = &[(1, 0), (0, 0)];
    let gone_too: Row<'_> = &[(0, 0), (1, 0)];
    let come: Row<'_> = &[(0, 1), (0, 0)];
    let come_too: Row<'_> = &[(0, 0), (0, 1)];
    check(
        &[
            collection("A1", 1, &[1]),
            collection("B1", 2, &[1]),
            collection("A2", 3, &[1]),
            collection("B2", 4, &[1]),
        ],
        &[&[gone], &[gone_too], &[come], &[come_too]],
        None,
        &[
            "legacy A1 #1 at 1 of A2 #1 +-0",
            "legacy B1 #1 at 1 of B2 #1 +-0",
            "successor A2 #1 at 1 of A2 #1 +-0",
            "successor B2 #1 at 1 of B2 #1 +-0",
        ],
    );
}

/// Where ids are numbered anew, or are paid for with a token, they are counted.
#[test]
fn ids_that_have_no_counterpart_are_counted() {
    check(
        &[collection("Old", 1, &[1, 2]), collection("New", 2, &[8, 9])],
        &[
            &[&[(1, 0), (0, 0)], &[(0, 0), (1, 0)]],
            &[&[(0, 1), (0, 0)], &[(0, 0), (0, 1)]],
        ],
        None,
        &[
            "legacy Old #1 at 1 of New +-0",
            "legacy Old #2 at 1 of New +-0",
            "successor New #8 at 1 of New +-0",
            "successor New #9 at 1 of New +-0",
        ],
    );
    check(
        &[token("SHARD", 2), collection("Old", 1, &[1, 2])],
        &[
            &[&[(0, 100), (0, 100)]],
            &[&[(1, 0), (0, 0)], &[(0, 0), (1, 0)]],
        ],
        None,
        &[
            "legacy Old #1 at 100 of SHARD +-1",
            "legacy Old #2 at 100 of SHARD +-1",
            "successor SHARD at 1 of SHARD +-1",
        ],
    );
}

fn got(side: Side, received: &[u64]) -> Flow {
    Flow {
        side,
        received: received.iter().copied().map(U256::from).collect(),
        grew: received.iter().map(|wei| *wei > 0).collect(),
        funds: vec![false; received.len()],
    }
}

#[test]
fn ether_is_what_claims_are_paid_out_in() {
    let out: &[&[Row<'_>]] = &[&[&[(500, 0), (300, 0)]]];
    check(
        &[token("vault", 1)],
        out,
        Some(got(Side::Successor, &[500, 300])),
        &[
            "legacy vault at 1 of ether +-0",
            "successor ether at 1 of ether +-0",
        ],
    );
    // Out of one vault and into another one, of which a share is two wei.
    check(
        &[token("V1", 1), token("V2", 2)],
        &[&[&[(500, 0), (300, 0)]], &[&[(0, 250), (0, 150)]]],
        Some(got(Side::Wallet, &[500, 300])),
        &[
            "legacy V1 at 1/2 of V2 +-1",
            "successor V2 at 1 of V2 +-1",
            "wallet ether at 1/2 of V2 +-1",
        ],
    );
    // Who only passes ether on has nothing to do with it, unless the vault pays it out.
    let moved: &[&[Row<'_>]] = &[&[&[(500, 0), (0, 0)]], &[&[(0, 500), (0, 0)]]];
    check(
        &[token("V1", 1), token("V2", 2)],
        moved,
        Some(got(Side::Wallet, &[0, 9])),
        &["legacy V1 at 1 of V2 +-0", "successor V2 at 1 of V2 +-0"],
    );
    let paying = Family {
        pays: Some((U256::ONE, U256::from(3))),
        ..token("V1", 1)
    };
    check(
        &[paying, token("V2", 2)],
        moved,
        Some(got(Side::Wallet, &[0, 9])),
        &[
            "legacy V1 at 1 of V2 +-0",
            "successor V2 at 1 of V2 +-0",
            "wallet ether at 1/3 of V2 +-0",
        ],
    );
}

/// Who pays a fee in ether beside what it moves has less at the end: then its ether is not judged.
#[test]
fn ether_that_pays_fees_is_left_out() {
    let families = [token("V1", 1), token("V2", 2)];
    let rows = vec![vec![vec![held((500, 0))]], vec![vec![held((0, 500))]]];
    let holdings = Holdings::of_rows(rows);
    let successor = Ledger {
        side: Side::Successor,
        ..families[1].books[0].clone()
    };
    let wallet = Ledger::ether("ether".into(), Side::Wallet);
    let ledgers = [families[0].books[0].clone(), successor, wallet];
    let assets = [Asset::default()];
    let is_charged = |wei: [u64; 2]| {
        let judged = (&ledgers[..], &assets[..]);
        super::ether::is_charged(judged, &families, &holdings, |_| wei.map(U256::from))
    };
    assert!(is_charged([100, 99]));
    assert!(!is_charged([100, 100]));
    assert!(!is_charged([100, 101]));
}

/// The flow of ether in a run of one step of a sender, whose balances are these before and after.
#[track_caller]
fn check_flow(value: u64, balances: [(u64, u64); 2], expected: Option<(Side, [u64; 2])>) {
    let people = [Address::repeat_byte(1), Address::repeat_byte(2)];
    let mut start = Fork::of(&empty());
    let mut end = start.clone();
    for (who, (before, after)) in people.iter().zip(balances) {
        for (fork, balance) in [(&mut start, before), (&mut end, after)] {
            let account = sealift_evm::Account {
                balance: U256::from(balance),
                ..Default::default()
            };
            fork.set_account(*who, account);
        }
    }
    let step = Step {
        from: people[0],
        to: Some(Address::repeat_byte(9)),
        data: Bytes::new(),
        value: U256::from(value),
        gas: None,
        creates: None,
        place: Place {
            file: Default::default(),
            line: 1,
        },
    };
    let run = Run {
        forks: vec![start, end],
        logs: Vec::new(),
        paid: vec![people.to_vec()],
        failed: None,
    };
    let found = flow(&run, &[step], &people);
    let found = found.map(|flow| (flow.side, flow.received));
    let expected = expected.map(|(side, wei)| (side, wei.map(U256::from).to_vec()));
    assert_eq!(found, expected);
}

#[test]
fn ether_that_a_sender_pays_in_is_no_loss() {
    check_flow(10, [(100, 90), (0, 0)], None);
    check_flow(0, [(100, 120), (0, 0)], Some((Side::Successor, [20, 0])));
    check_flow(10, [(100, 90), (5, 15)], Some((Side::Successor, [0, 10])));
    // It got back what it paid in, and more.
    check_flow(10, [(100, 103), (0, 0)], Some((Side::Wallet, [13, 0])));
}

/// What stays behind in ether at a legacy that owes this before and after, and holds as much ether all the time.
#[track_caller]
fn check_left(owed: [u64; 2], held: u64, expected: &[&str]) {
    let legacy = Address::repeat_byte(7);
    let state = |owed: u64| {
        let mut fork = Fork::of(&empty());
        let account = sealift_evm::Account {
            balance: U256::from(held),
            ..Default::default()
        };
        fork.set_account(legacy, account);
        // It answers everything with its first word: SLOAD(0), MSTORE at 0, RETURN 32 bytes.
        let code = vec![0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
        fork.set_code(legacy, Bytecode::new_raw(code.into()));
        fork.set_word(legacy, U256::ZERO, U256::from(owed));
        fork
    };
    let run = Run {
        forks: owed.map(state).to_vec(),
        logs: Vec::new(),
        paid: vec![Vec::new()],
        failed: None,
    };
    let mut machine = Machine::new(1);
    let name = |_| "Vault".to_owned();
    let families = [Family::token(Ledger::erc20(
        String::new(),
        legacy,
        Side::Legacy,
    ))];
    let mut sides = Sides::default();
    sides.legacies.push(0);
    let known = leftovers::Found {
        run: &run,
        contracts: &[legacy],
        families: &families,
        holdings: &Holdings::of_rows(vec![vec![Vec::new()]]),
        sides: &sides,
    };
    let found = leftovers::find(&mut machine, known, &name);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn ether_without_a_claim_stays_behind() {
    let left = "Vault still holds 9 wei, which no step moves and no claim covers";
    check_left([5, 0], 9, &[left]);
    // What is still owed is covered by it, and a legacy that never owed anything is none of this.
    check_left([5, 3], 9, &[]);
    check_left([0, 0], 9, &[]);
    check_left([5, 0], 0, &[]);
}

fn empty() -> Scene {
    Scene {
        chain_id: 1,
        number: 0,
        timestamp_secs: 0,
        block_gas_limit: 0,
        accounts: Vec::new(),
    }
}

#[test]
fn ids_are_in_logs() {
    let word = |number: u64| B256::from(U256::from(number));
    let log = |topics: Vec<B256>, data: Vec<u8>| Log {
        address: Address::ZERO,
        data: LogData::new_unchecked(topics, data.into()),
    };
    let transfer = IErc20::Transfer::SIGNATURE_HASH;
    let plain = log(vec![transfer, word(1), word(2)], word(500).to_vec());
    assert_eq!(ids_of(&plain), (None, vec![]));
    let of_id = log(vec![transfer, word(1), word(2), word(7)], vec![]);
    assert_eq!(
        ids_of(&of_id),
        (Some(Standard::Erc721), vec![U256::from(7)])
    );
    let (operator, from, to) = (Address::ZERO, Address::ZERO, Address::ZERO);
    let ids = vec![U256::from(3), U256::from(4)];
    let batch = IErc1155::TransferBatch {
        operator,
        from,
        to,
        amounts: ids.clone(),
        ids: ids.clone(),
    };
    let batch = Log {
        address: Address::ZERO,
        data: batch.encode_log_data(),
    };
    assert_eq!(ids_of(&batch), (Some(Standard::Erc1155), ids));
}

#[test]
fn rates_are_whole_where_rounding_explains_it() {
    let pairs = |all: &[(u64, u64)]| -> Vec<(U256, U256)> {
        let all = all.iter().copied();
        all.map(|(old, new)| (U256::from(old), U256::from(new)))
            .collect()
    };
    let rate = |above: u64, below: u64| Some((U256::from(above), U256::from(below)));
    assert_eq!(rates::common(&pairs(&[(509, 50), (301, 30)])), rate(1, 10));
    assert_eq!(rates::common(&pairs(&[(5, 15), (7, 21)])), rate(3, 1));
    assert_eq!(rates::common(&pairs(&[(5, 15), (7, 0)])), None);
    assert_eq!(rates::common(&pairs(&[(500, 100), (700, 300)])), None);
    assert_eq!(rates::common(&[]), None);
}
