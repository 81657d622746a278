//! A worker: it expands one state after another, and remembers what it executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::map::{HashMap, HashSet};
use alloy_primitives::{Bytes, U256};
use sealift_evm::{CLOCK, Cell, Snapshot};

use super::calls::Calls;
use super::ground::Ground;
use super::{ExploreError, Insolvency, Sites, TRAIL, Wrong};
use crate::fork::{Fork, Print};
use crate::judge::{Assessment, Judge};
use crate::ledger::{Claims, Ledger, Reader, Readers, Side, view};
use crate::memo::Memo;
use crate::model::{Action, Fault, Mode, Node, Parent, Past};
use crate::send::{Outcome, Sender, Sent, creation_nonce, message_of};
use crate::tally::Tally;

/// States whose claims are kept at most.
const KEPT: usize = 1 << 12;

/// What workers know of each other's finds; it changes between rounds only, so that no find depends on who made it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Cells on which anything but a stranger's call depends.
    pub(super) relevant: HashSet<Cell>,
    /// The claims that have ever depended on a cell.
    pub(super) readers: Readers,
    /// The stranger's calls that have ever read a cell.
    pub(super) hostile_readers: HashMap<Cell, Vec<u32>>,
}

/// A state that something leads to.
#[derive(Debug)]
pub(super) struct Successor {
    pub(super) node: Node,
    pub(super) wrong: Option<Wrong>,
    pub(super) print: Print,
    pub(super) assessment: Assessment,
    pub(super) insolvent: Option<Arc<Insolvency>>,
}

/// All that leads out of a state, and what was learned.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    pub(super) successors: Vec<Successor>,
    /// Transactions that the state itself is away from the start.
    pub(super) sent: u32,
    /// The chain of the state itself.
    pub(super) chain: Print,
    /// Declared actions that succeeded.
    pub(super) acted: Vec<usize>,
    pub(super) sites: BTreeMap<&'static str, Sites>,
    /// Whether a rerun was left out.
    pub(super) is_bounded: bool,
    /// Cells that anything but a stranger's call depends on.
    pub(super) relevant: Vec<Cell>,
    /// Cells that a claim depends on.
    pub(super) claim_reads: Vec<(Cell, u32)>,
    /// Cells that a stranger's call reads.
    pub(super) hostile_reads: Vec<(Cell, u32)>,
    /// Cells that were written by what was not followed.
    pub(super) absorbed: Vec<Cell>,
}

/// Expands states.
#[derive(Debug)]
pub(super) struct Worker<'a, 'g> {
    pub(super) ground: &'g Ground<'a>,
    pub(super) sender: Sender,
    reader: Reader,
    claims: HashMap<Print, (Claims, Arc<Tally>)>,
    holdings: Memo<U256>,
    pub(super) calls: Calls,
    pub(super) out: Expansion,
}

impl<'a, 'g> Worker<'a, 'g> {
    pub(super) fn new(ground: &'g Ground<'a>) -> Self {
        let mut reader = Reader::new(ground.subject.ledgers.clone(), ground.accounts.clone());
        reader.silence_is_nothing = true;
        let mut sender = Sender::new(ground.subject.start.moment().chain_id);
        if ground.limits.full {
            reader.forget();
            sender.forget();
        } else {
            reader.known = Memo::above(ground.claims.clone());
            sender.outcomes = Memo::above(ground.outcomes.clone());
        }
        let mut claims = HashMap::default();
        if !ground.limits.full {
            let steps = ground.sent.iter().enumerate();
            for ((step, sent), pair) in steps.zip(ground.path.windows(2)) {
                sender.know(&pair[0].fork, ground.questions[step], sent.clone());
                let known = (pair[1].claims.clone(), pair[1].tally.clone());
                claims.insert(pair[1].fork.print(), known);
            }
        }
        Self {
            ground,
            sender,
            reader,
            claims,
            holdings: Memo::default(),
            calls: Calls::default(),
            out: Expansion::default(),
        }
    }

    pub(super) fn executed(&self) -> u64 {
        self.sender.executed + self.reader.executed
    }

    pub(super) fn judge(&self) -> Judge<'g> {
        self.ground.judge()
    }

    /// All that leads out of a state.
    pub(super) fn expand(&mut self, node: &Node, seen: &Seen) -> Result<Expansion, ExploreError> {
        let steps = self.ground.subject.steps.len();
        let limits = self.ground.limits;
        let record = &node.record;
        if record.mode != Mode::Stopped && record.next < steps {
            if !self.ahead(node, seen)? {
                self.advance(node, record.next, seen)?;
            }
        } else {
            self.resume(node, seen)?;
        }
        if node.stranger > 0 {
            self.strangers_again(node, seen)?;
        }
        if node.faults < limits.faults && record.mode != Mode::Stopped {
            self.faults_at(node, seen)?;
        }
        self.note_dependencies();
        self.out.sent = node.sent;
        self.out.chain = node.fork.print();
        Ok(std::mem::take(&mut self.out))
    }

    /// What was read since the last time matters from now on.
    pub(super) fn note_dependencies(&mut self) {
        self.out.relevant.append(&mut self.sender.found);
        self.out.claim_reads.append(&mut self.reader.found);
    }

    /// The next step is sent.
    fn advance(&mut self, node: &Node, step: usize, seen: &Seen) -> Result<(), ExploreError> {
        if self.idle_steps(node, step) {
            return Ok(());
        }
        let sent = self.send_step(node, step, u64::from(node.record.reruns));
        let mut next = self.landed(node, step, &sent, seen)?;
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
        self.emit(next, Action::Step(step), sent.failed.clone());
        Ok(())
    }

    pub(super) fn send_step(&mut self, node: &Node, step: usize, again: u64) -> Sent {
        let tx = &self.ground.subject.steps[step];
        let from = if node.lost == Some(tx.from) {
            crate::model::ANYONE
        } else {
            tx.from
        };
        let message = message_of(tx, &node.record, from);
        let nonce = creation_nonce(self.ground.subject, step, again);
        self.sender.send(&node.fork, &message, nonce)
    }

    /// What a step does in a state.
    pub(super) fn outcome(&mut self, node: &Node, step: usize) -> Arc<Outcome> {
        let ground = self.ground;
        if node.lost.is_some() || !ground.sends_alike(&node.record, step) {
            let again = u64::from(node.record.reruns);
            return self.send_step(node, step, again).outcome;
        }
        let (message, nonce) = ground.undisturbed(step);
        self.sender
            .outcome(&node.fork, ground.questions[step], &message, nonce)
    }

    /// The state after a step was mined; where it goes on is up to the caller.
    pub(super) fn landed(
        &mut self,
        node: &Node,
        step: usize,
        sent: &Sent,
        seen: &Seen,
    ) -> Result<Node, ExploreError> {
        let mut next = node.clone();
        next.sent += 1;
        if sent.failed.is_some() {
            next.apart = None;
            return Ok(next);
        }
        self.take(&mut next, sent, seen)?;
        next.apart = self.apart_after(node, &next, step, sent);
        next.record.sent = next.record.sent.max(step + 1);
        next.record.set_mined(step, true);
        next.record.uncertain = None;
        next.record.forget_before(next.fork.print());
        if let (Some(expected), Some(created)) =
            (self.ground.subject.steps[step].creates, sent.created)
            && expected != created
        {
            next.record.moved.retain(|(old, _)| *old != expected);
            next.record.moved.push((expected, created));
        }
        if node.faults < self.ground.limits.faults {
            next.trail.push(Past::of(&next));
            if next.trail.len() > TRAIL {
                next.trail.remove(0);
            }
        }
        Ok(next)
    }

    /// The cells in which the chain differs from the undisturbed one after a step, where they are known before it.
    fn apart_after(
        &self,
        node: &Node,
        next: &Node,
        step: usize,
        sent: &Sent,
    ) -> Option<Arc<[Cell]>> {
        let (cells, ground) = (node.apart.as_ref()?, self.ground);
        let is_alike = Arc::ptr_eq(&sent.outcome, &ground.sent[step].outcome);
        if is_alike {
            return Some(cells.clone());
        }
        let written = sent.effect.cells().chain(ground.sent[step].effect.cells());
        let mut cells: Vec<Cell> = cells.iter().copied().chain(written).collect();
        cells.sort_unstable();
        cells.dedup();
        let there = &ground.path[step + 1].fork;
        cells.retain(|cell| next.fork.value(cell) != there.value(cell));
        Some(cells.into())
    }

    /// The chain, the claims and their sums after a transaction.
    pub(super) fn take(
        &mut self,
        node: &mut Node,
        sent: &Sent,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        node.fork = sent.fork.clone();
        if !sent.is_idle() {
            node.may_wait |= node.waits > 0;
            node.fruitless = 0;
        }
        self.reread(node, sent.effect.cells(), seen)
    }

    /// Reads the claims again that depend on cells which changed.
    pub(super) fn reread(
        &mut self,
        node: &mut Node,
        changed: impl Iterator<Item = Cell>,
        seen: &Seen,
    ) -> Result<(), ExploreError> {
        let print = node.fork.print();
        if let Some((claims, tally)) = self.claims.get(&print) {
            (node.claims, node.tally) = (claims.clone(), tally.clone());
            return Ok(());
        }
        let machine = &mut self.sender.machine;
        let (claims, accounts) =
            self.reader
                .after(machine, &node.fork, &node.claims, changed, &seen.readers)?;
        if !accounts.is_empty() {
            let tally = self
                .judge()
                .retally(&node.tally, &node.claims, &claims, &accounts);
            node.tally = Arc::new(tally);
        }
        node.claims = claims;
        if self.claims.len() >= KEPT {
            self.claims.clear();
        }
        self.claims
            .insert(print, (node.claims.clone(), node.tally.clone()));
        Ok(())
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, node: &mut Node, seen: &Seen) -> Result<(), ExploreError> {
        node.fork.wait(self.ground.subject.wait_secs);
        node.fruitless = 0;
        self.reread(node, [CLOCK].into_iter(), seen)
    }

    /// A state that something leads to, judged, and with what it has in common with the undisturbed one.
    pub(super) fn emit(&mut self, mut node: Node, action: Action, failed: Option<Bytes>) {
        let wrong = match &action {
            Action::Fault(_, fault) => Some(Wrong::Fault(fault.index())),
            Action::Again(_) | Action::Takes(..) => Some(Wrong::Again),
            _ => None,
        };
        let follows_on = matches!(
            action,
            Action::Step(_)
                | Action::Steps(..)
                | Action::Again(_)
                | Action::Takes(..)
                | Action::Fault(
                    _,
                    Fault::Inner(_)
                        | Fault::GasCut(_)
                        | Fault::Token(_)
                        | Fault::Reenters { .. }
                        | Fault::CallsBack(_)
                        | Fault::HolderTransfers { .. }
                        | Fault::HolderExits { .. }
                        | Fault::HolderRevokes { .. }
                        | Fault::HolderGetsCode { .. }
                        | Fault::Action(_)
                        | Fault::Stranger(_)
                )
        );
        if !follows_on {
            node.apart = None;
        }
        if node.apart.is_none() {
            node.apart = self.ground.apart(&node.fork, node.record.next);
        }
        node.parent = Some(Parent { action, failed });
        let successor = self.judged(node, wrong);
        self.out.successors.push(successor);
    }

    /// Adds cells to those in which a state differs from the undisturbed one.
    pub(super) fn set_apart(node: &mut Node, cells: impl Iterator<Item = Cell>) {
        if let Some(apart) = &node.apart {
            let mut all: Vec<Cell> = apart.iter().copied().chain(cells).collect();
            all.sort_unstable();
            all.dedup();
            node.apart = Some(all.into());
        }
    }

    /// Judges a state.
    pub(super) fn judged(&mut self, node: Node, wrong: Option<Wrong>) -> Successor {
        let insolvent = self.insolvency(&node);
        Successor {
            wrong,
            print: node.print(),
            assessment: self.judge().assess(&node),
            insolvent: insolvent.map(Arc::new),
            node,
        }
    }

    /// The first custodian that holds less than it owes.
    fn insolvency(&mut self, node: &Node) -> Option<Insolvency> {
        let subject = self.ground.subject;
        for (index, custodian) in subject.custodians.iter().enumerate() {
            let owed = node.tally.owed(index);
            let held = match custodian.asset {
                None => {
                    self.out.relevant.push((custodian.account, None));
                    let account = node.fork.account(custodian.account);
                    account.map_or(U256::ZERO, |account| account.balance)
                }
                Some(asset) => self.holding(&node.fork, index, asset, custodian.account),
            };
            if owed > held.saturating_add(subject.slack(custodian)) {
                return Some(Insolvency {
                    custodian: index,
                    held,
                    owed,
                });
            }
        }
        None
    }

    fn holding(
        &mut self,
        fork: &Fork,
        index: usize,
        asset: alloy_primitives::Address,
        who: alloy_primitives::Address,
    ) -> U256 {
        let question = index as Print;
        if let Some(held) = self.holdings.get(question, fork) {
            return held;
        }
        let ledger = Ledger::erc20(String::new(), asset, Side::Wallet);
        let (held, reads) = view(&mut self.sender.machine, fork, &ledger, who);
        let held = held.unwrap_or_default();
        self.out.relevant.extend(&reads);
        self.holdings.put(question, fork, &reads, held);
        held
    }
}
