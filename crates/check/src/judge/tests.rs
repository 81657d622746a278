//! Standings of accounts, and what is an end.

use super::*;
use crate::fork::Fork;
use crate::input::Scene;
use crate::ledger::Asset;
use crate::model::Record;

/// The standings of a state in which accounts can move this much in each ledger; at the start and at the end
/// it is that much.
#[track_caller]
fn check(
    ledgers: &[(Side, usize)],
    [start, end, now]: [&[&[u64]]; 3],
    expected: &[(usize, [u64; 2])],
) {
    let claims = |rows: &[&[u64]]| {
        let claim = |amount: &u64| Claim {
            recorded: U256::from(*amount),
            live: U256::from(*amount),
            worth: U256::ZERO,
        };
        Claims::of_rows(rows.iter().map(|row| row.iter().map(claim).collect()))
    };
    let ledger = |(side, asset): &(Side, usize)| Ledger {
        asset: *asset,
        ..Ledger::erc20(String::new(), Address::ZERO, *side)
    };
    let ledgers: Vec<Ledger> = ledgers.iter().map(ledger).collect();
    let accounts: Vec<Address> = (1..=now.len() as u8).map(Address::repeat_byte).collect();
    let scene = Scene {
        chain_id: 1,
        number: 0,
        timestamp_secs: 0,
        block_gas_limit: 0,
        accounts: Vec::new(),
    };
    let assets = ledgers
        .iter()
        .map(|ledger| ledger.asset)
        .max()
        .unwrap_or_default()
        + 1;
    let subject = Subject {
        start: Fork::of(&scene),
        steps: Vec::new(),
        groups: (0..ledgers.len()).collect(),
        ledgers: ledgers.clone(),
        accounts: accounts.clone(),
        assets: vec![Asset::default(); assets],
        contracts: Vec::new(),
        custodians: Vec::new(),
        resume: Vec::new(),
        wait_secs: 0,
        recovery: Vec::new(),
        actions: Vec::new(),
        hostile: Vec::new(),
        tokens: Vec::new(),
        operator: Vec::new(),
        wealth: Vec::new(),
        allowances: Vec::new(),
        off: Vec::new(),
    };
    let baseline = Baseline::new(&subject, claims(start), claims(end));
    let judge = Judge {
        subject: &subject,
        ledgers: &ledgers,
        accounts: &accounts,
        judged: accounts.len(),
        baseline: &baseline,
    };
    let claims = claims(now);
    let tally = judge.tally(&claims);
    let node = Node {
        fork: subject.start.clone(),
        may_wait: true,
        waits: 1,
        fruitless: 0,
        record: Record::new(0),
        shift: Default::default(),
        lost: None,
        given: U256::ZERO,
        excused: Default::default(),
        touched: None,
        stranger: 0,
        trail: Vec::new(),
        claims: claims.clone(),
        tally: tally.clone().into(),
        apart: None,
        faults: 0,
        sent: 0,
        parent: None,
    };
    let found = judge.assess(&node);
    let short_and_over = found.standings.iter().map(|(asset, standing)| {
        let figures = [standing.short, standing.over];
        (*asset, figures.map(|figure| figure.to::<u64>()))
    });
    assert_eq!(short_and_over.collect::<Vec<_>>(), expected);
    assert!(!found.goal || expected.is_empty());
    // What is taken and added again account by account is what was there.
    let all: Vec<usize> = (0..accounts.len()).collect();
    let back = judge.retally(&tally, &claims, &baseline.end, &all);
    assert_eq!(back, judge.tally(&baseline.end));
}

/// Each has as many as before, and neither the one that is due to it.
#[test]
fn swapped_ids_are_short_and_over_each() {
    let books = [
        (Side::Legacy, 0),
        (Side::Legacy, 1),
        (Side::Successor, 0),
        (Side::Successor, 1),
    ];
    let start: &[&[u64]] = &[&[1, 0, 0, 0], &[0, 1, 0, 0]];
    let end: &[&[u64]] = &[&[0, 0, 1, 0], &[0, 0, 0, 1]];
    let swapped: &[&[u64]] = &[&[0, 0, 0, 1], &[0, 0, 1, 0]];
    check(&books, [start, end, swapped], &[(0, [1, 1]), (1, [1, 1])]);
    check(&books, [start, end, end], &[]);
    // One asset would not see it.
    let counted = books.map(|(side, _)| (side, 0));
    check(&counted, [start, end, swapped], &[]);
}

/// Too much of one thing does not make up for what lacks of another.
#[test]
fn assets_are_not_summed_up() {
    let books = [(Side::Successor, 0), (Side::Successor, 1)];
    let none: &[&[u64]] = &[&[0, 0]];
    let end: &[&[u64]] = &[&[500, 500]];
    check(
        &books,
        [none, end, &[&[400, 600]]],
        &[(0, [100, 0]), (1, [0, 100])],
    );
    let one = [(Side::Wallet, 0), (Side::Wallet, 0)];
    check(&one, [none, end, &[&[400, 600]]], &[]);
}
