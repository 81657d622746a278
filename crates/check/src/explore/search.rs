//! The search: rounds in which workers expand states, and one place where equal states are merged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;

use alloy_primitives::map::{HashMap, HashSet};
use sealift_evm::Cell;

use super::crew::Crew;
use super::ground::Ground;
use super::worker::{Expansion, Seen, Successor, Worker};
use super::{Edge, ExploreError, Explored, Progress, Sites, Visit, Wrong};
use crate::fork::Print;
use crate::judge::Assessment;
use crate::model::Node;

/// States that are expanded before the next ones are merged.
const ROUND: usize = 1_024;

/// States without faults left that may wait. From there on they go first: each of them holds a chain, and what is
/// found does not depend on the order.
const WAITING: usize = 1 << 14;

/// A state that is still to be expanded.
type Open = (u32, Box<Node>);

struct Search<'a, 'g> {
    ground: &'g Ground<'a>,
    visits: Vec<Visit>,
    index: HashMap<Print, u32>,
    kinds: Vec<Assessment>,
    kind_of: HashMap<Assessment, u32>,
    edges: Vec<Edge>,
    /// States of the number of faults that is being explored, those with one more, and those with no fault left.
    queue: VecDeque<Open>,
    later: VecDeque<Open>,
    last: VecDeque<Open>,
    coverage: BTreeMap<&'static str, Sites>,
    acted: BTreeSet<usize>,
    bounded: Vec<u32>,
    seen: Arc<Seen>,
    /// Cells that calls of a stranger wrote which were taken to change nothing.
    absorbed: HashSet<Cell>,
}

/// Explores everything.
///
/// A stranger's call that writes only what nothing else depends on changes nothing, and is not followed. What
/// depends on what is known at the end: where it turns out that such a cell was one that mattered, all is explored
/// again with that knowledge.
pub(super) fn run<'a>(
    ground: Ground<'a>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Explored<'a>, ExploreError> {
    let seen = Arc::new(Seen {
        relevant: ground.relevant.clone(),
        readers: ground.readers.clone(),
        hostile_readers: HashMap::default(),
    });
    let (search, out_of_budget, executed) =
        Crew::work(&ground, |crew| explore(&ground, seen, crew, progress))?;
    let Search {
        mut visits,
        kinds,
        edges,
        coverage,
        acted,
        bounded,
        seen,
        queue,
        later,
        last,
        ..
    } = search;
    let mut open: Vec<u32> = queue
        .iter()
        .chain(&later)
        .chain(&last)
        .map(|(at, _)| *at)
        .collect();
    open.sort_unstable();
    let seen = Arc::unwrap_or_clone(seen);
    shorten(&mut visits, &edges);
    Ok(Explored {
        visits,
        kinds,
        edges,
        coverage,
        acted,
        open,
        out_of_budget,
        bounded,
        executed,
        gas: ground.sent.iter().map(|sent| sent.gas).collect(),
        relevant: seen.relevant,
        hostile_readers: seen.hostile_readers,
        ground,
    })
}

fn explore<'a, 'g>(
    ground: &'g Ground<'a>,
    mut seen: Arc<Seen>,
    crew: &mut Crew<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Search<'a, 'g>, bool, u64), ExploreError> {
    loop {
        let mut search = Search::new(ground, seen);
        let out_of_budget = search.explore(crew, progress)?;
        let mattered = search.absorbed.intersection(&search.seen.relevant).next();
        if out_of_budget || mattered.is_none() {
            return Ok((search, out_of_budget, crew.executed()));
        }
        seen = search.seen;
    }
}

/// Finds the shortest way to each state: fewest faults, then fewest transactions, then the fault that comes first by
/// its index, so that of equal ways it is always the same one.
///
/// States are found in rounds, and where two ways lead to one state, the one that was found first need not be the
/// shorter one.
fn shorten(visits: &mut [Visit], edges: &[Edge]) {
    let mut out: Vec<Vec<u32>> = vec![Vec::new(); visits.len()];
    for (index, edge) in edges.iter().enumerate() {
        out[edge.from as usize].push(index as u32);
    }
    let mut best: Vec<Option<(u32, u32, u8)>> = vec![None; visits.len()];
    let mut open = BinaryHeap::from([Reverse(((0, 0, 0), 0u32, None))]);
    while let Some(Reverse((length, at, by))) = open.pop() {
        if best[at as usize].is_some() {
            continue;
        }
        best[at as usize] = Some(length);
        let visit = &mut visits[at as usize];
        (visit.by, visit.sent) = (by, length.1);
        for index in &out[at as usize] {
            let edge = &edges[*index as usize];
            if best[edge.to as usize].is_none() {
                let (faults, sent, cause) = length;
                let (faults, cause) = match edge.wrong {
                    Some(Wrong::Fault(name)) => (faults + 1, name),
                    _ => (faults, cause),
                };
                let length = (faults, sent + edge.sent, cause);
                open.push(Reverse((length, edge.to, Some(*index))));
            }
        }
    }
}

impl<'a, 'g> Search<'a, 'g> {
    fn new(ground: &'g Ground<'a>, seen: Arc<Seen>) -> Self {
        Self {
            ground,
            visits: Vec::new(),
            index: HashMap::default(),
            kinds: Vec::new(),
            kind_of: HashMap::default(),
            edges: Vec::new(),
            queue: VecDeque::new(),
            later: VecDeque::new(),
            last: VecDeque::new(),
            coverage: BTreeMap::new(),
            acted: BTreeSet::new(),
            bounded: Vec::new(),
            seen,
            absorbed: HashSet::default(),
        }
    }

    /// Explores until nothing is new; whether the limit of states ended it.
    fn explore(
        &mut self,
        crew: &mut Crew<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, ExploreError> {
        self.start();
        loop {
            if self.visits.len() > self.ground.limits.states {
                return Ok(true);
            }
            let round = self.round();
            if round.is_empty() {
                return Ok(false);
            }
            let ids: Vec<u32> = round.iter().map(|(at, _)| *at).collect();
            let expansions = crew.expand(round, &self.seen);
            for (at, expansion) in ids.into_iter().zip(expansions) {
                self.merge(at, expansion?);
            }
            progress(Progress {
                states: self.visits.len(),
                scenarios: self.coverage.values().map(|sites| sites.fired).sum(),
                open: self.queue.len() + self.last.len(),
            });
        }
    }

    /// The states that are expanded next: fewest faults first, unless too many wait that have none left.
    fn round(&mut self) -> Vec<Open> {
        if self.queue.is_empty() {
            self.queue = std::mem::take(&mut self.later);
        }
        if self.last.len() > WAITING {
            return self.last.drain(self.last.len() - ROUND..).collect();
        }
        let next = if self.queue.is_empty() {
            &mut self.last
        } else {
            &mut self.queue
        };
        next.drain(..ROUND.min(next.len())).collect()
    }

    /// The undisturbed states come first, all of them.
    fn start(&mut self) {
        let mut worker = Worker::new(self.ground);
        for (step, node) in self.ground.path.iter().enumerate() {
            let successor = worker.judged(node.clone(), None);
            let to = self.add(0, successor);
            if let Some(from) = step.checked_sub(1) {
                self.edges.push(Edge {
                    from: from as u32,
                    to,
                    sent: 1,
                    moves: true,
                    wrong: None,
                });
            }
        }
    }

    fn merge(&mut self, from: u32, expansion: Expansion) {
        for (name, sites) in expansion.sites {
            let known = self.coverage.entry(name).or_default();
            known.enumerated += sites.enumerated;
            known.fired += sites.fired;
        }
        if expansion.is_bounded {
            self.bounded.push(from);
        }
        let seen = Arc::make_mut(&mut self.seen);
        seen.relevant.extend(expansion.relevant);
        for (cell, call) in expansion.hostile_reads {
            let readers = seen.hostile_readers.entry(cell).or_default();
            if !readers.contains(&call) {
                readers.push(call);
            }
        }
        for (cell, claim) in expansion.claim_reads {
            seen.relevant.insert(cell);
            seen.readers.entry(cell).or_default().insert(claim);
        }
        self.acted.extend(expansion.acted);
        self.absorbed.extend(expansion.absorbed);
        for successor in expansion.successors {
            let wrong = successor.wrong;
            let moves = successor.node.fork.print() != expansion.chain;
            let sent = successor.node.sent - expansion.sent;
            let to = self.add(from, successor);
            self.edges.push(Edge {
                from,
                to,
                sent,
                moves,
                wrong,
            });
        }
    }

    /// Adds a state unless it is known.
    fn add(&mut self, from: u32, successor: Successor) -> u32 {
        let Successor {
            node,
            print,
            assessment,
            insolvent,
            ..
        } = successor;
        if let Some(known) = self.index.get(&print) {
            return *known;
        }
        let at = u32::try_from(self.visits.len()).expect("the limit of states is lower");
        let kinds = &mut self.kinds;
        let kind = *self.kind_of.entry(assessment).or_insert_with_key(|kind| {
            kinds.push(kind.clone());
            kinds.len() as u32 - 1
        });
        let before = self
            .visits
            .get(from as usize)
            .map_or(0, |visit| visit.faults);
        self.visits.push(Visit {
            by: None,
            faults: node.faults,
            sent: node.sent,
            next: node.record.next as u32,
            at_rest: node.is_at_rest(self.ground.subject.steps.len()),
            believes_done: node.believes_done(self.ground.subject.steps.len()),
            deceived: node.is_deceived(self.ground.subject.steps.len()),
            insolvent,
            kind,
            print,
        });
        self.index.insert(print, at);
        if node.faults >= self.ground.limits.faults {
            self.last.push_back((at, Box::new(node)));
        } else if before < node.faults {
            self.later.push_back((at, Box::new(node)));
        } else {
            self.queue.push_back((at, Box::new(node)));
        }
        at
    }
}
