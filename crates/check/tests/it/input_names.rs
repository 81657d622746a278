//! Names of addresses, and whose name wins.

use std::path::Path;

use alloy_primitives::{Address, address};
use proptest::prelude::*;
use sealift_check::input::{NameError, Names, broadcast};

const DEV_1: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const POINTS: Address = address!("0xe7f1725e7734ce288f8367e1bb143e90bb3f0512");
const POINTS_2: Address = address!("0xd15ca1420584ac68b35f7fbc77282cba33cecfb1");
const MAKER: Address = address!("0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9");

fn of_the_script() -> Names {
    let text = include_str!("../fixtures/run-latest.json");
    let mut names = Names::new();
    names.add_broadcast(&broadcast::read(text, Path::new("run-latest.json")).unwrap());
    names
}

#[test]
fn accounts_of_anvil() {
    let names = Names::new();
    assert_eq!(names.address("dev1"), Ok(DEV_1));
    assert_eq!(names.name(DEV_1).as_deref(), Some("dev1"));
    let last = address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720");
    assert_eq!(names.address("dev9"), Ok(last));
    assert!(names.address("dev10").is_err());
}

#[test]
fn an_address_without_a_name_is_shortened() {
    let names = Names::new();
    assert_eq!(names.name(MAKER), None);
    assert_eq!(names.show(MAKER), "0xcf7e..0fc9");
    assert_eq!(names.show(DEV_1), "dev1");
}

#[test]
fn contracts_of_one_name_are_counted() {
    let names = of_the_script();
    assert_eq!(names.address("Maker"), Ok(MAKER));
    assert_eq!(names.address("Points#2"), Ok(POINTS_2));
    assert_eq!(names.show(POINTS), "Points#1");
    assert_eq!(names.show(POINTS_2), "Points#2");
    let error = names.address("Points").unwrap_err();
    assert!(matches!(&error, NameError::Ambiguous { candidates, .. } if candidates.len() == 3));
    assert_eq!(error.to_string(), "`Points` is the name of 3 contracts");
    for wrong in ["Points#0", "Points#4", "Points#x", "Points#", "#1", ""] {
        let error = names.address(wrong).unwrap_err();
        assert!(matches!(error, NameError::Unknown { .. }), "{wrong}");
    }
    // One contract may be counted too.
    assert_eq!(names.address("Maker#1"), Ok(MAKER));
}

#[test]
fn a_declared_name_wins() {
    let mut names = of_the_script();
    names.declare("ALICE", DEV_1);
    names.declare("Points", POINTS_2);
    assert_eq!(names.show(DEV_1), "ALICE");
    assert_eq!(names.address("dev1"), Ok(DEV_1));
    assert_eq!(names.address("Points"), Ok(POINTS_2));
    assert_eq!(names.show(POINTS_2), "Points");
    // Its name went to another contract.
    assert_eq!(names.show(POINTS), "0xe7f1..0512");
    names.add_artifact("Points", POINTS);
    names.add_artifact("Artifact", MAKER);
    assert_eq!(names.show(POINTS), "0xe7f1..0512");
    assert_eq!(names.show(MAKER), "Maker");
    assert_eq!(names.address("Artifact"), Ok(MAKER));
    names.declare("second", DEV_1);
    assert_eq!(names.show(DEV_1), "ALICE");
    assert_eq!(names.address("second"), Ok(DEV_1));
}

#[test]
fn the_nearest_name() {
    let mut names = of_the_script();
    names.declare("migrator", POINTS);
    for (written, nearest) in [
        ("maker", Some("Maker")),
        ("Migrater", Some("migrator")),
        ("zzz", None),
    ] {
        let Err(NameError::Unknown { nearest: found, .. }) = names.address(written) else {
            panic!("{written} is known");
        };
        assert_eq!(found.as_deref(), nearest, "{written}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_can_be_written(
        given in proptest::collection::vec((0..3_u8, "[a-c]", 0..4_u8), 0..12),
    ) {
        let mut names = Names::new();
        for (source, name, at) in given {
            let at = Address::with_last_byte(at);
            match source {
                0 => names.declare(&name, at),
                _ => names.add_artifact(&name, at),
            }
        }
        for at in (0..4).map(Address::with_last_byte) {
            if let Some(name) = names.name(at) {
                prop_assert_eq!(names.address(&name), Ok(at));
            }
        }
    }
}
