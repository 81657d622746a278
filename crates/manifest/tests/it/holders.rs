use std::collections::BTreeMap;

use alloy_primitives::{B256, U256, address, b256, keccak256};
use proptest::prelude::*;
use sealift_manifest::holders::{Holder, Holders, HoldersError};

use crate::{account_of, any_account, any_balance, any_holders, holder, holders, many};

#[track_caller]
fn check(rows: &[(u64, u64)], expected: Result<&[(u64, u64)], HoldersError>) {
    let rows = rows
        .iter()
        .map(|&(account, balance)| holder(account, balance))
        .collect();
    let expected = expected.map(|rows| holders(rows.iter().copied()));
    assert_eq!(Holders::from_rows(rows), expected);
}

#[test]
fn a_list_is_sorted_and_keeps_the_zero_address() {
    check(&[(3, 30), (0, 5), (2, 20)], Ok(&[(0, 5), (2, 20), (3, 30)]));
    let list = holders([(3, 30), (0, 5), (2, 20)]);
    assert_eq!(list.rows(), [holder(0, 5), holder(2, 20), holder(3, 30)]);
    assert_eq!(list.sum(), U256::from(55));
    assert_eq!(list.len(), 3);
    assert_eq!(list.get(&account_of(2)), Some(U256::from(20)));
    assert_eq!(list.get(&account_of(1)), None);
}

#[test]
fn accounts_are_compared_over_all_their_bytes() {
    let low = address!("0x00000000000000000000000000000000ffffffff");
    let high = address!("0x0000000000000000000000000000000100000000");
    let rows = [high, low].map(|account| Holder {
        account,
        balance: U256::ONE,
    });
    let list = Holders::from_rows(rows.to_vec()).unwrap();
    assert_eq!(
        list.iter().map(|row| row.account).collect::<Vec<_>>(),
        [low, high]
    );
}

#[test]
fn a_list_that_breaks_a_rule_is_refused() {
    check(&[], Err(HoldersError::Empty));
    check(
        &[(2, 1), (1, 0)],
        Err(HoldersError::ZeroBalance {
            account: account_of(1),
        }),
    );
    check(
        &[(2, 1), (1, 9), (2, 1)],
        Err(HoldersError::Duplicate {
            account: account_of(2),
        }),
    );
    let rows = vec![
        holder(1, 1),
        Holder {
            account: account_of(2),
            balance: U256::MAX,
        },
    ];
    let overflow = HoldersError::SumOverflow {
        account: account_of(2),
    };
    assert_eq!(Holders::from_rows(rows), Err(overflow));
}

#[test]
fn the_sum_may_be_the_largest_number() {
    let rows = vec![
        holder(1, 1),
        Holder {
            account: account_of(2),
            balance: U256::MAX - U256::ONE,
        },
    ];
    assert_eq!(Holders::from_rows(rows).unwrap().sum(), U256::MAX);
}

#[test]
fn changes_set_remove_and_insert() {
    let before = holders([(1, 10), (2, 20), (3, 30)]);
    let after = before
        .apply([holder(4, 40), holder(2, 0), holder(1, 11), holder(9, 0)])
        .unwrap();
    assert_eq!(after, holders([(1, 11), (3, 30), (4, 40)]));
    assert_eq!(before.apply([]).unwrap(), before);
}

#[test]
fn changes_that_break_a_rule_are_refused() {
    let before = holders([(1, 10)]);
    assert_eq!(before.apply([holder(1, 0)]), Err(HoldersError::Empty));
    let twice = HoldersError::Duplicate {
        account: account_of(5),
    };
    assert_eq!(
        before.apply([holder(5, 1), holder(6, 1), holder(5, 1)]),
        Err(twice)
    );
    let change = Holder {
        account: account_of(5),
        balance: U256::MAX,
    };
    let overflow = HoldersError::SumOverflow {
        account: account_of(5),
    };
    assert_eq!(before.apply([change]), Err(overflow));
}

/// The expected digests come from an independent implementation of Keccak-256 in Python.
#[test]
fn digests_are_keccak_over_canonical_rows() {
    let rows = vec![
        Holder {
            account: account_of(0),
            balance: U256::ONE,
        },
        Holder {
            account: address!("0x1111111111111111111111111111111111111111"),
            balance: U256::from(10).pow(U256::from(18)),
        },
        Holder {
            account: address!("0xffffffffffffffffffffffffffffffffffffffff"),
            balance: U256::ONE << 200,
        },
    ];
    let list = Holders::from_rows(rows).unwrap();
    let digest = b256!("0xddc6916aed7c7f7305a158c65de1315aa18ac4a98481a07b5556a9a60aae4a7b");
    assert_eq!(list.digest(), digest);
    assert_eq!(list.digest_range(0..3), digest);
    let tail = b256!("0x8c26a78f8044eac580a0941027f250cc88c7e4a7bf5fcb493828550767e1a452");
    assert_eq!(list.digest_range(1..3), tail);
    assert_eq!(list.digest_range(2..2), keccak256([]));

    let thousand = holders((0..1000).map(|i| (i + 1, i * i + 1)));
    let digest = b256!("0x64a4cdbba2e76d314ca4e05f367be9f4833276e02694b27b6e7cab1983f63ba9");
    assert_eq!(thousand.digest(), digest);
}

#[test]
fn every_account_and_every_balance_enters_the_digest() {
    let list = many(300);
    let mut seen = vec![list.digest()];
    for place in [0, 127, 128, 299] {
        let Holder { account, balance } = list.rows()[place];
        let change = Holder {
            account,
            balance: balance + U256::ONE,
        };
        seen.push(list.apply([change]).unwrap().digest());
        let change = Holder {
            account,
            balance: U256::ZERO,
        };
        seen.push(list.apply([change]).unwrap().digest());
    }
    let distinct: std::collections::BTreeSet<B256> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len());
}

fn map_of(list: &Holders) -> BTreeMap<alloy_primitives::Address, U256> {
    list.iter().map(|row| (row.account, row.balance)).collect()
}

proptest! {
    #[test]
    fn apply_agrees_with_a_map(
        before in any_holders(40, 200),
        fresh in prop::collection::btree_map(any_account(), any_balance(200), 0..20),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any_balance(200)), 0..20),
    ) {
        let mut changes = fresh;
        for (pick, remove, balance) in picks {
            let account = pick.get(before.rows()).account;
            changes.insert(account, if remove { U256::ZERO } else { balance });
        }
        let mut model = map_of(&before);
        for (&account, &balance) in &changes {
            if balance.is_zero() {
                model.remove(&account);
            } else {
                model.insert(account, balance);
            }
        }
        // Against the order of the map, so that apply has to sort.
        let changes = changes.into_iter().rev().map(|(account, balance)| Holder { account, balance });
        match before.apply(changes) {
            Ok(after) => {
                prop_assert_eq!(map_of(&after), model);
                prop_assert!(after.rows().is_sorted_by(|a, b| a.account < b.account));
                prop_assert_eq!(after.sum(), after.iter().map(|row| row.balance).sum::<U256>());
            }
            Err(error) => {
                prop_assert_eq!(error, HoldersError::Empty);
                prop_assert!(model.is_empty());
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(list in any_holders(40, 200), seed in any::<u64>()) {
        let mut rows = list.rows().to_vec();
        rows.sort_by_key(|row| keccak256([row.account.as_slice(), &seed.to_be_bytes()].concat()));
        prop_assert_eq!(Holders::from_rows(rows).unwrap(), list);
    }

    #[test]
    fn digests_of_ranges_are_those_of_the_rows(list in any_holders(300, 200), at in any::<prop::sample::Index>()) {
        let cut = at.index(list.len());
        for range in [0..cut, cut..list.len()] {
            let bytes: Vec<u8> = list.rows()[range.clone()].iter().flat_map(Holder::row).collect();
            prop_assert_eq!(list.digest_range(range), keccak256(bytes));
        }
    }
}
