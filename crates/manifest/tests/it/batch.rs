use alloy_primitives::{B256, U256, keccak256};
use proptest::prelude::*;
use sealift_manifest::{
    batch::{self, BatchError, Batches, Commitment, Staging},
    entry::{EntryError, Format, encode},
    holders::Holder,
};

use crate::{account_of, any_holders, holder, many};

const FORMATS: [Format; 3] = [Format::Accounts, Format::Narrow, Format::Wide];

fn staging() -> Staging {
    Staging {
        id: keccak256("id"),
        lane: 2,
        generation: 7,
    }
}

#[test]
fn ranges_cover_the_list() {
    let list = many(10);
    #[track_caller]
    fn check(batches: Batches, expected: &[std::ops::Range<usize>]) {
        assert_eq!(batches.iter().collect::<Vec<_>>(), expected);
        assert_eq!(batches.len(), expected.len());
        for (index, range) in expected.iter().enumerate() {
            assert_eq!(batches.range(index).as_ref(), Some(range));
        }
        assert_eq!(batches.range(expected.len()), None);
        assert_eq!(batches.range(usize::MAX), None);
    }
    check(Batches::split(&list, 4).unwrap(), &[0..4, 4..8, 8..10]);
    check(Batches::split(&list, 5).unwrap(), &[0..5, 5..10]);
    check(
        Batches::split(&list, 10).unwrap(),
        std::slice::from_ref(&(0..10)),
    );
    check(
        Batches::split(&list, usize::MAX).unwrap(),
        std::slice::from_ref(&(0..10)),
    );
    assert_eq!(Batches::split(&list, 0), Err(BatchError::ZeroSize));
}

#[test]
fn an_amount_that_does_not_fit_names_its_account() {
    let account = account_of(u64::MAX);
    let amount = U256::ONE << 100;
    let list = many(5000)
        .apply([Holder {
            account,
            balance: amount,
        }])
        .unwrap();
    let error = EntryError::AmountTooLarge {
        account,
        amount,
        bits: 96,
    };
    let batches = Batches::split(&list, 300).unwrap();
    assert_eq!(
        batches.commitments(&list, Format::Narrow, staging()),
        Err(error)
    );
    assert!(batches.commitments(&list, Format::Wide, staging()).is_ok());
}

#[test]
#[should_panic(expected = "the list is not the one that was cut")]
fn batches_of_another_list_are_refused() {
    let list = many(10);
    let batches = Batches::split(&list, 4).unwrap();
    let _ = batches.digests(&list.apply([holder(1, 1)]).unwrap(), Format::Narrow);
}

/// The definition, step by step: `abi.encode` of static values is their words one after another.
fn model(
    list: &sealift_manifest::holders::Holders,
    size: usize,
    format: Format,
    Staging {
        id,
        lane,
        generation,
    }: Staging,
) -> Vec<Commitment> {
    let word = |number: u64| B256::from(U256::from(number));
    let mut head = keccak256([id, word(lane), word(generation.into())].concat());
    let mut first_row = 0;
    let mut commitments = Vec::new();
    for (index, rows) in list.rows().chunks(size).enumerate() {
        let data_hash = keccak256(encode(rows, format).unwrap());
        let sum: U256 = rows.iter().map(|row| row.balance).sum();
        let count = rows.len() as u64;
        let words = [
            head,
            id,
            word(lane),
            word(index as u64),
            word(count),
            sum.into(),
            data_hash,
        ];
        head = keccak256(words.concat());
        let index = index as u32;
        commitments.push(Commitment {
            index,
            first_row,
            count,
            sum,
            data_hash,
            head,
        });
        first_row += count;
    }
    commitments
}

/// Above the size from which two threads hash, at sizes that divide the list and that do not.
#[test]
fn two_threads_find_what_one_finds() {
    let list = many(5001);
    for size in [1, 7, 500, 1667, 2500, 2501, 5000, 5001, 6000] {
        let batches = Batches::split(&list, size).unwrap();
        let found = batches
            .commitments(&list, Format::Narrow, staging())
            .unwrap();
        assert_eq!(
            found,
            model(&list, size, Format::Narrow, staging()),
            "{size}"
        );
    }
}

#[test]
fn a_restart_uses_the_digests_again() {
    let list = many(50);
    let batches = Batches::split(&list, 8).unwrap();
    let digests = batches.digests(&list, Format::Wide).unwrap();
    let next = Staging {
        generation: 8,
        ..staging()
    };
    let expected = batches.commitments(&list, Format::Wide, next).unwrap();
    assert_eq!(batch::chain(next, &digests), expected);
    assert_ne!(
        batch::chain(staging(), &digests).last().unwrap().head,
        expected[6].head
    );
    assert_eq!(
        batch::digest(&list.rows()[8..16], Format::Wide).unwrap(),
        digests[1]
    );
}

/// The last head of a list with one defect.
fn final_head(rows: &[&[Holder]], staging: Staging) -> B256 {
    let digests: Vec<_> = rows
        .iter()
        .map(|rows| batch::digest(rows, Format::Narrow).unwrap())
        .collect();
    batch::chain(staging, &digests).last().unwrap().head
}

#[test]
fn a_missing_partial_repeated_or_reordered_batch_changes_the_head() {
    let list = many(12);
    let (a, rest) = list.rows().split_at(4);
    let (b, c) = rest.split_at(4);
    let heads = [
        final_head(&[a, b, c], staging()),
        final_head(&[a, b], staging()),
        final_head(&[a, c], staging()),
        final_head(&[a, b, &c[..3]], staging()),
        final_head(&[a, b, b, c], staging()),
        final_head(&[b, a, c], staging()),
        final_head(&[&list.rows()[..8], c], staging()),
        final_head(
            &[a, b, c],
            Staging {
                id: keccak256("other"),
                ..staging()
            },
        ),
        final_head(
            &[a, b, c],
            Staging {
                lane: 3,
                ..staging()
            },
        ),
        final_head(
            &[a, b, c],
            Staging {
                generation: 8,
                ..staging()
            },
        ),
    ];
    let distinct: std::collections::BTreeSet<_> = heads.iter().collect();
    assert_eq!(distinct.len(), heads.len());
}

proptest! {
    #[test]
    fn commitments_follow_the_definition(list in any_holders(60, 96), size in 1..70usize) {
        for format in FORMATS {
            let batches = Batches::split(&list, size).unwrap();
            let found = batches.commitments(&list, format, staging()).unwrap();
            prop_assert_eq!(&found, &model(&list, size, format, staging()));
            prop_assert_eq!(found.iter().map(|batch| batch.sum).sum::<U256>(), list.sum());
        }
    }
}
