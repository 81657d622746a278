//! The ground that an exploration stands on: the undisturbed run, and what is due.

use std::sync::Arc;

use alloy_primitives::map::{HashMap, HashSet};
use alloy_primitives::{Address, U256};
use sealift_evm::{Cell, Message, Snapshot, Sum};

use super::{ExploreError, Limits};
use crate::fork::{Fork, Print};
use crate::judge::{Baseline, Judge, judged};
use crate::ledger::{Claim, Claims, Reader, Readers};
use crate::memo::Memo;
use crate::model::{Fault, Node, Past, Record, Subject};
use crate::send::{Outcome, Sender, Sent, creation_nonce, message_of, question};
use crate::tally::Sum as Wide;

/// How many steps a chain may be from where it is looked for.
const FEW: usize = 4;

/// Executions that need not be repeated.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What transactions do.
    pub outcomes: Arc<Memo<Arc<Outcome>>>,
    /// What accounts have in ledgers.
    pub claims: Arc<Memo<Claim>>,
}

/// What does not change while states are explored.
#[derive(Debug)]
pub struct Ground<'a> {
    /// What is explored.
    pub subject: &'a Subject,
    /// How much of it.
    pub limits: Limits,
    /// All accounts whose claims are read; custodians last.
    pub accounts: Vec<Address>,
    /// How many of them are judged.
    pub judged: usize,
    /// What is due.
    pub baseline: Baseline,
    /// The undisturbed state before each step, and the last one.
    pub path: Vec<Node>,
    /// What each step does, undisturbed, and fingerprints of what is sent for it.
    pub(super) sent: Vec<Sent>,
    pub(super) questions: Vec<Print>,
    /// For each step, the accounts whose acts before it are tried.
    pub(super) movers: Vec<Vec<usize>>,
    /// The steps that read or write a cell, undisturbed, in order.
    users: HashMap<Cell, Vec<usize>>,
    /// The steps that count on a word, undisturbed, in order.
    counters: HashMap<Cell, Vec<(usize, Sum)>>,
    /// For each step, the accounts whose claims it changes, undisturbed, in order.
    changed: Vec<Vec<usize>>,
    /// The step before which the undisturbed chain has a fingerprint.
    steps_at: HashMap<Print, usize>,
    /// Names of faults that are declared impossible.
    pub(super) off: Vec<&'static str>,
    /// Fingerprints of the calls of a stranger.
    pub(super) hostile: Vec<Print>,
    /// Cells that the undisturbed run and its claims depend on.
    pub(super) relevant: HashSet<Cell>,
    /// The claims that depend on them.
    pub(super) readers: Readers,
    /// What transactions and claims were found to be.
    pub(super) outcomes: Arc<Memo<Arc<Outcome>>>,
    pub(super) claims: Arc<Memo<Claim>>,
}

impl<'a> Ground<'a> {
    /// Runs the script without faults; what is due comes from it.
    pub(super) fn new(
        subject: &'a Subject,
        known: &Known,
        limits: Limits,
    ) -> Result<Self, ExploreError> {
        let mut accounts = judged(subject);
        let judged = accounts.len();
        let others = subject.contracts.iter();
        accounts.extend(others.filter(|contract| !subject.accounts.contains(contract)));
        let mut sender = Sender::new(subject.start.moment().chain_id);
        sender.outcomes = Memo::above(known.outcomes.clone());
        let mut reader = Reader::new(subject.ledgers.clone(), accounts.clone());
        reader.begin_with(known.claims.clone());
        let start = reader.all(&mut sender.machine, &subject.start)?;
        let mut path = vec![root(subject, limits, start)];
        let (mut all_sent, mut changed) = (Vec::new(), Vec::new());
        for step in 0..subject.steps.len() {
            let (next, sent, accounts) =
                stepped(subject, &mut sender, &mut reader, &path[step], step)?;
            path.push(next);
            all_sent.push(sent);
            changed.push(accounts);
        }
        let depended = all_sent.iter().flat_map(|sent: &Sent| sent.dependencies());
        let depended: Vec<Cell> = depended.collect();
        let ends = [&path[0], &path[path.len() - 1]].map(|node| node.claims.clone());
        let [start, end] = ends;
        let baseline = Baseline::new(subject, start, end);
        if !subject.ledgers.is_empty() && baseline.is_nothing() {
            return Err(ExploreError::NothingDue);
        }
        let mut ground = Self {
            subject,
            limits,
            judged,
            baseline,
            accounts,
            movers: Vec::new(),
            changed,
            steps_at: path.iter().map(|node| node.fork.print()).zip(0..).collect(),
            users: users(&all_sent),
            counters: counters(&all_sent),
            questions: (0..all_sent.len())
                .map(|step| {
                    let (message, nonce) = undisturbed(subject, &path[step].record, step);
                    question(&message, nonce)
                })
                .collect(),
            sent: all_sent,
            off: off(subject),
            hostile: subject
                .hostile
                .iter()
                .map(|message| question(message, None))
                .collect(),
            relevant: reader.readers.keys().copied().chain(depended).collect(),
            readers: reader.readers,
            outcomes: sender.outcomes.into(),
            claims: reader.known.into(),
            path,
        };
        ground.tally();
        ground.movers = ground.find_movers();
        Ok(ground)
    }

    /// The cells in which a chain differs from the undisturbed one before a step, where it is the undisturbed one a
    /// few steps earlier or later.
    pub(super) fn apart(&self, fork: &Fork, step: usize) -> Option<Arc<[Cell]>> {
        let is_there = |node: &Node| node.fork.print() == fork.print();
        if self.path.get(step).is_some_and(is_there) {
            return Some(Arc::default());
        }
        let at = *self.steps_at.get(&fork.print())?;
        let between = at.min(step)..at.max(step);
        if between.len() > FEW {
            return None;
        }
        let effects = self.sent[between].iter().map(|sent| sent.effect.cells());
        let mut cells: Vec<Cell> = effects.flatten().collect();
        cells.sort_unstable();
        cells.dedup();
        Some(cells.into())
    }

    /// What is sent for a step, undisturbed.
    pub(super) fn undisturbed(&self, step: usize) -> (Message, Option<u64>) {
        undisturbed(self.subject, &self.path[step].record, step)
    }

    /// Whether an executor with this record sends a step as the undisturbed one does.
    pub(super) fn sends_alike(&self, record: &Record, step: usize) -> bool {
        let is_call = self.subject.steps[step].to.is_some();
        record.moved == self.path[step].record.moved && (is_call || record.reruns == 0)
    }

    /// The accounts whose acts before a step are tried.
    pub(super) fn movers_at(&self, step: usize) -> Vec<Address> {
        let movers = self.movers.get(step).into_iter().flatten();
        movers.map(|account| self.accounts[*account]).collect()
    }

    /// Who judges.
    pub fn judge(&self) -> Judge<'_> {
        Judge {
            subject: self.subject,
            ledgers: &self.subject.ledgers,
            accounts: &self.accounts,
            judged: self.judged,
            baseline: &self.baseline,
        }
    }

    /// What accounts cannot move of what is due to them of an asset, undisturbed, before each step and after the last.
    pub fn exposed(&self, asset: usize) -> Vec<U256> {
        let judge = self.judge();
        let missing = |node: &Node, account: usize| {
            let due = judge.due(node, account, asset);
            Wide::from(due.saturating_sub(judge.live(&node.claims, account, asset)))
        };
        let all = (0..self.judged).map(|account| missing(&self.path[0], account));
        let mut sum = all.fold(Wide::ZERO, |sum, one| sum + one);
        let mut sums = vec![sum.saturating_to()];
        for (pair, changed) in self.path.windows(2).zip(&self.changed) {
            for account in changed.iter().filter(|account| **account < self.judged) {
                sum += missing(&pair[1], *account);
                sum -= missing(&pair[0], *account);
            }
            sums.push(sum.saturating_to());
        }
        sums
    }

    /// The first step from a given one on that does something else than undisturbed in a state that differs from the
    /// undisturbed one before it in these cells: it reads or writes one of them, or counts on a word that is beyond
    /// the limits by then. The number of steps where there is none.
    pub(super) fn next_user(&self, fork: &Fork, cells: &[Cell], from: usize) -> usize {
        let next = |cell: &Cell| {
            let steps = self.users.get(cell)?;
            steps
                .get(steps.partition_point(|step| *step < from))
                .copied()
        };
        let mut first = cells
            .iter()
            .filter_map(next)
            .min()
            .unwrap_or(self.subject.steps.len());
        for cell in cells {
            let (Some(slot), Some(sums)) = (cell.1, self.counters.get(cell)) else {
                continue;
            };
            let word = |fork: &Fork| fork.word(cell.0, slot);
            let more = word(fork).wrapping_sub(word(&self.path[from].fork));
            let is_beyond = |(step, sum): &&(usize, Sum)| {
                let there = word(&self.path[*step].fork).wrapping_add(more);
                !(sum.low..=sum.high).contains(&there)
            };
            let later = &sums[sums.partition_point(|(step, _)| *step < from)..];
            let beyond = later.iter().find(is_beyond);
            first = beyond.map_or(first, |(step, _)| first.min(*step));
        }
        first
    }

    /// The first step from a given one on, before `end`, that changes claims of one of these accounts, undisturbed;
    /// `end` where there is none.
    pub(super) fn next_change(&self, accounts: &[usize], from: usize, end: usize) -> usize {
        let concerns = |step: &usize| {
            let changed = &self.changed[*step];
            accounts
                .iter()
                .any(|account| changed.binary_search(account).is_ok())
        };
        (from..end).find(concerns).unwrap_or(end)
    }

    /// Sums up the claims of the undisturbed states, now that it is known what is due; and gives them their trails.
    fn tally(&mut self) {
        let judge = self.judge();
        let mut tallies = vec![judge.tally(&self.path[0].claims)];
        for (pair, changed) in self.path.windows(2).zip(&self.changed) {
            let (before, after) = (&pair[0].claims, &pair[1].claims);
            let tally = judge.retally(&tallies[tallies.len() - 1], before, after, changed);
            tallies.push(tally);
        }
        let mut trail: Vec<Past> = Vec::new();
        for (node, tally) in self.path.iter_mut().zip(tallies) {
            node.tally = Arc::new(tally);
            if self.limits.faults > 0 {
                trail.push(Past::of(node));
                trail.drain(..trail.len().saturating_sub(super::TRAIL));
                node.trail.clone_from(&trail);
            }
        }
    }

    /// Before each step, the holders that it or the step before it concerns: the first and the last of each, and
    /// the first and the last of all.
    fn find_movers(&self) -> Vec<Vec<usize>> {
        let holders = self.judged - 3;
        let concerned = |accounts: &[usize]| -> Vec<usize> {
            let all = accounts.iter().copied();
            all.filter(|account| *account < holders).collect()
        };
        let changes: Vec<Vec<usize>> = self.changed.iter().map(|all| concerned(all)).collect();
        let all = concerned(&self.baseline.end.differences(&self.baseline.start));
        let movers_at = |step: usize| {
            let mut movers: Vec<usize> = Vec::new();
            let here = changes.get(step).into_iter();
            let before = step.checked_sub(1).and_then(|before| changes.get(before));
            for group in here.chain(before).chain([&all]) {
                movers.extend(group.first());
                movers.extend(group.last());
            }
            if holders <= 6 {
                movers.extend(0..holders);
            }
            movers.sort_unstable();
            movers.dedup();
            movers
        };
        (0..=self.subject.steps.len()).map(movers_at).collect()
    }
}

/// The names of faults that are declared impossible.
fn off(subject: &Subject) -> Vec<&'static str> {
    let all = (0..=Fault::NAMES.len() as u8).map(Fault::name_of);
    all.filter(|name| subject.is_off(name)).collect()
}

fn root(subject: &Subject, limits: Limits, claims: Claims) -> Node {
    Node {
        fork: subject.start.clone(),
        may_wait: true,
        waits: super::WAITS,
        fruitless: 0,
        record: Record::new(subject.steps.len()),
        shift: Arc::default(),
        lost: None,
        excused: Arc::default(),
        touched: None,
        given: alloy_primitives::U256::ZERO,
        stranger: 0,
        trail: Vec::with_capacity(usize::from(limits.faults.min(1)) * super::TRAIL),
        claims,
        tally: Arc::default(),
        apart: Some(Arc::default()),
        faults: 0,
        sent: 0,
        parent: None,
    }
}

/// What is sent for a step by an executor with such a record, the first time.
fn undisturbed(subject: &Subject, record: &Record, step: usize) -> (Message, Option<u64>) {
    let tx = &subject.steps[step];
    let nonce = creation_nonce(subject, step, 0);
    (message_of(tx, record, tx.from), nonce)
}

/// The state after a step, what was sent, and the accounts whose claims changed, in order.
fn stepped(
    subject: &Subject,
    sender: &mut Sender,
    reader: &mut Reader,
    node: &Node,
    step: usize,
) -> Result<(Node, Sent, Vec<usize>), ExploreError> {
    let tx = &subject.steps[step];
    let (message, nonce) = undisturbed(subject, &node.record, step);
    let sent = sender.send(&node.fork, &message, nonce);
    if let Some(data) = &sent.failed {
        return Err(ExploreError::Undisturbed {
            step,
            data: data.clone(),
        });
    }
    let mut next = node.clone();
    let cells = sent.effect.cells();
    let changed;
    (next.claims, changed) = reader.after(
        &mut sender.machine,
        &sent.fork,
        &node.claims,
        cells,
        &Readers::default(),
    )?;
    next.fork = sent.fork.clone();
    next.sent += 1;
    next.record.next = step + 1;
    next.record.sent = step + 1;
    next.record.set_mined(step, true);
    if let (Some(expected), Some(created)) = (tx.creates, sent.created)
        && expected != created
    {
        next.record.moved.push((expected, created));
    }
    Ok((next, sent, changed))
}

fn users(sent: &[Sent]) -> HashMap<Cell, Vec<usize>> {
    let mut users: HashMap<Cell, Vec<usize>> = HashMap::default();
    for (step, sent) in sent.iter().enumerate() {
        let written = sent.effect.changes.iter().map(|(cell, _)| *cell);
        for cell in sent.reads.iter().copied().chain(written) {
            let steps = users.entry(cell).or_default();
            if steps.last() != Some(&step) {
                steps.push(step);
            }
        }
    }
    users
}

fn counters(sent: &[Sent]) -> HashMap<Cell, Vec<(usize, Sum)>> {
    let mut counters: HashMap<Cell, Vec<(usize, Sum)>> = HashMap::default();
    for (step, sent) in sent.iter().enumerate() {
        for sum in &sent.sums {
            counters.entry(sum.cell).or_default().push((step, *sum));
        }
    }
    counters
}
