//! Sealift's own migrations under every pair of faults: each one ends well.
//!
//! A block is final after two, so that reorganisations are one and two blocks deep. All pairs take longer than a
//! test may: `cargo xtask gate pairs` plays them, and `SEALIFT_PAIRS=2/8` plays the second of eight parts.

use std::collections::BTreeSet;

use sealift_check::own::{
    Kind, OwnFinding, OwnMergeError, OwnReport, OwnRequest, check, check_each, merge, replay,
};
use sealift_check::verdict::Verdict;
use sealift_protocol::plan::Source;

use crate::own::{is_long, request, run};

/// Part of the pairs of some kinds that are played where not all are wanted.
const SAMPLE: (u32, u32) = (5, 120);
const SAMPLE_KINDS: [Kind; 11] = [
    Kind::CrashAfter,
    Kind::JournalLost,
    Kind::AskedToAbort,
    Kind::AnswerLost,
    Kind::SilentDrop,
    Kind::Dropped,
    Kind::Duplicated,
    Kind::Swapped,
    Kind::Forgotten(1),
    Kind::HolderTransfers,
    Kind::DeadlinePasses,
];

/// The part that is asked for: all of them with `1`.
fn part() -> Option<(u32, u32)> {
    let wanted = std::env::var("SEALIFT_PAIRS").ok()?;
    let (index, of) = wanted.split_once('/').unwrap_or(("1", &wanted));
    let number = |text: &str| text.parse::<u32>().expect("SEALIFT_PAIRS is 1 or I/N");
    Some((number(index) - 1, number(of)))
}

#[track_caller]
fn are_safe(mut request: OwnRequest, name: &str) {
    (request.faults, request.finality_depth) = (2, 2);
    request.shard = part().unwrap_or_else(|| {
        eprintln!("shortened {name}: SEALIFT_PAIRS is not set");
        request.kinds = Some(SAMPLE_KINDS.to_vec());
        SAMPLE
    });
    let report = run(&request);
    assert_eq!(report.findings, [], "{} scenarios", report.scenarios);
    assert_eq!(report.verdict, Verdict::Safe);
    let pairs = report.levels[&2];
    eprintln!(
        "{name}: {} pairs of part {:?}, {} done, {} rolled back; {} of {} first faults",
        pairs.scenarios,
        report.shard,
        pairs.done,
        pairs.rolled_back,
        report.firsts.1,
        report.firsts.0
    );
    assert!(pairs.scenarios > 100, "{pairs:?}");
    assert_eq!(pairs.done + pairs.rolled_back, pairs.scenarios);
}

#[test]
fn read_through_is_safe_under_pairs_of_faults() {
    are_safe(request(Source::ReadThrough), "read-through");
}

#[test]
fn staged_by_reading_is_safe_under_pairs_of_faults() {
    are_safe(request(Source::ChainRead), "staged by reading");
}

#[test]
fn staged_by_uploading_is_safe_under_pairs_of_faults() {
    are_safe(request(Source::Declared), "staged by uploading");
}

#[test]
fn a_wallet_is_filled_again_where_a_reorganisation_took_that_back() {
    let mut request = request(Source::ReadThrough);
    request.finality_depth = 2;
    let id = "environment.empty-wallet@10+transaction.reorg-2-readmitted@12";
    let found = replay(&request, id).expect("a replay");
    assert_eq!((found.verdict, found.fired), (Verdict::Safe, vec![true; 2]));
}

/// The report, and how each scenario went.
fn each(request: &OwnRequest) -> (OwnReport, Vec<OwnFinding>) {
    let mut all = Vec::new();
    let report = check_each(request, &mut |_| (), Some(&mut |one| all.push(one)));
    (report.expect("a check"), all)
}

/// A small world in which something is found: legacy thaws.
fn hostile(kinds: &[Kind]) -> OwnRequest {
    let mut request = request(Source::ReadThrough);
    (request.holders, request.batches, request.finality_depth) = (2, 1, 1);
    (request.faults, request.hostile) = (2, true);
    request.kinds = Some(kinds.iter().copied().chain([Kind::LegacyThaws]).collect());
    request
}

/// What was played on from the middle, or not at all, is what it is from the beginning.
#[test]
fn deaths_that_are_played_on_from_are_those_of_a_whole_run() {
    let mut request = hostile(&[
        Kind::CrashBefore,
        Kind::CrashAfter,
        Kind::TornRecord,
        Kind::TornGroup,
        Kind::StaleCopy,
        Kind::TailLost,
        Kind::JournalLost,
        Kind::ListLost,
        Kind::AskedToAbort,
        Kind::SilentDrop,
        Kind::Duplicated,
        Kind::Forgotten(1),
    ]);
    request.shard = (3, 80);
    let (_, played) = each(&request);
    let stride = if is_long() { 1 } else { 9 };
    let pairs = played.iter().filter(|one| one.faults.len() == 2);
    let sample: Vec<&OwnFinding> = pairs.step_by(stride).collect();
    assert!(sample.len() > 20, "{}", sample.len());
    for one in sample {
        assert_eq!(replay(&request, &one.id).expect("a replay"), *one);
    }
}

/// Nothing that all pairs find is lost where what comes to the same is played once.
#[test]
fn pairs_played_once_find_what_all_pairs_find() {
    let mut kinds = vec![Kind::AlreadyKnown, Kind::AnswerLost];
    if is_long() {
        kinds.push(Kind::TornGroup);
        kinds.extend([Kind::TornRecord, Kind::CrashBefore, Kind::JournalLost]);
        kinds.extend([Kind::Unreachable, Kind::NoReceipts, Kind::Forgotten(1)]);
    }
    let mut request = hostile(&kinds);
    let found = |played: &[OwnFinding]| -> BTreeSet<(Verdict, bool, Kind)> {
        let pairs = played.iter().filter(|one| one.faults.len() == 2);
        let what = pairs.map(|one| {
            let [first, second] = [one.faults[0].kind, one.faults[1].kind];
            (one.verdict, first.name().starts_with("executor"), second)
        });
        what.collect()
    };
    let (once, few) = each(&request);
    request.whole = true;
    let (whole, all) = each(&request);
    assert!(few.len() < all.len(), "{} of {}", few.len(), all.len());
    assert_eq!(once.verdict, Verdict::DoubleCounted);
    assert_eq!(whole.verdict, once.verdict);
    let twins = [Kind::AlreadyKnown, Kind::AnswerLost];
    let mut left_out = found(&all);
    for known in found(&few) {
        assert!(left_out.remove(&known), "only where played once: {known:?}");
    }
    left_out.retain(|(.., second)| *second != twins[0]);
    assert_eq!(left_out, BTreeSet::new());
}

#[test]
fn parts_join_to_the_whole_and_nothing_else_does() {
    let mut request = hostile(&[Kind::TornGroup, Kind::AnswerLost]);
    (request.faults, request.random) = (1, Some((7, 40)));
    let part = |index, of| {
        let shard = (index, of);
        let request = OwnRequest {
            shard,
            ..request.clone()
        };
        check(&request, &mut |_| ()).expect("a check")
    };
    let parts = [part(2, 3), part(0, 3), part(1, 3)];
    let whole = part(0, 1);
    assert!(whole.findings.len() > 2, "{:?}", whole.findings);
    assert_eq!(merge(&parts), Ok(whole.clone()));
    assert_eq!(merge(std::slice::from_ref(&whole)), Ok(whole.clone()));
    let [two, none, one] = parts;
    let refused = |parts: &[&OwnReport]| {
        let parts: Vec<OwnReport> = parts.iter().copied().cloned().collect();
        merge(&parts).expect_err("not the parts of one check")
    };
    assert_eq!(refused(&[]), OwnMergeError::None);
    assert_eq!(refused(&[&two, &none]), OwnMergeError::Missing(2, 3));
    assert_eq!(refused(&[&two, &none, &two]), OwnMergeError::Twice(3));
    assert_eq!(refused(&[&two, &whole]), OwnMergeError::Division(3, 1));
    let mut other = request.clone();
    (other.policy.window, other.shard) = (4, (1, 3));
    let other = check(&other, &mut |_| ()).expect("a check");
    assert_eq!(refused(&[&two, &none, &other]), OwnMergeError::Other(2));
    let mut cut = one.clone();
    cut.shard = (7, 3);
    assert_eq!(refused(&[&two, &none, &cut]), OwnMergeError::Other(8));
}
