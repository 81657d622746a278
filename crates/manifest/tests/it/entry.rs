use alloy_primitives::{Address, U256, hex};
use proptest::prelude::*;
use sealift_manifest::{
    entry::{Entry, EntryError, Format, decode, encode},
    holders::Holder,
};

use crate::{account_of, any_holders, holder};

const FORMATS: [Format; 3] = [Format::Accounts, Format::Narrow, Format::Wide];

#[track_caller]
fn check(rows: &[Holder], format: Format, expected: &str) {
    assert_eq!(
        hex::encode(encode(rows, format).unwrap()),
        expected.replace([' ', '\n'], "")
    );
}

#[track_caller]
fn check_decode(data: &str, format: Format, expected: EntryError) {
    assert_eq!(
        decode(&hex::decode(data.replace(' ', "")).unwrap(), format),
        Err(expected)
    );
}

#[test]
fn the_layout_of_each_format() {
    let rows = [
        holder(1, 0xa1),
        Holder {
            account: Address::repeat_byte(0xee),
            balance: U256::from(1) << 80,
        },
    ];
    check(
        &rows,
        Format::Accounts,
        "0000000000000000000000000000000000000001 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
    );
    check(
        &rows,
        Format::Narrow,
        "0000000000000000000000000000000000000001 0000000000000000000000a1
         eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee 000100000000000000000000",
    );
    check(
        &rows,
        Format::Wide,
        "0000000000000000000000000000000000000000000000000000000000000001
         00000000000000000000000000000000000000000000000000000000000000a1
         000000000000000000000000eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee
         0000000000000000000000000000000000000000000100000000000000000000",
    );
}

#[test]
fn amounts_end_at_the_limit_of_the_format() {
    for (format, limit) in [
        (Format::Accounts, 208),
        (Format::Narrow, 96),
        (Format::Wide, 208),
    ] {
        let account = account_of(7);
        let largest = (U256::ONE << limit) - U256::ONE;
        let row = |balance| [Holder { account, balance }];
        assert!(encode(&row(largest), format).is_ok(), "{format:?}");
        let error = encode(&row(largest + U256::ONE), format).unwrap_err();
        let amount = largest + U256::ONE;
        assert_eq!(
            error,
            EntryError::AmountTooLarge {
                account,
                amount,
                bits: limit
            }
        );
    }
    let row = [Holder {
        account: account_of(7),
        balance: U256::ONE << 96,
    }];
    insta::assert_snapshot!(encode(&row, Format::Narrow).unwrap_err(), @"the amount 79228162514264337593543950336 of 0x0000000000000000000000000000000000000007 does not fit in 96 bits");
}

#[test]
fn rows_that_the_ledger_would_refuse_are_not_encoded() {
    for format in FORMATS {
        let error = |rows: &[Holder]| encode(rows, format).unwrap_err();
        assert_eq!(
            error(&[]),
            EntryError::Length {
                len: 0,
                entry_len: format.entry_len()
            }
        );
        let again = EntryError::NotAscending {
            account: account_of(2),
        };
        assert_eq!(error(&[holder(2, 1), holder(2, 1)]), again);
        assert_eq!(error(&[holder(3, 1), holder(2, 1)]), again);
        let zero = EntryError::ZeroAmount {
            account: account_of(3),
        };
        assert_eq!(error(&[holder(2, 1), holder(3, 0)]), zero);
    }
}

#[test]
fn bytes_that_the_ledger_would_refuse_are_not_decoded() {
    let one = "0000000000000000000000000000000000000001";
    let two = "0000000000000000000000000000000000000002";
    check_decode(
        "",
        Format::Accounts,
        EntryError::Length {
            len: 0,
            entry_len: 20,
        },
    );
    check_decode(
        &one[2..],
        Format::Accounts,
        EntryError::Length {
            len: 19,
            entry_len: 20,
        },
    );
    check_decode(
        one,
        Format::Narrow,
        EntryError::Length {
            len: 20,
            entry_len: 32,
        },
    );
    check_decode(
        &format!("{two}{one}"),
        Format::Accounts,
        EntryError::NotAscending {
            account: account_of(1),
        },
    );
    check_decode(
        &format!("{one}{one}"),
        Format::Accounts,
        EntryError::NotAscending {
            account: account_of(1),
        },
    );
    let zero = "00".repeat(12);
    check_decode(
        &format!("{one}{zero}"),
        Format::Narrow,
        EntryError::ZeroAmount {
            account: account_of(1),
        },
    );
    let amount = "11".repeat(32);
    check_decode(
        &format!("{}01{one}{amount}", "00".repeat(11)),
        Format::Wide,
        EntryError::Padding { index: 0 },
    );
    check_decode(
        &format!("{zero}{one}{amount}"),
        Format::Wide,
        EntryError::AmountTooLarge {
            account: account_of(1),
            amount: U256::from_be_bytes([0x11; 32]),
            bits: 208,
        },
    );
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(list in any_holders(30, 96)) {
        for format in FORMATS {
            let data = encode(list.rows(), format).unwrap();
            prop_assert_eq!(data.len(), list.len() * format.entry_len());
            let entries: Vec<Entry> = list
                .iter()
                .map(|row| Entry {
                    account: row.account,
                    amount: (format != Format::Accounts).then_some(row.balance),
                })
                .collect();
            prop_assert_eq!(decode(&data, format).unwrap(), entries);
        }
    }

    /// Whatever decodes is the one encoding of what it says.
    #[test]
    fn no_two_encodings_of_one_batch(list in any_holders(3, 208), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut data = encode(list.rows(), Format::Wide).unwrap().to_vec();
        let place = place.index(data.len());
        data[place] = byte;
        if let Ok(entries) = decode(&data, Format::Wide) {
            let rows: Vec<Holder> = entries
                .iter()
                .map(|entry| Holder { account: entry.account, balance: entry.amount.unwrap() })
                .collect();
            prop_assert_eq!(encode(&rows, Format::Wide).unwrap().to_vec(), data);
        }
    }
}
