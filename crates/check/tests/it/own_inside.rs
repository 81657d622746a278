//! Sealift's own migrations with something going wrong inside a transaction.

use sealift_check::own::{Kind, OwnFinding, OwnRequest, check_each, check_measured, replay};
use sealift_check::verdict::Verdict;
use sealift_protocol::plan::Source;

use crate::own::{is_long, request, run};

const KINDS: [Kind; 5] = [
    Kind::CallReverts,
    Kind::CallReturnsFalse,
    Kind::CallOutOfGas,
    Kind::CallReenters,
    Kind::GasCut,
];

fn inside(source: Source) -> OwnRequest {
    let mut request = request(source);
    request.kinds = Some(KINDS.to_vec());
    request
}

fn played(request: &OwnRequest) -> Vec<OwnFinding> {
    let mut all = Vec::new();
    check_each(request, &mut |_| (), Some(&mut |one| all.push(one))).expect("a check");
    all
}

/// Every so manieth one, from the beginning.
#[track_caller]
fn are_as_from_the_beginning(request: &OwnRequest, stride: usize) {
    let all = played(request);
    let faults = request.faults as usize;
    let wanted = all.iter().filter(|one| one.faults.len() == faults);
    let sample: Vec<&OwnFinding> = wanted.step_by(stride).collect();
    assert!(sample.len() > 20, "{} of {}", sample.len(), all.len());
    for one in sample {
        assert_eq!(replay(request, &one.id).expect("a replay"), *one);
    }
}

#[test]
fn what_leaves_the_same_block_goes_on_as_from_the_beginning() {
    let stride = if is_long() { 1 } else { 15 };
    are_as_from_the_beginning(&inside(Source::ChainRead), stride);
}

#[test]
fn second_faults_inside_transactions_are_those_of_a_whole_run() {
    let mut request = inside(Source::ReadThrough);
    let others = [Kind::CrashAfter, Kind::AskedToAbort, Kind::Forgotten(1)];
    request.kinds = Some([&KINDS[..], &others].concat());
    (request.holders, request.batches, request.finality_depth) = (2, 1, 1);
    (request.faults, request.shard) = (2, (3, 40));
    are_as_from_the_beginning(&request, if is_long() { 1 } else { 9 });
}

/// What no token does: legacy answers one question of a contract with zero, whatever is true. On the way forward the
/// next look finds that out.
#[test]
fn a_legacy_that_lies_once_takes_nothing_on_the_way_forward() {
    for source in [Source::ReadThrough, Source::ChainRead] {
        let mut request = request(source);
        (request.hostile, request.kinds) = (true, Some(vec![Kind::LegacyLies]));
        let report = run(&request);
        assert_eq!(
            (report.verdict, &report.findings[..]),
            (Verdict::Safe, &[][..])
        );
        assert!(report.scenarios > 20, "{}", report.scenarios);
    }
}

/// On the way back a guard believes the answer: legacy that says it is live stays paused, in the hands of its owner.
#[test]
fn a_legacy_that_says_it_is_live_is_not_thawed_by_an_abort() {
    let mut request = request(Source::ReadThrough);
    (request.hostile, request.finality_depth) = (true, 2);
    let id = "executor.asked-to-abort@19+counterparty.legacy-lies@6.2";
    let found = replay(&request, id).expect("a replay");
    assert_eq!(
        (found.verdict, found.fired),
        (Verdict::Stuck, vec![true; 2])
    );
    // It ends for the executor when the guard has given control back.
    assert_eq!(
        found.starts.last().map(String::as_str),
        Some("Ended(RolledBack)")
    );
    let is_claim = |wrong: &&String| wrong.contains("cannot move its claim");
    assert_eq!(found.wrong.iter().filter(is_claim).count(), 5);
}

/// The hook does something: what goes wrong inside costs more than a run in which nothing does, and the executor
/// sends again what failed.
#[test]
fn what_goes_wrong_inside_is_paid_for() {
    let measured = check_measured(&inside(Source::ReadThrough), &mut |_| ()).expect("a check");
    assert_eq!(measured.report.verdict, Verdict::Safe);
    let (worst, plain) = (measured.worst.gas, measured.undisturbed.total().gas);
    assert!(worst > plain + 100_000, "{worst} and {plain}");
}
