//! Remembering what was found out, by what it depended on.

use std::sync::Arc;

use alloy_primitives::map::HashMap;
use sealift_evm::Cell;

use crate::fork::{Fork, Print};

/// Answers by question and by the cells that the answer was taken from.
///
/// An execution is decided by the message and by the cells that it reads. Where all of them stand as they stood
/// then, it reads the same, goes the same way and answers the same: it need not be executed again, whatever else
/// has changed in the state.
#[derive(Clone, Debug)]
pub struct Memo<T> {
    known: HashMap<Print, Vec<Shape<T>>>,
    /// Whether nothing is remembered.
    pub forgets: bool,
}

/// Answers that were taken from the same cells.
#[derive(Clone, Debug)]
struct Shape<T> {
    reads: Arc<[Cell]>,
    answers: HashMap<Print, T>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            known: HashMap::default(),
            forgets: false,
        }
    }
}

impl<T: Clone> Memo<T> {
    /// The answer to a question in a state, if it follows from what is known.
    pub fn get(&self, question: Print, fork: &Fork) -> Option<T> {
        self.find(question, fork, |_| true)
    }

    /// The answer to a question in a state, if it follows from what is known and is still right there.
    pub fn find(&self, question: Print, fork: &Fork, holds: impl Fn(&T) -> bool) -> Option<T> {
        let shapes = self.known.get(&question)?;
        let mut found = shapes
            .iter()
            .filter_map(|shape| shape.answers.get(&fork.situation(&shape.reads)));
        found.find(|answer| holds(answer)).cloned()
    }

    /// Remembers an answer and the cells that it was taken from, in order and without repeats.
    pub fn put(&mut self, question: Print, fork: &Fork, reads: &[Cell], answer: T) {
        if self.forgets {
            return;
        }
        let shapes = self.known.entry(question).or_default();
        let situation = fork.situation(reads);
        if let Some(shape) = shapes.iter_mut().find(|shape| *shape.reads == *reads) {
            shape.answers.insert(situation, answer);
        } else {
            shapes.push(Shape {
                reads: reads.into(),
                answers: [(situation, answer)].into_iter().collect(),
            });
        }
    }
}

/// Cells of several executions, in order and without repeats.
pub fn together<'a>(parts: impl IntoIterator<Item = &'a [Cell]>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = parts.into_iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}
