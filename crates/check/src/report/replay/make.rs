//! Making a replay: the way to a finding, what the executor does after it, and what is due.

use alloy_primitives::U256;

use super::way::{Way, delivery, step_message};
use super::{Book, Delivery, Exit, Move, Owed, Promise, Question, Replay};
use crate::fork::Fork;
use crate::judge::Judge;
use crate::ledger::{Claims, ExitBy, Side};
use crate::model::{Excuse, Mode, Node, Resume, Subject};
use crate::report::{Context, Decoder};
use crate::send::creation_nonce;
use crate::verdict::{Finding, Verdict};

/// Accounts that a replay judges at most, those that are wrong first.
const MAX_ACCOUNTS: usize = 24;
/// Accounts at most whose claims on a custodian are summed up.
const MAX_CLAIMANTS: usize = 256;
/// Calldata and init code of one replay at most.
const MAX_DATA_BYTES: usize = 4 << 20;

/// Makes the replay of a finding from the way to it.
pub(in crate::report) fn replay(
    context: &Context<'_>,
    judge: &Judge<'_>,
    finding: &Finding,
    path: &[Node],
    decoder: &dyn Decoder,
) -> Replay {
    let Context {
        subject, explored, ..
    } = context;
    let refused = |obstacle: &str| Replay {
        obstacle: Some(obstacle.to_owned()),
        ..Replay::default()
    };
    if [Verdict::Unmanaged, Verdict::Unknown, Verdict::Vacuous].contains(&finding.verdict) {
        return refused("it is about no account's claim");
    }
    let node = path.last().expect("a path has a start");
    let mut way = Way::new(subject, &path[0], decoder);
    for pair in path.windows(2) {
        way.go(explored, &pair[0], &pair[1]);
    }
    if way.fork.print() != node.fork.print() {
        way.refuse("executed alone, the trace leads to another state than in the search");
    }
    let rest = if finding.closed == 0 {
        Vec::new()
    } else {
        rest(subject, node, decoder)
    };
    let data_bytes: usize = way
        .moves
        .iter()
        .filter_map(|step| match step {
            Move::Send(sent) => Some(sent.as_ref()),
            _ => None,
        })
        .chain(&rest)
        .map(|sent| sent.data.len())
        .sum();
    if data_bytes > MAX_DATA_BYTES {
        way.refuse(&format!(
            "its calldata is longer than {MAX_DATA_BYTES} bytes"
        ));
    }
    let claimants = &explored.ground.accounts[..explored.ground.judged];
    // Nothing but a broken promise of a custodian is a loss that no way back was asked for.
    let asks_custodians = finding.verdict == Verdict::Lost && finding.closed == 0;
    if asks_custodians && claimants.len() > MAX_CLAIMANTS {
        way.refuse(&format!(
            "a custodian owes to more than {MAX_CLAIMANTS} accounts"
        ));
    }
    if let Some(obstacle) = &way.obstacle {
        return refused(obstacle);
    }
    let (books, kept) = books(subject, &node.fork);
    let place = |ledger: usize| kept.iter().position(|kept| *kept == ledger);
    let own = node.is_on_its_own();
    let question = if asks_custodians {
        Question::Custodians {
            promises: subject
                .custodians
                .iter()
                .map(|custodian| Promise {
                    name: custodian.name.clone(),
                    account: custodian.account,
                    asset: custodian.asset,
                    covers: custodian
                        .covers
                        .iter()
                        .filter_map(|at| place(*at))
                        .collect(),
                    slack: subject.slack(custodian),
                })
                .collect(),
            claimants: claimants.to_vec(),
        }
    } else if finding.closed == 0 {
        Question::Over
    } else {
        Question::End { own }
    };
    Replay {
        obstacle: None,
        chain_id: subject.start.moment().chain_id,
        number: subject.start.moment().number,
        timestamp_secs: subject.start.moment().timestamp_secs,
        moves: way.moves,
        rest,
        rest_insists: node.lost.is_some() || !node.record.overtaken.is_empty(),
        accounts: owed(judge, node, &kept, decoder),
        books,
        question,
    }
}

/// The steps that the executor sends after a finding: on from where it is, then by receipts; or as its playbook has it.
fn rest(subject: &Subject, node: &Node, decoder: &dyn Decoder) -> Vec<Delivery> {
    let steps = subject.steps.len();
    let mut record = node.record.clone();
    let may = |resume| subject.resume.contains(&resume);
    let mut open: Vec<usize> = match record.mode {
        Mode::Running => (record.next..steps).collect(),
        Mode::Mending => (record.next..steps)
            .filter(|at| !record.is_mined(*at))
            .collect(),
        Mode::Stopped if may(Resume::Receipt) => Vec::new(),
        Mode::Stopped if may(Resume::Position) => (record.sent..steps).collect(),
        Mode::Stopped if may(Resume::Retry) => (record.next..steps).collect(),
        Mode::Stopped => Vec::new(),
    };
    if may(Resume::Receipt) {
        let unmined = (0..steps).filter(|at| !record.is_mined(*at));
        let late: Vec<usize> = unmined.filter(|at| !open.contains(at)).collect();
        open.extend(late);
    }
    let again = u64::from(record.reruns);
    open.into_iter()
        .map(|step| {
            let message = step_message(subject, node, &record, step);
            let nonce = creation_nonce(subject, step, again);
            if let (Some(expected), Some(nonce)) = (subject.steps[step].creates, nonce) {
                let created = message.from.create(nonce);
                record.moved.retain(|(old, _)| *old != expected);
                if created != expected {
                    record.moved.push((expected, created));
                }
            }
            delivery(&message, nonce, decoder)
        })
        .collect()
}

/// The ledgers that can hold something, and their indices in the subject.
fn books(subject: &Subject, fork: &Fork) -> (Vec<Book>, Vec<usize>) {
    let kept: Vec<usize> = (0..subject.ledgers.len())
        .filter(|at| subject.groups[*at] == *at || subject.ledgers[*at].is_there(fork))
        .collect();
    let books = kept.iter().map(|at| {
        let ledger = &subject.ledgers[*at];
        Book {
            name: ledger.name.clone(),
            contract: ledger.contract,
            view: ledger.view.clone(),
            exit: match &ledger.exit {
                ExitBy::Gift(gift) => gift.exit().map_or(Exit::Always, Exit::Call),
                ExitBy::Call(ask) => Exit::Call(ask.clone()),
                ExitBy::Always => Exit::Always,
            },
            lock_secs: ledger.lock_secs,
            asset: ledger.asset,
            rate: ledger.rate,
            wallet: ledger.side == Side::Wallet,
            same: kept
                .iter()
                .position(|other| *other == subject.groups[*at])
                .unwrap_or_default(),
        }
    });
    (books.collect(), kept)
}

/// What is due: the accounts that are wrong first, then those that are not where the end has them.
fn owed(judge: &Judge<'_>, node: &Node, kept: &[usize], decoder: &dyn Decoder) -> Vec<Owed> {
    let assets = &judge.subject.assets;
    let by_book = |claims: &Claims, account: usize, asset: usize| -> Vec<U256> {
        let row = claims.row(account);
        let books = kept.iter().map(|at| {
            let group = (0..row.len()).filter(|other| {
                judge.subject.groups[*other] == *at && judge.ledgers[*other].asset == asset
            });
            group.fold(U256::ZERO, |sum, other| {
                sum.saturating_add(judge.ledgers[other].worth(row[other].live))
            })
        });
        books.collect()
    };
    let of = |account: usize| (0..assets.len()).map(move |asset| (account, asset));
    let mut all: Vec<(usize, usize)> = (0..judge.judged).flat_map(of).collect();
    all.sort_by_key(|(account, asset)| {
        let live = judge.live(&node.claims, *account, *asset);
        let due = judge.due(node, *account, *asset);
        let right = live.abs_diff(due) <= assets[*asset].tolerance;
        let end = by_book(&judge.baseline.end, *account, *asset);
        (right, by_book(&node.claims, *account, *asset) == end)
    });
    all.truncate(MAX_ACCOUNTS);
    all.sort_unstable();
    let mut owed: Vec<Owed> = Vec::new();
    for (account, asset) in all {
        let address = judge.accounts[account];
        let name = decoder.name(address);
        let due = judge.due(node, account, asset);
        owed.push(Owed {
            name: match assets.len() {
                1 => name,
                _ => format!("{name}, of {},", assets[asset].name),
            },
            address,
            asset,
            tolerance: assets[asset].tolerance,
            least: match node.excused.get(&address) {
                Some(Excuse::Absent) => U256::ZERO,
                _ => due,
            },
            late: node.excused.get(&address) == Some(&Excuse::Late),
            most: due.max(judge.due_before(node, account, asset)),
            done: by_book(&judge.baseline.end, account, asset),
            back: by_book(&judge.baseline.start, account, asset),
        });
    }
    owed
}
