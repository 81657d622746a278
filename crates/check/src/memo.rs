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
#[derive(Debug)]
pub struct Memo<T> {
    /// What was asked, and the sets of cells that answers were taken from.
    shapes: HashMap<Print, Vec<Arc<[Cell]>>>,
    /// Answers by question, number of the shape, and what stood in its cells.
    answers: HashMap<(Print, usize, Print), T>,
    /// What was known before, and is shared.
    beneath: Option<Arc<Self>>,
    /// Whether nothing is remembered.
    pub forgets: bool,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            shapes: HashMap::default(),
            answers: HashMap::default(),
            beneath: None,
            forgets: false,
        }
    }
}

impl<T: Clone> Memo<T> {
    /// A memory that begins with what another one knows.
    pub fn above(beneath: Arc<Self>) -> Self {
        Self {
            beneath: Some(beneath),
            ..Self::default()
        }
    }

    /// The answer to a question in a state, if it follows from what is known.
    pub fn get(&self, question: Print, fork: &Fork) -> Option<T> {
        self.find(question, fork, |_| true)
    }

    /// The answer to a question in a state, if it follows from what is known and is still right there.
    pub fn find(
        &self,
        question: Print,
        fork: &Fork,
        holds: impl Fn(&T) -> bool + Copy,
    ) -> Option<T> {
        let here = self.here(question, fork, &holds);
        here.or_else(|| self.beneath.as_ref()?.find(question, fork, holds))
    }

    /// The cells that answers to a question were taken from; each set once, as far as this memory knows itself.
    pub fn shapes(&self, question: Print) -> impl Iterator<Item = &Arc<[Cell]>> {
        self.shapes.get(&question).into_iter().flatten()
    }

    fn here(&self, question: Print, fork: &Fork, holds: &impl Fn(&T) -> bool) -> Option<T> {
        let shapes = self.shapes.get(&question)?.iter().enumerate();
        let mut found = shapes.filter_map(|(shape, reads)| {
            self.answers.get(&(question, shape, fork.situation(reads)))
        });
        found.find(|answer| holds(answer)).cloned()
    }

    /// Takes over what another memory knows itself of other questions.
    pub fn join(&mut self, other: Self) {
        self.shapes.extend(other.shapes);
        self.answers.extend(other.answers);
    }

    /// Remembers an answer and the cells that it was taken from, in order and without repeats.
    pub fn put(&mut self, question: Print, fork: &Fork, reads: &[Cell], answer: T) {
        if self.forgets {
            return;
        }
        let shapes = self.shapes.entry(question).or_default();
        let known = shapes.iter().position(|shape| **shape == *reads);
        let shape = known.unwrap_or_else(|| {
            shapes.push(reads.into());
            shapes.len() - 1
        });
        let situation = fork.situation(reads);
        self.answers.insert((question, shape, situation), answer);
    }
}

/// Cells of several executions, in order and without repeats.
pub fn together<'a>(parts: impl IntoIterator<Item = &'a [Cell]>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = parts.into_iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}
