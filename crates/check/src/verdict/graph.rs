//! The graph of states: from which of them an end can be reached, and what the playbook leads to from the others.

use std::collections::BTreeMap;

use alloy_primitives::map::HashMap;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::explore::{Edge, Explored};

/// Edges that are no faults, by the state that they leave.
#[derive(Debug)]
pub(super) struct Ways<'a> {
    edges: &'a [Edge],
    /// Where the edges of a state begin in [`Self::order`].
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl<'a> Ways<'a> {
    pub(super) fn new(explored: &'a Explored<'_>) -> Self {
        let edges = &explored.edges;
        let mut starts = vec![0u32; explored.visits.len() + 1];
        let ways = || (0..edges.len()).filter(|at| edges[*at].wrong.is_none());
        for at in ways() {
            starts[edges[at].from as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; starts[starts.len() - 1] as usize];
        for at in ways() {
            let place = &mut next[edges[at].from as usize];
            order[*place as usize] = at as u32;
            *place += 1;
        }
        Self {
            edges,
            starts,
            order,
        }
    }

    fn from(&self, at: u32) -> impl Iterator<Item = &'a Edge> {
        let range = self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize;
        self.order[range]
            .iter()
            .map(|edge| &self.edges[*edge as usize])
    }

    /// All states that the playbook leads to from one state, itself included, nearest first.
    pub(super) fn closed_set(&self, from: u32) -> Closed {
        let mut states = vec![from];
        let mut before: HashMap<u32, u32> = [(from, from)].into_iter().collect();
        let mut at = 0;
        while at < states.len() {
            for edge in self.from(states[at]) {
                before.entry(edge.to).or_insert_with(|| {
                    states.push(edge.to);
                    edge.from
                });
            }
            at += 1;
        }
        Closed { states, before }
    }

    /// Whether transactions can be mined in these states for ever: a circle on which the chain changes.
    pub(super) fn goes_round(&self, states: &[u32]) -> bool {
        let mut graph: DiGraphMap<u32, bool> = DiGraphMap::new();
        for from in states {
            for edge in self.from(*from) {
                let moves = graph.edge_weight(*from, edge.to).copied().unwrap_or(false);
                graph.add_edge(*from, edge.to, moves || edge.moves);
            }
        }
        let mut circle: BTreeMap<u32, usize> = BTreeMap::new();
        for (index, part) in tarjan_scc(&graph).into_iter().enumerate() {
            circle.extend(part.into_iter().map(|state| (state, index)));
        }
        graph
            .all_edges()
            .any(|(from, to, moves)| *moves && circle[&from] == circle[&to])
    }
}

/// The states that the playbook leads to.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) states: Vec<u32>,
    before: HashMap<u32, u32>,
}

impl Closed {
    /// The states on the way to one of them, without the first.
    pub(super) fn way_to(&self, mut at: u32) -> Vec<u32> {
        let mut way = Vec::new();
        while self.before[&at] != at {
            way.push(at);
            at = self.before[&at];
        }
        way.reverse();
        way
    }
}

/// Backward reachability from the ends, over everything but faults (CTL: EF goal).
pub(super) fn can_end(explored: &Explored<'_>) -> Vec<bool> {
    let mut backward: Vec<Vec<u32>> = vec![Vec::new(); explored.visits.len()];
    for edge in explored.edges.iter().filter(|edge| edge.wrong.is_none()) {
        backward[edge.to as usize].push(edge.from);
    }
    let mut good: Vec<bool> = (0..explored.visits.len() as u32)
        .map(|at| explored.assessment(at).goal)
        .collect();
    // Of what was not looked at nothing is known, least of all that it has no way out.
    for at in &explored.open {
        good[*at as usize] = true;
    }
    let mut open: Vec<u32> = (0..good.len() as u32)
        .filter(|at| good[*at as usize])
        .collect();
    while let Some(at) = open.pop() {
        for from in &backward[at as usize] {
            if !std::mem::replace(&mut good[*from as usize], true) {
                open.push(*from);
            }
        }
    }
    good
}
