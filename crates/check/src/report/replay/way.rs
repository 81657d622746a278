//! The way to a finding, executed again, move by move.

use alloy_primitives::Bytes;
use sealift_evm::{Interference, Meddle, Meddling, Message};

use super::{Delivery, How, Meddled, Move};
use crate::explore::Explored;
use crate::fork::Fork;
use crate::model::{ACCEPTS, ANYONE, Action, Fault, Node, REFUSES, Record, Subject};
use crate::report::Decoder;
use crate::send::{AGAIN_AT_ONCE, Sender, creation_nonce, message_of};

/// What is being replayed, and where it has led to.
pub(super) struct Way<'a> {
    subject: &'a Subject,
    decoder: &'a dyn Decoder,
    sender: Sender,
    /// The state before each move that still counts.
    forks: Vec<Option<Fork>>,
    pub(super) fork: Fork,
    pub(super) moves: Vec<Move>,
    pub(super) obstacle: Option<String>,
}

impl<'a> Way<'a> {
    /// A way that starts at a state.
    pub(super) fn new(subject: &'a Subject, root: &Node, decoder: &'a dyn Decoder) -> Self {
        Self {
            subject,
            decoder,
            sender: Sender::new(subject.start.moment().chain_id),
            forks: Vec::new(),
            fork: root.fork.clone(),
            moves: Vec::new(),
            obstacle: None,
        }
    }

    /// Says why this cannot be replayed; the first reason counts.
    pub(super) fn refuse(&mut self, obstacle: &str) {
        self.obstacle.get_or_insert_with(|| obstacle.to_owned());
    }

    /// Executes what leads from one state to the next.
    pub(super) fn go(&mut self, explored: &Explored<'_>, before: &Node, after: &Node) {
        let Some(parent) = &after.parent else {
            return;
        };
        match &parent.action {
            Action::Step(step) if after.sent > before.sent => {
                self.step(before, &before.record, *step, 0);
            }
            Action::Step(_) | Action::Resume(_) | Action::PassOver(_) => {}
            Action::Steps(first, end) => {
                (*first..*end).for_each(|step| self.step(before, &before.record, step, 0));
            }
            Action::Fault(step, fault) => {
                self.fault(explored, before, after, *step, fault);
            }
            Action::Wait => self.wait(),
            Action::Recovery(index) => {
                let message = self.subject.recovery[*index].message.clone();
                self.send(&message, None);
            }
            Action::Helps(who, call) => {
                let message = crate::explore::counterparty::own_call(self.subject, *who, *call);
                self.send(&message, None);
            }
            Action::Takes(holder, ledger) => {
                let book = &self.subject.ledgers[*ledger];
                let at = explored
                    .ground
                    .accounts
                    .iter()
                    .position(|own| own == holder);
                let live = at.map(|at| before.claims.row(at)[*ledger].live);
                let gas = sealift_evm::TX_GAS_CAP;
                if let Some(message) = book.taken_back(*holder, live.unwrap_or_default(), gas) {
                    self.send(&message, None);
                }
            }
            Action::Again(call) => {
                let message = self.subject.hostile[*call].clone();
                self.send(&message, None);
            }
        }
    }

    fn fault(
        &mut self,
        explored: &Explored<'_>,
        before: &Node,
        after: &Node,
        step: usize,
        fault: &Fault,
    ) {
        match fault {
            // Nothing happens on the chain.
            Fault::CrashBeforeSend | Fault::Reverted | Fault::Dropped | Fault::KeyLost(_) => {}
            Fault::AnswerLost => self.step(before, &before.record, step, 0),
            Fault::Duplicated => {
                self.step(before, &before.record, step, 0);
                self.step(before, &before.record, step, AGAIN_AT_ONCE);
            }
            Fault::Swapped => {
                self.step(before, &before.record, step + 1, 0);
                self.step(before, &after.record, step, 0);
            }
            Fault::Reorged(depth) => self.undo(before, *depth),
            Fault::Reordered(depth) => {
                self.undo(before, *depth);
                for redone in before.undone(*depth).into_iter().rev() {
                    self.step(before, &before.record, redone, 0);
                }
            }
            Fault::Delay => self.wait(),
            Fault::Inner(interference) => {
                let message = self.message(before, &before.record, step);
                let meddled = self.meddled(&message, interference);
                self.push(&message, None, false, meddled, after.fork.clone());
            }
            Fault::Token(_) | Fault::Reenters { .. } | Fault::CallsBack(_) => {
                self.refuse("what a counterparty does inside a step is not written as a test");
                self.fork = after.fork.clone();
            }
            Fault::GasCut(gas) => {
                let mut message = self.message(before, &before.record, step);
                message.gas = *gas;
                self.push(&message, None, false, None, after.fork.clone());
            }
            Fault::HolderTransfers { ledger, from, .. }
            | Fault::HolderExits {
                ledger,
                holder: from,
            } => {
                let accounts = &explored.ground.accounts;
                let Some(account) = accounts.iter().position(|account| account == from) else {
                    return;
                };
                let amount = before.claims.row(account)[*ledger].live;
                let book = &self.subject.ledgers[*ledger];
                let gas = sealift_evm::TX_GAS_CAP;
                let message = match fault {
                    Fault::HolderTransfers { to, .. } => book.gift(*from, *to, amount, gas),
                    _ => book.taken_back(*from, amount, gas),
                };
                if let Some(message) = message {
                    self.send(&message, None);
                }
            }
            Fault::HolderRevokes { allowance, holder } => {
                let message = self.subject.allowances[*allowance].revoked(*holder);
                self.send(&message, None);
            }
            Fault::HolderGetsCode { account, refuses } => {
                let code = if *refuses { REFUSES } else { ACCEPTS };
                let code = [&[0xef, 0x01, 0x00], code.as_slice()].concat().into();
                let account = *account;
                let undone = false;
                self.forks.push(Some(self.fork.clone()));
                self.moves.push(Move::Code {
                    account,
                    code,
                    undone,
                });
                self.fork = after.fork.clone();
            }
            Fault::Action(index) => {
                let message = self.subject.actions[*index].message.clone();
                self.send(&message, None);
            }
            Fault::Stranger(call) => {
                let message = self.subject.hostile[*call].clone();
                self.send(&message, None);
            }
        }
    }

    fn message(&self, node: &Node, record: &Record, step: usize) -> Message {
        step_message(self.subject, node, record, step)
    }

    fn step(&mut self, before: &Node, record: &Record, step: usize, more: u64) {
        let message = self.message(before, record, step);
        let again = u64::from(before.record.reruns) + more;
        self.send(&message, creation_nonce(self.subject, step, again));
    }

    fn send(&mut self, message: &Message, nonce: Option<u64>) {
        let sent = self.sender.send(&self.fork, message, nonce);
        self.push(
            message,
            nonce,
            sent.failed.is_some(),
            None,
            sent.fork.clone(),
        );
    }

    fn push(
        &mut self,
        message: &Message,
        nonce: Option<u64>,
        fails: bool,
        meddled: Option<Meddled>,
        after: Fork,
    ) {
        let before = std::mem::replace(&mut self.fork, after);
        self.forks.push(Some(before));
        self.moves.push(Move::Send(Box::new(Delivery {
            fails,
            meddled,
            ..delivery(message, nonce, self.decoder)
        })));
    }

    fn wait(&mut self) {
        self.forks.push(Some(self.fork.clone()));
        self.moves.push(Move::Wait {
            secs: self.subject.wait_secs,
        });
        self.fork.wait(self.subject.wait_secs);
    }

    /// A reorganisation takes everything off the chain that came after a state of the trail; time stays.
    fn undo(&mut self, before: &Node, depth: usize) {
        let wanted = &before.past(depth).fork;
        let found = self.forks.iter().rposition(|fork| {
            fork.as_ref()
                .is_some_and(|fork| fork.print() == wanted.print())
        });
        let Some(first) = found else {
            self.refuse("a reorganisation ends in the middle of a fault");
            return;
        };
        if let Some(fork) = &self.forks[first] {
            let now = self.fork.moment().timestamp_secs;
            self.fork = fork.clone();
            self.fork.wait(now - fork.moment().timestamp_secs);
        }
        for (fork, step) in self.forks[first..].iter_mut().zip(&mut self.moves[first..]) {
            *fork = None;
            match step {
                Move::Send(sent) => sent.undone = true,
                Move::Code { undone, .. } => *undone = true,
                Move::Wait { .. } => {}
            }
        }
    }

    /// The inner call that goes wrong; it must be the only one of its kind, because others cannot be told from it.
    fn meddled(&mut self, message: &Message, interference: &Interference) -> Option<Meddled> {
        let (_, observed) = self.sender.machine.execute_meddling(
            self.fork.clone(),
            self.fork.moment(),
            message,
            Some(Meddle::Call(interference.clone())),
        );
        let inner = observed.calls.get(interference.call)?;
        let others = observed
            .calls
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != interference.call)
            .map(|(_, other)| (other.target, &other.input));
        let own = message.to.map(|to| (to, &message.data));
        let alone = others
            .chain(own)
            .all(|(target, input)| target != inner.target || !input.starts_with(&inner.input));
        let how = match &interference.meddling {
            Meddling::Reverts => How::Reverts,
            Meddling::OutOfGas => How::OutOfGas,
            Meddling::ReturnsFalse => How::Answers(Bytes::from_static(&[0; 32])),
            Meddling::Answers(data) => How::Answers(data.clone()),
        };
        let obstacle = if !alone {
            Some(
                "the step makes the same inner call more than once, and only one of them goes wrong",
            )
        } else if matches!(how, How::Answers(_)) && !inner.value.is_zero() {
            Some("an inner call answers without taking the ether that comes with it")
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            self.refuse(obstacle);
        }
        Some(Meddled {
            target: inner.target,
            input: inner.input.clone(),
            has_code: self.fork.has_code(inner.target),
            how,
        })
    }
}

/// A step as an executor with this record sends it.
pub(super) fn step_message(
    subject: &Subject,
    node: &Node,
    record: &Record,
    step: usize,
) -> Message {
    let tx = &subject.steps[step];
    let from = if node.lost == Some(tx.from) {
        ANYONE
    } else {
        tx.from
    };
    message_of(tx, record, from)
}

/// A message as a replay has it.
pub(super) fn delivery(message: &Message, nonce: Option<u64>, decoder: &dyn Decoder) -> Delivery {
    Delivery {
        text: decoder.call(message.to, &message.data),
        from: message.from,
        to: message.to,
        data: message.data.clone(),
        value: message.value,
        gas: message.gas,
        nonce,
        fails: false,
        undone: false,
        meddled: None,
    }
}
