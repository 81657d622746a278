//! One suite for every storage.

use alloy_primitives::B256;
use sealift_journal::frame::MAX_GROUP_RECORDS;
use sealift_journal::{
    AppendError, Fault, Faulty, Frame, Journal, Memory, Record, Recovery, Sqlite, Storage,
    StorageError, inspect, verify,
};

use crate::sample::{binding, groups};

#[test]
fn memory() {
    suite(|| {
        let memory = Memory::default();
        move || memory.clone()
    });
}

#[test]
fn sqlite() {
    suite(|| {
        let dir = tempfile::tempdir().unwrap();
        move || Sqlite::open(&dir.path().join("journal.sqlite")).unwrap()
    });
}

#[test]
fn boxed() {
    suite(|| {
        let memory = Memory::default();
        move || Box::new(memory.clone()) as Box<dyn Storage>
    });
}

#[test]
fn faulty_without_a_fault() {
    suite(|| {
        let memory = Memory::default();
        move || Faulty::new(memory.clone(), Fault::None)
    });
}

/// `make` makes an empty medium and returns what opens another handle to it.
fn suite<S: Storage, O: Fn() -> S>(make: impl Fn() -> O) {
    an_empty_medium_is_an_empty_journal(&make());
    what_is_appended_is_read_back(&make());
    pages_are_joined(&make());
    a_later_claim_fences_the_earlier(&make());
    order_is_kept(&make());
    a_group_is_all_or_none(&make());
    a_cut_is_durable_and_fenced(&make());
    a_journal_begins_once(&make());
    too_much_is_refused(&make());
}

fn an_empty_medium_is_an_empty_journal<S: Storage>(open: &impl Fn() -> S) {
    assert_eq!(open().read(0, 10).unwrap(), []);
    assert_eq!(open().acknowledged().unwrap(), None);
    for epoch in 1..4 {
        let (journal, records, recovery) = Journal::open(open(), &binding()).unwrap();
        assert_eq!((records.len(), recovery), (0, Recovery::Empty));
        assert!(journal.is_empty());
        assert_eq!(
            (journal.len(), journal.epoch(), journal.head()),
            (0, epoch, None)
        );
    }
    let report = verify(&mut open()).unwrap();
    assert_eq!((report.count, report.head, report.binding), (0, None, None));
}

fn what_is_appended_is_read_back<S: Storage>(open: &impl Fn() -> S) {
    let groups = groups(3);
    let all: Vec<Record> = groups.concat();
    // A new executor for every group.
    for (epoch, group) in groups.iter().enumerate() {
        let (mut journal, before, recovery) = Journal::open(open(), &binding()).unwrap();
        assert_eq!(before, all[..before.len()]);
        assert_eq!(recovery == Recovery::Empty, epoch == 0);
        journal.append(group).unwrap();
        journal.append(&[]).unwrap();
        assert_eq!(journal.len(), (before.len() + group.len()) as u64);
        let acknowledged = journal.head();
        assert_eq!(journal.into_storage().acknowledged().unwrap(), acknowledged);
    }
    let (records, report) = inspect(&mut open()).unwrap();
    assert_eq!(records, all);
    assert_eq!(report.count, all.len() as u64);
    assert_eq!(report.binding, Some(binding()));
    assert_eq!(report.epochs.len(), groups.len());
    assert_eq!(report.kinds.values().sum::<u64>(), report.count);
    assert_eq!(report.kinds["signed"], 3);
    let mut next = 0;
    for (span, group) in report.epochs.iter().zip(&groups) {
        assert_eq!(
            (span.first, span.last),
            (next, next + group.len() as u64 - 1)
        );
        next = span.last + 1;
    }
    assert_eq!(open().acknowledged().unwrap(), report.head);
}

fn pages_are_joined<S: Storage>(open: &impl Fn() -> S) {
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    // Groups across the border of a page of 1024, and a record exactly at it.
    for size in [1000, 23, 1, 1, 2000, 47] {
        journal.append(&vec![Record::AbortRequested; size]).unwrap();
    }
    let head = journal.head();
    let (journal, records, recovery) = Journal::open(open(), &binding()).unwrap();
    assert_eq!((records.len(), recovery), (3073, Recovery::Resumed));
    assert_eq!(journal.head(), head);
    let frames = open().read(1020, 10).unwrap();
    assert!(frames.iter().map(|frame| frame.sequence).eq(1020..1030));
    assert_eq!(open().read(3073, 10).unwrap(), []);
}

fn a_later_claim_fences_the_earlier<S: Storage>(open: &impl Fn() -> S) {
    let (mut old, ..) = Journal::open(open(), &binding()).unwrap();
    old.append(&[Record::Began(binding())]).unwrap();
    let (mut new, records, _) = Journal::open(open(), &binding()).unwrap();
    assert_eq!((new.epoch(), records.len()), (old.epoch() + 1, 1));
    let error = old.append(&[Record::AbortRequested]).unwrap_err();
    assert!(error.is_fenced(), "{error:?}");
    assert!(matches!(
        old.append(&[Record::AbortRequested]),
        Err(AppendError::Poisoned)
    ));
    new.append(&[Record::AbortRequested]).unwrap();
    assert_eq!(verify(&mut open()).unwrap().count, 2);
}

fn order_is_kept<S: Storage>(open: &impl Fn() -> S) {
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    journal
        .append(&[Record::Began(binding()), Record::AbortRequested])
        .unwrap();
    let epoch = journal.epoch();
    let mut storage = journal.into_storage();
    let frame = |sequence| Frame {
        sequence,
        ..storage_frame()
    };
    for wrong in [
        vec![frame(1)],
        vec![frame(3)],
        vec![frame(2), frame(2)],
        vec![frame(2), frame(4)],
    ] {
        let error = storage.append(epoch, &wrong).unwrap_err();
        assert!(
            matches!(error, StorageError::OutOfOrder { .. }),
            "{error:?}"
        );
    }
    assert_eq!(storage.read(0, 10).unwrap().len(), 2);
    storage.append(epoch, &[frame(2), frame(3)]).unwrap();
    assert_eq!(storage.read(2, 10).unwrap(), [frame(2), frame(3)]);
}

fn storage_frame() -> Frame {
    Frame {
        sequence: 0,
        epoch: u64::MAX >> 1,
        remaining: u32::MAX,
        version: u16::MAX,
        kind: u8::MAX,
        length: u32::MAX,
        prev: B256::repeat_byte(3),
        payload: vec![0, 1, 255],
        hash: B256::repeat_byte(4),
    }
}

fn a_group_is_all_or_none<S: Storage>(open: &impl Fn() -> S) {
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    // The second of the group is refused after the first was taken.
    let epoch = journal.epoch();
    let mut storage = journal.into_storage();
    let good = Frame {
        sequence: 1,
        ..storage_frame()
    };
    let bad = Frame {
        sequence: 9,
        ..storage_frame()
    };
    storage.append(epoch, &[good, bad]).unwrap_err();
    assert_eq!(open().read(0, 10).unwrap().len(), 1);
    assert_eq!(verify(&mut open()).unwrap().count, 1);
}

fn a_cut_is_durable_and_fenced<S: Storage>(open: &impl Fn() -> S) {
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    let epoch = journal.epoch();
    let mut storage = journal.into_storage();
    let torn = Frame {
        sequence: 1,
        ..storage_frame()
    };
    storage.append(epoch, std::slice::from_ref(&torn)).unwrap();
    assert!(storage.cut(epoch - 1, 1).unwrap_err().is_fenced());
    assert_eq!(open().read(1, 10).unwrap(), [torn]);
    storage.cut(epoch, 1).unwrap();
    assert_eq!(open().read(0, 10).unwrap().len(), 1);
}

fn a_journal_begins_once<S: Storage>(open: &impl Fn() -> S) {
    let other = sealift_journal::Binding {
        chain_id: 1,
        ..binding()
    };
    for first in [Record::AbortRequested, Record::Began(other)] {
        let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
        assert!(matches!(
            journal.append(&[first]),
            Err(AppendError::Misplaced)
        ));
        assert!(journal.is_poisoned());
    }
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    assert!(matches!(
        journal.append(&[Record::Began(binding())]),
        Err(AppendError::Misplaced)
    ));
    assert_eq!(verify(&mut open()).unwrap().count, 1);
}

fn too_much_is_refused<S: Storage>(open: &impl Fn() -> S) {
    let (mut journal, ..) = Journal::open(open(), &binding()).unwrap();
    let mut many = vec![Record::AbortRequested; MAX_GROUP_RECORDS];
    many.insert(0, Record::Began(binding()));
    assert!(matches!(
        journal.append(&many),
        Err(AppendError::TooMany { .. })
    ));
    assert_eq!(verify(&mut open()).unwrap().count, 0);
}
