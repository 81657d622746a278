//! Going the way to a state once more: of states only a trace of them is kept.

use std::collections::BTreeMap;

use super::worker::{Seen, Worker};
use super::{ExploreError, Explored, Wrong};
use crate::model::{Action, Node, Parent};

/// Makes the states on the way to a visit again.
pub struct Retrace<'a> {
    pub(super) explored: &'a Explored<'a>,
    pub(super) seen: Seen,
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

    /// The states from the start to each of these visits and on along the states that follow it, each with what
    /// led to it.
    pub fn paths<'w>(
        &self,
        ways: impl Iterator<Item = (u32, &'w [u32])>,
    ) -> Result<Vec<Vec<Node>>, ExploreError> {
        let mut worker = Worker::new(&self.explored.ground);
        let mut known: BTreeMap<u32, Node> = BTreeMap::new();
        ways.map(|(at, on)| self.path(&mut worker, &mut known, at, on))
            .collect()
    }

    fn path(
        &self,
        worker: &mut Worker<'_, '_>,
        known: &mut BTreeMap<u32, Node>,
        at: u32,
        on: &[u32],
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
        for id in on {
            let before = nodes.last().expect("a way has a start");
            nodes.push(self.found(worker, before, *id, None)?);
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
        let wrong = self.explored.before(at).and_then(|edge| edge.wrong);
        self.found(worker, before, at, wrong)
    }

    /// The state of a visit, which something leads to from another state.
    fn found(
        &self,
        worker: &mut Worker<'_, '_>,
        before: &Node,
        at: u32,
        wrong: Option<Wrong>,
    ) -> Result<Node, ExploreError> {
        let visit = &self.explored.visits[at as usize];
        let expansion = worker.expand(before, &self.seen)?;
        let mut fitting: Vec<Node> = expansion
            .successors
            .into_iter()
            .filter(|successor| successor.print == visit.print && successor.wrong == wrong)
            .map(|successor| successor.node)
            .collect();
        fitting.sort_by_key(|node| node.sent);
        let mut fitting = fitting.into_iter();
        Ok(fitting.next().expect("a state leads to what it led to"))
    }
}
