//! Going the way to a state once more: of states only a trace of them is kept.

use std::collections::BTreeMap;

use super::search::Seen;
use super::worker::Worker;
use super::{ExploreError, Explored};
use crate::model::{Action, Node, Parent};

/// Makes the states on the way to a visit again.
pub struct Retrace<'a> {
    explored: &'a Explored<'a>,
    seen: Seen,
}

impl std::fmt::Debug for Retrace<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retrace").finish_non_exhaustive()
    }
}

impl<'a> Retrace<'a> {
    /// For what was explored.
    pub fn new(explored: &'a Explored<'a>) -> Self {
        let seen = Seen {
            relevant: explored.relevant.clone(),
            readers: explored.ground.readers.clone(),
            hostile_readers: explored.hostile_readers.clone(),
        };
        Self { explored, seen }
    }

    /// The states from the start to each of these visits, each with what led to it.
    pub fn paths(&self, visits: &[u32]) -> Result<Vec<Vec<Node>>, ExploreError> {
        let mut worker = Worker::new(&self.explored.ground);
        let mut known: BTreeMap<u32, Node> = BTreeMap::new();
        visits
            .iter()
            .map(|at| self.path(&mut worker, &mut known, *at))
            .collect()
    }

    fn path(
        &self,
        worker: &mut Worker<'_, '_>,
        known: &mut BTreeMap<u32, Node>,
        at: u32,
    ) -> Result<Vec<Node>, ExploreError> {
        let mut ids = vec![at];
        while let Some(edge) = self.explored.before(ids[ids.len() - 1]) {
            ids.push(edge.from);
        }
        ids.reverse();
        let mut nodes: Vec<Node> = Vec::new();
        for id in ids {
            let node = match (known.get(&id), nodes.last()) {
                (Some(node), _) => node.clone(),
                (None, Some(before)) => self.step(worker, before, id)?,
                (None, None) => self.explored.ground.path[0].clone(),
            };
            known.insert(id, node.clone());
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// The state of a visit, from the one before it.
    fn step(
        &self,
        worker: &mut Worker<'_, '_>,
        before: &Node,
        at: u32,
    ) -> Result<Node, ExploreError> {
        if let Some(node) = self.explored.ground.path.get(at as usize) {
            let mut node = node.clone();
            node.parent = Some(Parent {
                action: Action::Step(at as usize - 1),
                failed: None,
            });
            return Ok(node);
        }
        let visit = &self.explored.visits[at as usize];
        let edge = self.explored.before(at);
        let expansion = worker.expand(before, &self.seen)?;
        let found = expansion.successors.into_iter().find(|successor| {
            let sent = successor.node.sent - before.sent;
            successor.print == visit.print
                && edge.is_some_and(|edge| edge.sent == sent && edge.wrong == successor.wrong)
        });
        Ok(found.expect("a state leads to what it led to").node)
    }
}
