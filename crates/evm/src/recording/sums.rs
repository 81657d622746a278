//! Words that an execution only counts on: it adds to them, and compares them.
//!
//! A shadow follows such a word from where it is loaded, over the stack, to where it is stored again. It says which
//! word that was, and what was added to it. Each comparison narrows the start values for which the execution goes
//! the same way. What anything else is done to has escaped: the execution may depend on it in any way.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use revm::bytecode::opcode::{self, OPCODE_INFO};

use super::arc::Arc;
use super::sites::Known;
use crate::machine::Cell;

/// A word that an execution adds to and compares, and does nothing else with.
///
/// For every start value from `low` to `high` the execution goes the same way, and leaves behind the start value
/// with `added` added to it, modulo 2^256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Where it stands.
    pub cell: Cell,
    /// What is added.
    pub added: U256,
    /// The least start value.
    pub low: U256,
    /// The greatest start value.
    pub high: U256,
}

/// What stands at one place of a stack: a word as it was at the start, with something added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shadow {
    word: usize,
    added: U256,
}

/// One word that was loaded.
#[derive(Clone, Debug)]
struct Word {
    cell: Cell,
    /// What stands in it now, less what stood in it at the start.
    added: U256,
    bounds: (U256, U256),
    has_escaped: bool,
}

/// The shadows on the stack of one frame, by the places that they stand at.
#[derive(Debug, Default)]
struct Frame {
    shadows: Vec<(usize, Shadow)>,
}

impl Frame {
    fn at(&self, place: usize) -> Option<Shadow> {
        let mut shadows = self.shadows.iter();
        shadows
            .find(|(at, _)| *at == place)
            .map(|(_, shadow)| *shadow)
    }

    fn put(&mut self, place: usize, shadow: Option<Shadow>) {
        self.shadows.retain(|(at, _)| *at != place);
        self.shadows.extend(shadow.map(|shadow| (place, shadow)));
    }
}

/// Follows words through an execution.
#[derive(Debug, Default)]
pub(super) struct Sums {
    words: Vec<Word>,
    index: BTreeMap<Cell, usize>,
    frames: Vec<Frame>,
    /// Whether something happened that shadows do not follow.
    is_lost: bool,
}

impl Sums {
    pub(super) fn enter(&mut self) {
        self.frames.push(Frame::default());
    }

    /// A frame is left; what a failed one stored is undone, which shadows do not follow.
    pub(super) fn leave(&mut self, succeeded: bool) {
        self.frames.pop();
        self.is_lost |= !succeeded;
    }

    /// The words that were only counted on, and for more than one start value.
    pub(super) fn found(self) -> Vec<Sum> {
        if self.is_lost {
            return Vec::new();
        }
        let kept = self.words.into_iter().filter(|word| !word.has_escaped);
        let mut sums: Vec<Sum> = kept
            .map(|word| Sum {
                cell: word.cell,
                added: word.added,
                low: word.bounds.0,
                high: word.bounds.1,
            })
            .filter(|sum| sum.low < sum.high)
            .collect();
        sums.sort_unstable_by_key(|sum| sum.cell);
        sums
    }

    /// What is known of the words of a stack for every start value within the limits: not what follows from a word that
    /// is counted on.
    pub(super) fn known(&self, stack: &[U256]) -> Vec<Known> {
        let mut known: Vec<Known> = stack.iter().copied().map(Some).collect();
        for (place, _) in self.frames.last().iter().flat_map(|frame| &frame.shadows) {
            if let Some(word) = known.get_mut(*place) {
                *word = None;
            }
        }
        known
    }

    /// An instruction is about to be executed on this stack.
    pub(super) fn step(&mut self, code: u8, contract: Address, stack: &[U256]) {
        if self.is_lost {
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let size = stack.len();
        match code {
            opcode::SLOAD if size >= 1 => self.load(contract, stack),
            opcode::SSTORE if size >= 2 => self.store(contract, stack),
            _ if frame.shadows.is_empty() => {}
            opcode::POP => frame.put(size.saturating_sub(1), None),
            opcode::DUP1..=opcode::DUP16 => {
                let from = size.checked_sub(usize::from(code - opcode::DUP1) + 1);
                let shadow = from.and_then(|from| frame.at(from));
                frame.put(size, shadow);
            }
            opcode::SWAP1..=opcode::SWAP16 => {
                let depth = usize::from(code - opcode::SWAP1) + 2;
                if let Some(other) = size.checked_sub(depth) {
                    let (top, below) = (frame.at(size - 1), frame.at(other));
                    frame.put(size - 1, below);
                    frame.put(other, top);
                }
            }
            opcode::ADD | opcode::SUB if size >= 2 => self.added(code, stack),
            opcode::LT | opcode::GT | opcode::EQ if size >= 2 => self.compared(code, stack),
            opcode::ISZERO if size >= 1 => {
                if let Some(shadow) = frame.at(size - 1) {
                    frame.put(size - 1, None);
                    self.is_one(shadow, stack[size - 1], U256::ZERO);
                }
            }
            _ => self.other(code, size),
        }
    }

    fn load(&mut self, contract: Address, stack: &[U256]) {
        let place = stack.len() - 1;
        self.escape_at(place);
        let cell = (contract, Some(stack[place]));
        let word = *self.index.entry(cell).or_insert_with(|| {
            self.words.push(Word {
                cell,
                added: U256::ZERO,
                bounds: (U256::ZERO, U256::MAX),
                has_escaped: false,
            });
            self.words.len() - 1
        });
        let known = &self.words[word];
        let shadow = (!known.has_escaped).then_some(Shadow {
            word,
            added: known.added,
        });
        self.frame().put(place, shadow);
    }

    fn store(&mut self, contract: Address, stack: &[U256]) {
        let (slot, value) = (stack.len() - 1, stack.len() - 2);
        self.escape_at(slot);
        let cell = (contract, Some(stack[slot]));
        let shadow = self.frame().at(value);
        let known = self.index.get(&cell).copied();
        match (known, shadow) {
            (Some(word), Some(shadow)) if shadow.word == word => {
                // What it costs depends on which of the words are zero: none of them may become so.
                let start = stack[value].wrapping_sub(shadow.added);
                let before = self.words[word].added;
                for added in [U256::ZERO, before, shadow.added] {
                    self.narrow_zero(word, start, added);
                }
                self.words[word].added = shadow.added;
            }
            _ => {
                self.escape_at(value);
                // Stored without being loaded: what stood there decides what that costs.
                let word = known.unwrap_or_else(|| {
                    self.words.push(Word {
                        cell,
                        added: U256::ZERO,
                        bounds: (U256::ZERO, U256::MAX),
                        has_escaped: true,
                    });
                    self.index.insert(cell, self.words.len() - 1);
                    self.words.len() - 1
                });
                self.words[word].has_escaped = true;
            }
        }
        let frame = self.frame();
        frame.put(slot, None);
        frame.put(value, None);
    }

    /// Something is added or taken away.
    fn added(&mut self, code: u8, stack: &[U256]) {
        let (top, below) = (stack.len() - 1, stack.len() - 2);
        let frame = self.frame();
        let (one, two) = (frame.at(top), frame.at(below));
        let result = match (one, two) {
            (None, None) => return,
            (Some(shadow), None) if code == opcode::ADD => {
                Some((shadow, shadow.added.wrapping_add(stack[below])))
            }
            (None, Some(shadow)) if code == opcode::ADD => {
                Some((shadow, shadow.added.wrapping_add(stack[top])))
            }
            (Some(shadow), None) => Some((shadow, shadow.added.wrapping_sub(stack[below]))),
            (Some(one), Some(two)) if code == opcode::SUB && one.word == two.word => None,
            _ => {
                self.escape_at(top);
                self.escape_at(below);
                None
            }
        };
        let shadow = result.map(|(shadow, added)| Shadow { added, ..shadow });
        let frame = self.frame();
        frame.put(top, None);
        frame.put(below, shadow);
    }

    /// The top of the stack is compared with what is below it.
    fn compared(&mut self, code: u8, stack: &[U256]) {
        let (top, below) = (stack.len() - 1, stack.len() - 2);
        let frame = self.frame();
        let (one, two) = (frame.at(top), frame.at(below));
        frame.put(top, None);
        frame.put(below, None);
        let (left, right) = (stack[top], stack[below]);
        match (one, two) {
            (None, None) => {}
            (Some(one), Some(two)) if one.word == two.word => {
                // Whether the distance between the two goes around the ring.
                let (first, first_value, distance) = match code {
                    opcode::LT => (one, left, right.wrapping_sub(left)),
                    opcode::GT => (two, right, left.wrapping_sub(right)),
                    _ => return,
                };
                if !distance.is_zero() {
                    let limit = U256::MAX - distance;
                    self.is_above(first, first_value, limit);
                }
            }
            (Some(_), Some(_)) => {
                self.escape(one);
                self.escape(two);
            }
            (Some(shadow), None) => self.compared_with(code, shadow, left, right, true),
            (None, Some(shadow)) => self.compared_with(code, shadow, right, left, false),
        }
    }

    fn compared_with(&mut self, code: u8, shadow: Shadow, value: U256, other: U256, is_left: bool) {
        match (code, is_left) {
            (opcode::EQ, _) => self.is_one(shadow, value, other),
            (opcode::LT, true) | (opcode::GT, false) => self.is_below(shadow, value, other),
            _ => self.is_above(shadow, value, other),
        }
    }

    fn is_below(&mut self, shadow: Shadow, value: U256, other: U256) {
        if !other.is_zero() {
            self.narrow(shadow, value, Arc::below(other), value < other);
        }
    }

    fn is_above(&mut self, shadow: Shadow, value: U256, other: U256) {
        if other != U256::MAX {
            self.narrow(shadow, value, Arc::above(other), value > other);
        }
    }

    fn is_one(&mut self, shadow: Shadow, value: U256, other: U256) {
        self.narrow(shadow, value, Arc::only(other), value == other);
    }

    /// The comparison has to come out as it did: in the arc, or outside.
    fn narrow(&mut self, shadow: Shadow, value: U256, arc: Arc, is_in: bool) {
        let arc = if is_in { arc } else { arc.others() };
        let start = value.wrapping_sub(shadow.added);
        let word = &mut self.words[shadow.word];
        word.bounds = arc.before(shadow.added).cut(word.bounds, start);
    }

    fn narrow_zero(&mut self, word: usize, start: U256, added: U256) {
        let value = start.wrapping_add(added);
        self.is_one(Shadow { word, added }, value, U256::ZERO);
    }

    /// Anything else is done: what it takes from the stack has escaped.
    fn other(&mut self, code: u8, size: usize) {
        let Some(info) = OPCODE_INFO[usize::from(code)] else {
            return;
        };
        if (opcode::DUPN..=opcode::EXCHANGE).contains(&code) {
            self.is_lost = true;
            return;
        }
        for place in size.saturating_sub(usize::from(info.inputs()))..size {
            self.escape_at(place);
            self.frame().put(place, None);
        }
    }

    fn escape_at(&mut self, place: usize) {
        let shadow = self.frame().at(place);
        self.escape(shadow);
    }

    fn escape(&mut self, shadow: Option<Shadow>) {
        if let Some(shadow) = shadow {
            self.words[shadow.word].has_escaped = true;
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames
            .last_mut()
            .expect("an instruction belongs to a frame")
    }
}
