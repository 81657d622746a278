//! Exploring every state that faults and the ways back from them lead to, fewest faults first.

mod faults;
mod playbook;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, Bytes};
use sealift_evm::Moment;

use crate::fork::{Fork, Print, print_of};
use crate::judge::{Assessment, Baseline, Judge, judged};
use crate::ledger::{Claims, Reader, SilentView};
use crate::model::{Action, Mode, Node, Parent, Past, Record, Subject};
use crate::send::{Sender, Sent, creation_nonce, message_of};

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Faults at once.
    pub faults: u8,
    /// States at most; reaching it is a gap, never a pass.
    pub states: usize,
    /// How often a script is begun again.
    pub reruns: u8,
    /// This part of the first faults only, of so many: `(index, of)`.
    pub shard: (u32, u32),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            faults: 1,
            states: 1_000_000,
            reruns: 2,
            shard: (0, 1),
        }
    }
}

/// Why a subject cannot be explored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExploreError {
    /// The script fails without any fault.
    #[error("step {} of the script fails undisturbed", .step + 1)]
    Undisturbed {
        /// Which step, from 0.
        step: usize,
        /// What it reverted with.
        data: Bytes,
    },
    /// A ledger does not answer.
    #[error(transparent)]
    View(#[from] SilentView),
}

/// A way from one state to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// Whether it is something that goes wrong; ways back use none of these.
    pub is_fault: bool,
}

/// How often faults of one name were possible, and how often they happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sites {
    /// Places where it can happen.
    pub enumerated: u64,
    /// Places where it did.
    pub fired: u64,
}

/// All that was explored.
#[derive(Debug)]
pub struct Explored {
    /// States, in the order in which they were found: fewest faults, then shortest.
    pub nodes: Vec<Node>,
    /// What each amounts to.
    pub assessments: Vec<Assessment>,
    /// The ways between them.
    pub edges: Vec<Edge>,
    /// What is due.
    pub baseline: Baseline,
    /// All accounts whose claims were read.
    pub accounts: Vec<Address>,
    /// How many of them are judged.
    pub judged: usize,
    /// Faults by name.
    pub coverage: BTreeMap<&'static str, Sites>,
    /// Whether the limit of states ended it.
    pub out_of_budget: bool,
    /// States in which a rerun was left out because of its limit.
    pub bounded: Vec<u32>,
    /// How many first faults (scenarios) were decided.
    pub scenarios: u64,
    /// Transactions executed.
    pub executed: u64,
    /// Gas of each step, undisturbed.
    pub gas: Vec<u64>,
}

/// Explores a subject; `progress` is told states, scenarios and transactions now and then.
pub fn explore(
    subject: &Subject,
    limits: Limits,
    progress: &mut dyn FnMut(usize, u64, u64),
) -> Result<Explored, ExploreError> {
    let mut accounts = judged(subject);
    let judged = accounts.len();
    accounts.extend(
        subject
            .contracts
            .iter()
            .filter(|contract| !subject.accounts.contains(contract)),
    );
    let reader = Reader::new(subject.ledgers.clone(), accounts);
    let mut search = Search {
        subject,
        limits,
        sender: Sender::new(subject.moment.chain_id),
        reader,
        judged,
        nodes: Vec::new(),
        index: HashMap::default(),
        edges: Vec::new(),
        claims: HashMap::default(),
        queue: VecDeque::new(),
        later: VecDeque::new(),
        coverage: BTreeMap::new(),
        bounded: Vec::new(),
        scenarios: 0,
        gas: Vec::new(),
        movers: Vec::new(),
    };
    let baseline = search.undisturbed()?;
    search.find_movers(&baseline);
    let out_of_budget = search.run(progress)?;
    let judge = Judge {
        ledgers: &search.reader.ledgers,
        accounts: &search.reader.accounts,
        judged,
        groups: &subject.groups,
        tolerance: subject.tolerance,
        baseline: &baseline,
    };
    let assessments = search.nodes.iter().map(|node| judge.assess(node)).collect();
    Ok(Explored {
        assessments,
        nodes: search.nodes,
        edges: search.edges,
        accounts: search.reader.accounts.clone(),
        judged,
        coverage: search.coverage,
        out_of_budget,
        bounded: search.bounded,
        scenarios: search.scenarios,
        executed: search.sender.executed + search.reader.executed,
        gas: search.gas,
        baseline,
    })
}

struct Search<'a> {
    subject: &'a Subject,
    limits: Limits,
    sender: Sender,
    reader: Reader,
    judged: usize,
    nodes: Vec<Node>,
    index: HashMap<Print, u32>,
    edges: Vec<Edge>,
    claims: HashMap<Print, Claims>,
    /// States of the number of faults that is being explored, and those with one more.
    queue: VecDeque<u32>,
    later: VecDeque<u32>,
    coverage: BTreeMap<&'static str, Sites>,
    bounded: Vec<u32>,
    scenarios: u64,
    gas: Vec<u64>,
    /// For each step, the accounts whose transfers before it are tried.
    movers: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn moment(&self, waited: bool) -> Moment {
        let mut moment = self.subject.moment;
        if waited {
            moment.timestamp_secs += self.subject.wait_secs;
        }
        moment
    }

    /// Runs the script without faults; what is due comes from it.
    fn undisturbed(&mut self) -> Result<Baseline, ExploreError> {
        let moment = self.subject.moment;
        let fork = self.subject.start.clone();
        let claims = self.reader.all(&mut self.sender.machine, &fork, &moment)?;
        let mut root = Node {
            fork,
            waited: false,
            record: Record::new(self.subject.steps.len()),
            shift: Arc::default(),
            lost: None,
            waived: None,
            stranger: 0,
            trail: Vec::new(),
            claims: claims.clone(),
            faults: 0,
            sent: 0,
            parent: None,
        };
        if self.limits.faults > 0 {
            root.trail.push(Past::of(&root));
        }
        let start = claims;
        let mut at = self.add(root);
        for step in 0..self.subject.steps.len() {
            let node = self.nodes[at as usize].clone();
            let sent = self.send_step(&node, step, 0);
            if let Some(data) = &sent.failed {
                return Err(ExploreError::Undisturbed {
                    step,
                    data: data.clone(),
                });
            }
            self.gas.push(sent.gas);
            at = self.advance(at, step)?;
        }
        Ok(Baseline {
            start,
            end: self.nodes[at as usize].claims.clone(),
        })
    }

    /// Before each step, the holders that it or the step before it concerns: the first and the last of each, and
    /// the first and the last of all.
    fn find_movers(&mut self, baseline: &Baseline) {
        let holders = self.judged - 3;
        let width = self.reader.ledgers.len();
        let concerned = |before: &Claims, after: &Claims| -> Vec<usize> {
            (0..holders)
                .filter(|account| {
                    let row = account * width..(account + 1) * width;
                    before[row.clone()] != after[row]
                })
                .collect()
        };
        let path: Vec<Claims> = self.nodes.iter().map(|node| node.claims.clone()).collect();
        let changes: Vec<Vec<usize>> = path
            .windows(2)
            .map(|pair| concerned(&pair[0], &pair[1]))
            .collect();
        let all = concerned(&baseline.start, &baseline.end);
        self.movers = (0..=self.subject.steps.len())
            .map(|step| {
                let mut movers: Vec<usize> = Vec::new();
                let here = changes.get(step).into_iter();
                for group in here
                    .chain(step.checked_sub(1).and_then(|before| changes.get(before)))
                    .chain([&all])
                {
                    movers.extend(group.first());
                    movers.extend(group.last());
                }
                if holders <= 6 {
                    movers.extend(0..holders);
                }
                movers.sort_unstable();
                movers.dedup();
                movers
            })
            .collect();
    }

    fn run(&mut self, progress: &mut dyn FnMut(usize, u64, u64)) -> Result<bool, ExploreError> {
        let mut seen = 0u64;
        loop {
            let Some(at) = self.queue.pop_front() else {
                if self.later.is_empty() {
                    return Ok(false);
                }
                self.queue = std::mem::take(&mut self.later);
                continue;
            };
            if self.nodes.len() > self.limits.states {
                return Ok(true);
            }
            seen += 1;
            if seen.is_multiple_of(4_096) {
                progress(self.nodes.len(), self.scenarios, self.sender.executed);
            }
            self.expand(at)?;
        }
    }

    fn expand(&mut self, at: u32) -> Result<(), ExploreError> {
        let node = self.nodes[at as usize].clone();
        let steps = self.subject.steps.len();
        let record = &node.record;
        if record.mode != Mode::Stopped && record.next < steps {
            self.advance(at, record.next)?;
        } else {
            self.resume(at, &node)?;
        }
        if node.stranger > 0 {
            for call in 0..self.subject.hostile.len() {
                self.stranger(at, &node, call, Action::Again(call))?;
            }
        }
        if node.faults < self.limits.faults && record.mode != Mode::Stopped {
            let before = self.nodes.len();
            self.faults_at(at, &node)?;
            self.scenarios += (self.nodes.len() - before) as u64;
        }
        Ok(())
    }

    /// The next step is sent; returns the state after it.
    fn advance(&mut self, at: u32, step: usize) -> Result<u32, ExploreError> {
        let node = &self.nodes[at as usize];
        if node.record.mode == Mode::Mending && node.record.is_mined(step) {
            let mut next = node.clone();
            next.record.next += 1;
            return Ok(self.link(at, next, Action::Step(step), None, false));
        }
        let node = node.clone();
        let sent = self.send_step(&node, step, u64::from(node.record.reruns));
        let mut next = self.landed(&node, step, &sent)?;
        next.record.next = step + 1;
        if sent.failed.is_some() {
            if node.lost.is_some() {
                // Where the sender is gone, others do what they can, each for itself.
                next.record.sent = next.record.sent.max(step + 1);
            } else {
                next.record.next = step;
                next.record.mode = Mode::Stopped;
            }
        }
        Ok(self.link(at, next, Action::Step(step), sent.failed.clone(), false))
    }

    fn send_step(&mut self, node: &Node, step: usize, again: u64) -> Arc<Sent> {
        let tx = &self.subject.steps[step];
        let from = if node.lost == Some(tx.from) {
            crate::model::ANYONE
        } else {
            tx.from
        };
        let message = message_of(tx, &node.record, from);
        let nonce = creation_nonce(self.subject, step, again);
        self.sender
            .send(&node.fork, &self.moment(node.waited), &message, nonce)
    }

    /// The state after a step was mined; where it goes on is up to the caller.
    fn landed(&mut self, node: &Node, step: usize, sent: &Sent) -> Result<Node, ExploreError> {
        let mut next = node.clone();
        next.sent += 1;
        if sent.failed.is_some() {
            return Ok(next);
        }
        next.fork = sent.fork.clone();
        next.claims = self.claims_after(node, sent)?;
        next.record.sent = next.record.sent.max(step + 1);
        next.record.set_mined(step, true);
        next.record.uncertain = None;
        if node.faults < self.limits.faults {
            next.trail.push(Past::of(&next));
            if next.trail.len() > 4 {
                next.trail.remove(0);
            }
        }
        if let (Some(expected), Some(created)) = (self.subject.steps[step].creates, sent.created)
            && expected != created
        {
            next.record.moved.retain(|(old, _)| *old != expected);
            next.record.moved.push((expected, created));
        }
        Ok(next)
    }

    fn claims_after(&mut self, node: &Node, sent: &Sent) -> Result<Claims, ExploreError> {
        if sent.fork.print() == node.fork.print() {
            return Ok(node.claims.clone());
        }
        let key = print_of(&(sent.fork.print(), node.waited));
        if let Some(claims) = self.claims.get(&key) {
            return Ok(claims.clone());
        }
        let moment = self.moment(node.waited);
        let machine = &mut self.sender.machine;
        let claims =
            self.reader
                .after(machine, &sent.fork, &moment, &node.claims, &sent.changed)?;
        self.claims.insert(key, claims.clone());
        Ok(claims)
    }

    fn claims_of(&mut self, fork: &Fork, waited: bool) -> Result<Claims, ExploreError> {
        let key = print_of(&(fork.print(), waited));
        if let Some(claims) = self.claims.get(&key) {
            return Ok(claims.clone());
        }
        let moment = self.moment(waited);
        let claims = self.reader.all(&mut self.sender.machine, fork, &moment)?;
        self.claims.insert(key, claims.clone());
        Ok(claims)
    }

    /// Adds a state unless it is known, and the way to it.
    fn link(
        &mut self,
        from: u32,
        mut next: Node,
        action: Action,
        failed: Option<Bytes>,
        is_fault: bool,
    ) -> u32 {
        next.parent = Some(Parent {
            node: from,
            action,
            failed,
        });
        let to = self.add(next);
        self.edges.push(Edge { from, to, is_fault });
        to
    }

    fn add(&mut self, node: Node) -> u32 {
        let print = node.print();
        if let Some(known) = self.index.get(&print) {
            return *known;
        }
        let at = u32::try_from(self.nodes.len()).expect("the limit of states is lower");
        let queue = match node
            .parent
            .as_ref()
            .map(|parent| self.nodes[parent.node as usize].faults)
        {
            Some(before) if before < node.faults => &mut self.later,
            _ => &mut self.queue,
        };
        queue.push_back(at);
        self.index.insert(print, at);
        self.nodes.push(node);
        at
    }
}
