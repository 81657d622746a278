//! Tests of the manifest through its public interface.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml exempts test functions, not what they call"
)]

mod amount;
mod batch;
mod canonical;
mod csv;
mod entry;
mod heads;
mod holders;
mod parquet;

use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use sealift_manifest::holders::{Holder, Holders};

/// A holder whose account is a small number.
fn holder(account: u64, balance: u64) -> Holder {
    Holder {
        account: account_of(account),
        balance: U256::from(balance),
    }
}

fn account_of(number: u64) -> Address {
    Address::left_padding_from(&number.to_be_bytes())
}

fn holders(rows: impl IntoIterator<Item = (u64, u64)>) -> Holders {
    let rows = rows
        .into_iter()
        .map(|(account, balance)| holder(account, balance))
        .collect();
    Holders::from_rows(rows).unwrap()
}

/// `count` holders whose accounts and balances are spread over many lengths.
fn many(count: u64) -> Holders {
    holders((0..count).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15), 1 + i * i)))
}

/// Accounts from the whole space and from a small one, so that some neighbour each other.
fn any_account() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<[u8; 20]>().prop_map(Address::from),
        (0..64u64).prop_map(account_of),
        Just(Address::repeat_byte(0xff)),
    ]
}

/// Balances of every length up to `bits`, never zero.
fn any_balance(bits: usize) -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0..bits).prop_map(|(bytes, bit)| {
        let low = (U256::ONE << bit) - U256::ONE;
        (U256::ONE << bit) | (U256::from_be_bytes(bytes) & low)
    })
}

/// Lists of 1 to `max` holders with balances of up to `bits` bits.
fn any_holders(max: usize, bits: usize) -> impl Strategy<Value = Holders> {
    prop::collection::btree_map(any_account(), any_balance(bits), 1..=max).prop_map(|rows| {
        let rows = rows
            .into_iter()
            .map(|(account, balance)| Holder { account, balance });
        Holders::from_rows(rows.collect()).unwrap()
    })
}
