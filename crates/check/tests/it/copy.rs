//! The copy of a chain as a file.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_check::copy::{Copy, CopyError, Pinned};
use sealift_check::input::Scene;
use sealift_evm::{Known, SourceAccount};

const TOKEN: Address = Address::repeat_byte(0x11);
const NOBODY: Address = Address::repeat_byte(0x22);

fn copy() -> Copy {
    let token = Known {
        account: SourceAccount {
            nonce: 1,
            balance: U256::MAX,
            code: Bytes::from_static(&[0x60, 0x00]),
        },
        words: BTreeMap::from([(U256::ZERO, U256::ZERO), (U256::MAX, U256::from(7))]),
    };
    Copy {
        chain_id: 1,
        number: 20_000_000,
        timestamp_secs: 1_700_000_000,
        block_gas_limit: 45_000_000,
        pinned: Pinned {
            hash: B256::repeat_byte(3),
            gas_price_wei: 12_000_000_000,
            plan: B256::repeat_byte(4),
            lists: vec![B256::repeat_byte(5)],
        },
        known: BTreeMap::from([(TOKEN, token), (NOBODY, Known::default())]),
    }
}

#[test]
fn a_copy_is_read_as_it_was_written() {
    let bytes = copy().to_json();
    let read = Copy::read(&bytes).expect("a copy");
    assert_eq!(read, copy());
    assert_eq!(read.to_json(), bytes);
}

/// `sealift check --state` takes the file; there, zeros need not be said.
#[test]
fn a_copy_is_a_state_too() {
    let scene = Scene::read(&copy().to_json()).expect("a state");
    assert_eq!((scene.chain_id, scene.number), (1, 20_000_000));
    assert_eq!(scene.accounts[0].address, TOKEN);
    assert_eq!(scene.accounts[0].storage, [(U256::MAX, U256::from(7))]);
    let mut without = scene;
    without.accounts.clear();
    assert_eq!(without, copy().scene());
}

#[test]
fn other_files_are_refused() {
    let text = String::from_utf8(copy().to_json()).expect("JSON");
    let other = text.replacen("\"version\": 1", "\"version\": 2", 1);
    let read = |text: &str| Copy::read(text.as_bytes()).expect_err("no copy");
    assert!(matches!(read(&other), CopyError::Version(2)));
    assert!(matches!(read(&text[..text.len() / 2]), CopyError::Json(_)));
    assert!(matches!(read("{}"), CopyError::Json(_)));
}
