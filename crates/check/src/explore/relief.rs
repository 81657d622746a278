//! Relief: what would help outside the playbook, where nothing in it does.

use std::collections::VecDeque;

use alloy_primitives::map::HashSet;
use sealift_evm::CLOCK;

use super::ExploreError;
use super::retrace::Retrace;
use super::worker::Worker;
use crate::fork::{Fork, Print, print_of};
use crate::model::Node;
use crate::send::after;

/// States that are looked at for one try.
const STATES: usize = 2_000;
/// Tries for one state without a way out.
const TRIES: usize = 400;
/// Waiting longer than this is no relief: a hundred years.
const LONGEST_SECS: u64 = 100 * 365 * 86_400;

/// What leads to an end, though nothing in the playbook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relief {
    /// Waiting so many seconds in all.
    Wait(u64),
    /// Calls of those who send the script, by their indices in [`crate::model::Subject::operator`].
    Calls(Vec<usize>),
}

impl Retrace<'_> {
    /// What would help in a state.
    pub fn relief(&self, node: &Node) -> Result<Option<Relief>, ExploreError> {
        let mut worker = Worker::new(&self.explored.ground);
        let mut node = node.clone();
        node.faults = node.faults.max(self.explored.ground.limits.faults);
        node.stranger = 0;
        node.trail.clear();
        node.apart = None;
        if let Some(secs) = self.wait_for(&mut worker, &node)? {
            return Ok(Some(Relief::Wait(secs)));
        }
        let mut tries = TRIES;
        let mut open = vec![(node, Vec::new())];
        for _ in 0..2 {
            let mut next = Vec::new();
            for (node, calls) in open {
                for (after, call) in self.acts(&mut worker, &node)? {
                    let calls: Vec<usize> = [calls.as_slice(), &[call]].concat();
                    if tries == 0 {
                        return Ok(None);
                    }
                    tries -= 1;
                    if self.can_end(&mut worker, after.clone())? {
                        return Ok(Some(Relief::Calls(calls)));
                    }
                    next.push((after, calls));
                }
            }
            open = next;
        }
        Ok(None)
    }

    /// How long it takes until the playbook leads to an end, to the second.
    fn wait_for(
        &self,
        worker: &mut Worker<'_, '_>,
        node: &Node,
    ) -> Result<Option<u64>, ExploreError> {
        if !self.seen.relevant.contains(&CLOCK) {
            return Ok(None);
        }
        let waited = |worker: &mut Worker<'_, '_>, secs: u64| {
            let mut node = node.clone();
            node.fork.wait(secs);
            worker.reread(&mut node, [CLOCK].into_iter(), &self.seen)?;
            Ok::<Node, ExploreError>(node)
        };
        let (mut short, mut long) = (0, self.explored.ground.subject.wait_secs.max(1));
        loop {
            let node = waited(worker, long)?;
            if self.can_end(worker, node)? {
                break;
            }
            if long > LONGEST_SECS {
                return Ok(None);
            }
            (short, long) = (long, long * 2);
        }
        while long - short > 1 {
            let middle = short + (long - short) / 2;
            let node = waited(worker, middle)?;
            if self.can_end(worker, node)? {
                long = middle;
            } else {
                short = middle;
            }
        }
        Ok(Some(long))
    }

    /// States after each call of those who send the script that changes what anything depends on.
    fn acts(
        &self,
        worker: &mut Worker<'_, '_>,
        node: &Node,
    ) -> Result<Vec<(Node, usize)>, ExploreError> {
        let mut found = Vec::new();
        let mut known: HashSet<Print> = HashSet::default();
        for (index, message) in self.explored.ground.subject.operator.iter().enumerate() {
            if node.lost == Some(message.from) {
                continue;
            }
            let question = print_of(&(message, None::<u64>));
            let fork: &Fork = &node.fork;
            let outcome = worker.sender.outcome(fork, question, message, None);
            let matters = outcome
                .effect
                .cells()
                .any(|cell| self.seen.relevant.contains(&cell));
            if !matters || !known.insert(outcome.effect.print()) {
                continue;
            }
            let mut next = node.clone();
            next.sent += 1;
            worker.take(&mut next, &after(fork, outcome), &self.seen)?;
            found.push((next, index));
        }
        Ok(found)
    }

    /// Whether the playbook leads from a state to an end.
    fn can_end(&self, worker: &mut Worker<'_, '_>, from: Node) -> Result<bool, ExploreError> {
        let mut known: HashSet<Print> = HashSet::default();
        let mut open = VecDeque::from([from]);
        while let Some(node) = open.pop_front() {
            if worker.judge().assess(&node).goal {
                return Ok(true);
            }
            if known.len() > STATES {
                return Ok(false);
            }
            let expansion = worker.expand(&node, &self.seen)?;
            for successor in expansion.successors {
                if successor.wrong.is_none() && known.insert(successor.print) {
                    open.push_back(successor.node);
                }
            }
        }
        Ok(false)
    }
}
