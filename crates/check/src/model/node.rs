//! A state: the chain, what the executor knows, and how it was reached.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use sealift_evm::Cell;

use super::{Fault, Resume};
use crate::fork::{Fork, Print, print_of};
use crate::ledger::{Claims, Shift};
use crate::tally::Tally;

/// What the executor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It sends one step after the other.
    Running,
    /// It sends what has no good receipt.
    Mending,
    /// It stopped, or was stopped.
    Stopped,
}

/// What the executor knows, and what is true of its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The step that is sent next.
    pub next: usize,
    /// How many steps were ever sent, as a positional executor counts.
    pub sent: usize,
    /// What it does.
    pub mode: Mode,
    /// The step whose outcome is not known.
    pub uncertain: Option<usize>,
    /// Steps with a good receipt, a bit each.
    pub mined: Vec<u64>,
    /// Contracts that were created again: where the script expects them, and where they are.
    pub moved: Vec<(Address, Address)>,
    /// Steps whose very calls a stranger has made, or whose sender has acted on its own, in order: where one fails for
    /// that, the executor passes it over.
    pub overtaken: Vec<usize>,
    /// How often the script was begun again after the first time.
    pub reruns: u8,
    /// What the receipts of the run before say, while the script that was begun again has done nothing to the chain,
    /// and the chain.
    pub before: Option<Arc<(Record, Print)>>,
}

impl Record {
    /// The record of a script that was not begun.
    pub fn new(steps: usize) -> Self {
        Self {
            next: 0,
            sent: 0,
            mode: Mode::Running,
            uncertain: None,
            mined: vec![0; steps.div_ceil(64)],
            moved: Vec::new(),
            overtaken: Vec::new(),
            reruns: 0,
            before: None,
        }
    }

    /// Whether a step has a good receipt.
    pub fn is_mined(&self, step: usize) -> bool {
        self.mined[step / 64] >> (step % 64) & 1 == 1
    }

    /// Writes down that these steps were sent one after the other and have good receipts.
    pub fn took(&mut self, steps: Range<usize>) {
        self.next = steps.end;
        self.sent = self.sent.max(steps.end);
        self.uncertain = None;
        steps.for_each(|step| self.set_mined(step, true));
    }

    /// Once the script that was begun again has done anything to the chain, its receipts are in the place of the
    /// older ones.
    pub fn forget_before(&mut self, chain: Print) {
        if self.before.as_ref().is_some_and(|before| before.1 != chain) {
            self.before = None;
        }
    }

    /// Writes down that these steps may be passed over.
    pub fn set_overtaken(&mut self, steps: impl Iterator<Item = usize>) {
        self.overtaken.extend(steps);
        self.overtaken.sort_unstable();
        self.overtaken.dedup();
    }

    /// Writes down whether a step has a good receipt.
    pub fn set_mined(&mut self, step: usize, mined: bool) {
        let bit = 1 << (step % 64);
        if mined {
            self.mined[step / 64] |= bit
        } else {
            self.mined[step / 64] &= !bit
        }
    }
}

/// What leads from one state to the next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The step is sent.
    Step(usize),
    /// The steps from the first to before the second are sent, and go as they went undisturbed, or change nothing.
    Steps(usize, usize),
    /// Something goes wrong at a step.
    Fault(usize, Fault),
    /// The executor goes on.
    Resume(Resume),
    /// The executor passes over a step that failed because a stranger has made the same call, or its sender has acted.
    PassOver(usize),
    /// Time passes.
    Wait,
    /// A declared way back.
    Recovery(usize),
    /// A second call of the stranger.
    Again(usize),
    /// Somebody who lacks something makes a call that anybody can make, for itself.
    Helps(Address, usize),
    /// A holder whose claim the stranger changed takes out all that it can move in a ledger.
    Takes(Address, usize),
}

/// What is not asked of an account that acted on its own, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Excuse {
    /// It takes nothing: it is not judged as short.
    Absent,
    /// It has code, and may be passed over: it is judged by what it has, wherever that is.
    Late,
}

/// A state of the chain that a reorganisation can go back to, with everything that is true of the chain alone.
#[derive(Clone, Debug)]
pub struct Past {
    /// The chain.
    pub fork: Fork,
    /// Steps that were mined.
    pub mined: Vec<u64>,
    /// Entitlements that holders had moved.
    pub shift: Arc<Vec<Shift>>,
    /// What was not asked of whom.
    pub excused: Arc<BTreeMap<Address, Excuse>>,
    /// What the stranger had paid.
    pub given: U256,
    /// How often the script had been begun again.
    pub reruns: u8,
    /// All claims.
    pub claims: Claims,
    /// What they come to.
    pub tally: Arc<Tally>,
}

impl Past {
    /// What a node is on the chain now.
    pub fn of(node: &Node) -> Self {
        Self {
            fork: node.fork.clone(),
            mined: node.record.mined.clone(),
            shift: node.shift.clone(),
            excused: node.excused.clone(),
            given: node.given,
            reruns: node.record.reruns,
            claims: node.claims.clone(),
            tally: node.tally.clone(),
        }
    }

    fn print(&self) -> Print {
        print_of(&(
            self.fork.print(),
            &self.mined,
            &*self.shift,
            &*self.excused,
            self.given,
            self.reruns,
        ))
    }
}

/// A state, and how it was first reached.
#[derive(Clone, Debug)]
pub struct Node {
    /// The chain.
    pub fork: Fork,
    /// Whether the executor may wait now: having waited, not before anything has changed.
    pub may_wait: bool,
    /// How often it may wait until something else goes wrong: waiting again and again is no playbook.
    pub waits: u8,
    /// Ways back that it went one after the other, none of which changed a claim; on the way by which the state was found
    /// first, so it is not a part of the state.
    pub fruitless: usize,
    /// The executor.
    pub record: Record,
    /// Entitlements that holders moved among themselves.
    pub shift: Arc<Vec<Shift>>,
    /// Who never acts again.
    pub lost: Option<Address>,
    /// What is not asked of whom.
    pub excused: Arc<BTreeMap<Address, Excuse>>,
    /// What the stranger has paid, in units of whatever it was: others may have as much more.
    pub given: U256,
    /// Calls that the stranger has left.
    pub stranger: u8,
    /// The account whose claims its first call changed, where they are those of one: it may act now in its place.
    pub touched: Option<usize>,
    /// The last states of the chain, newest last, while faults are left.
    pub trail: Vec<Past>,
    /// All claims.
    pub claims: Claims,
    /// What they come to.
    pub tally: Arc<Tally>,
    /// Cells in which the chain may differ from the undisturbed one before the same step, and no others; `None`
    /// where that is not known.
    pub apart: Option<Arc<[Cell]>>,
    /// Faults so far.
    pub faults: u8,
    /// Transactions so far.
    pub sent: u32,
    /// Where it came from.
    pub parent: Option<Parent>,
}

/// How a state was first reached.
#[derive(Clone, Debug)]
pub struct Parent {
    /// What happened.
    pub action: Action,
    /// Whether a transaction of it failed, and with what.
    pub failed: Option<Bytes>,
}

impl Node {
    /// The state that a reorganisation of so many steps goes back to.
    pub fn past(&self, depth: usize) -> &Past {
        &self.trail[self.trail.len() - 1 - depth]
    }

    /// An account acts on its own: from now on that much is not asked of it, on this chain.
    pub fn excuse(&mut self, account: Address, excuse: Excuse) {
        let all = Arc::make_mut(&mut self.excused);
        let known = all.entry(account).or_insert(excuse);
        *known = (*known).min(excuse);
    }

    /// Whether it is settled for everybody to have what is due, wherever it is: somebody acted on its own, or is gone.
    pub fn is_on_its_own(&self) -> bool {
        let mut excuses = self.excused.values();
        !self.shift.is_empty()
            || self.lost.is_some()
            || excuses.any(|excuse| *excuse == Excuse::Absent)
    }

    /// The steps that such a reorganisation undoes, in order.
    pub fn undone(&self, depth: usize) -> Vec<usize> {
        let past = self.past(depth);
        let was_mined = |step: &usize| past.mined[step / 64] >> (step % 64) & 1 == 1;
        let steps = 0..self.record.mined.len() * 64;
        steps
            .filter(|step| self.record.is_mined(*step) && !was_mined(step))
            .collect()
    }

    /// This node with the chain as it was, at the time that it is now.
    pub fn reorganised(&self, depth: usize) -> Self {
        let past = self.past(depth).clone();
        let mut back = self.clone();
        let now = self.fork.moment().timestamp_secs;
        back.fork = past.fork;
        back.fork.wait(now - back.fork.moment().timestamp_secs);
        if past.reruns < back.record.reruns
            && let Some(before) = &mut back.record.before
        {
            // The run before loses what is no longer on the chain.
            let receipts = &mut Arc::make_mut(before).0.mined;
            for (mined, there) in receipts.iter_mut().zip(&past.mined) {
                *mined &= there;
            }
        }
        back.record.mined = past.mined;
        back.shift = past.shift;
        back.excused = past.excused;
        back.given = past.given;
        back.claims = past.claims;
        back.tally = past.tally;
        back.trail.truncate(self.trail.len() - depth);
        back
    }

    /// Whether the executor has stopped, or has sent everything.
    pub fn is_at_rest(&self, steps: usize) -> bool {
        self.record.next >= steps || self.record.mode == Mode::Stopped
    }

    /// Whether the executor believes that all is done. Where a key is lost the others do what they can, and nobody
    /// believes that it is all.
    pub fn believes_done(&self, steps: usize) -> bool {
        self.record.next >= steps && self.record.mode != Mode::Stopped && self.lost.is_none()
    }

    /// Whether the executor believes that all is done, and a step that its record has is not on the chain.
    pub fn is_deceived(&self, steps: usize) -> bool {
        self.believes_done(steps) && (0..steps).any(|step| !self.record.is_mined(step))
    }

    /// The fingerprint under which equal states are merged.
    pub fn print(&self) -> Print {
        let trail: Vec<Print> = self.trail.iter().map(Past::print).collect();
        print_of(&(
            self.fork.print(),
            self.may_wait,
            self.waits,
            &self.record,
            &*self.shift,
            self.lost,
            &*self.excused,
            self.given,
            self.stranger,
            self.touched,
            trail,
        ))
    }
}
