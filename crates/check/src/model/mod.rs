//! The model: what a state of a migration is, and what can happen in it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256, address};
use sealift_evm::{Cell, Interference, Message, Misbehaviour};

use crate::fork::{Fork, Print, print_of};
use crate::input::Step;
use crate::ledger::{Asset, Claims, Ledger, Shift};
use crate::tally::Tally;

/// The stranger: nobody owes it anything.
pub const STRANGER: Address = address!("00000000000000000000000000000000bad00001");
/// Whoever takes a step over when its sender is gone; nobody owes it anything either.
pub const ANYONE: Address = address!("00000000000000000000000000000000a0000002");
/// An account that no list has seen; holders move assets to it.
pub const NEWCOMER: Address = address!("00000000000000000000000000000000fee10003");
/// A contract that answers every call with ones.
pub const ANSWERS_ONE: Address = address!("00000000000000000000000000000000bad00011");
/// A contract that answers every call with a large number.
pub const ANSWERS_MUCH: Address = address!("00000000000000000000000000000000bad00012");
/// Code that accepts every call, for accounts that become contracts.
pub const ACCEPTS: Address = address!("00000000000000000000000000000000c0de0021");
/// Code that refuses every call, for accounts that become contracts.
pub const REFUSES: Address = address!("00000000000000000000000000000000c0de0022");

/// How an interrupted executor goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resume {
    /// Sends the uncertain step again without looking.
    Retry,
    /// Goes on after everything that was ever sent.
    Position,
    /// Goes on with what has no good receipt, and only with that.
    Receipt,
    /// Begins again at the first step.
    Rerun,
}

impl Resume {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Retry, Self::Position, Self::Receipt, Self::Rerun];

    /// As in `check.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Position => "position",
            Self::Receipt => "receipt",
            Self::Rerun => "rerun",
        }
    }
}

/// A named call of somebody: a way back of the playbook, or what a holder may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The call.
    pub message: Message,
}

/// A promise that a contract holds what accounts may claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// Its name.
    pub name: String,
    /// Who holds.
    pub account: Address,
    /// The ERC-20 held; `None` is ether.
    pub asset: Option<Address>,
    /// Indices of the ledgers whose claims it backs.
    pub covers: Vec<usize>,
}

/// Everything that is checked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The state before the first step, and the block of it.
    pub start: Fork,
    /// The script.
    pub steps: Vec<Step>,
    /// Where claims are held.
    pub ledgers: Vec<Ledger>,
    /// For each ledger the first one that is the same book: a ledger that the script creates has others where it
    /// would be created again. Most are their own.
    pub groups: Vec<usize>,
    /// Whose claims are judged, in order; the stranger and the newcomer are added.
    pub accounts: Vec<Address>,
    /// What the ledgers are of; [`Ledger::asset`] counts them.
    pub assets: Vec<Asset>,
    /// Contracts of the migration: they hold custody, and they are what a stranger calls.
    pub contracts: Vec<Address>,
    /// Solvency promises.
    pub custodians: Vec<Custodian>,
    /// How an executor may go on.
    pub resume: Vec<Resume>,
    /// Seconds that `wait` and `delay` take.
    pub wait_secs: u64,
    /// Declared ways back.
    pub recovery: Vec<Call>,
    /// What holders may do between two steps.
    pub actions: Vec<Call>,
    /// What a stranger may call.
    pub hostile: Vec<Message>,
    /// Tokens that may misbehave.
    pub tokens: Vec<Address>,
    /// What those who send the script may call, whether it is in the playbook or not.
    pub operator: Vec<Message>,
    /// Families or names of faults that are declared impossible.
    pub off: Vec<String>,
}

impl Subject {
    /// Whether faults of a name are declared impossible, by name or by family.
    pub fn is_off(&self, name: &str) -> bool {
        let mut off = self.off.iter();
        off.any(|off| name == off || name.split('.').any(|part| part == off))
    }

    /// What a custodian may owe more than it holds, in units of entitlement.
    pub fn slack(&self, custodian: &Custodian) -> U256 {
        let covered = custodian.covers.iter();
        let tolerances = covered.map(|ledger| self.assets[self.ledgers[*ledger].asset].tolerance);
        tolerances.max().unwrap_or_default()
    }
}

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

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The executor dies before it sends.
    CrashBeforeSend,
    /// The step is mined, and the executor never learns it.
    AnswerLost,
    /// The step is mined without effect.
    Reverted,
    /// The step is recorded as sent and never mined.
    Dropped,
    /// The step is mined twice.
    Duplicated,
    /// The next step is mined before this one.
    Swapped,
    /// The last steps vanish from the chain, though recorded as mined.
    Reorged(usize),
    /// The last steps are mined again in another order.
    Reordered(usize),
    /// Time passes before the step is sent.
    Delay,
    /// The sender of the step never acts again.
    KeyLost(Address),
    /// One inner call goes wrong.
    Inner(Interference),
    /// The transaction gets less gas.
    GasCut(u64),
    /// A token misbehaves in a step.
    Token(Misbehaviour),
    /// An account that a step calls makes a call of its own before it returns.
    Reenters {
        /// Who.
        account: Address,
        /// Which of the stranger's calls, made by that account for itself.
        call: usize,
    },
    /// A holder moves everything that it has in a ledger.
    HolderTransfers {
        /// Which ledger.
        ledger: usize,
        /// Who.
        from: Address,
        /// To whom.
        to: Address,
    },
    /// The account of a holder gets code (EIP-7702).
    HolderGetsCode {
        /// Who.
        account: Address,
        /// Whether that code refuses every call.
        refuses: bool,
    },
    /// A declared action of a holder.
    Action(usize),
    /// A call of a stranger.
    Stranger(usize),
}

impl Fault {
    /// Its family and name, as in `check.toml` and in the coverage.
    pub fn name(&self) -> &'static str {
        use sealift_evm::{Meddling, Misbehaving};
        match self {
            Self::CrashBeforeSend => "executor.crash-before-send",
            Self::AnswerLost => "executor.answer-lost",
            Self::Reverted => "transaction.reverted",
            Self::Dropped => "transaction.dropped",
            Self::Duplicated => "transaction.duplicated",
            Self::Swapped => "transaction.swapped",
            Self::Reorged(_) => "transaction.reorged",
            Self::Reordered(_) => "transaction.reordered",
            Self::Delay => "environment.delay",
            Self::KeyLost(_) => "environment.key-lost",
            Self::Inner(Interference { meddling, .. }) => match meddling {
                Meddling::Reverts => "evm.call-reverts",
                Meddling::ReturnsFalse => "evm.call-returns-false",
                Meddling::OutOfGas => "evm.call-out-of-gas",
                Meddling::Answers(_) => "counterparty.oracle",
            },
            Self::GasCut(_) => "evm.gas-cut",
            Self::Reenters { .. } => "evm.call-reenters",
            Self::Token(Misbehaviour { how, .. }) => match how {
                Misbehaving::TakesFee => "counterparty.token-takes-fee",
                Misbehaving::Rebases => "counterparty.token-rebases",
                Misbehaving::ReturnsFalse => "counterparty.token-returns-false",
                Misbehaving::Pauses => "counterparty.token-pauses",
                Misbehaving::Blocks(_) => "counterparty.token-blocks-account",
            },
            Self::HolderTransfers { .. } => "environment.holder-transfers",
            Self::HolderGetsCode { .. } => "environment.holder-gets-code",
            Self::Action(_) => "environment.action",
            Self::Stranger(_) => "counterparty.stranger",
        }
    }

    /// The place of its name in [`Self::name_of`].
    pub fn index(&self) -> u8 {
        let name = self.name();
        let at = Self::NAMES.iter().position(|known| *known == name);
        at.unwrap_or(Self::NAMES.len()) as u8
    }

    /// The name at a place.
    pub fn name_of(index: u8) -> &'static str {
        Self::NAMES
            .get(usize::from(index))
            .copied()
            .unwrap_or("environment.action")
    }

    /// All names but that of declared actions, in order.
    pub const NAMES: [&'static str; 24] = [
        "executor.crash-before-send",
        "executor.answer-lost",
        "transaction.reverted",
        "transaction.dropped",
        "transaction.duplicated",
        "transaction.swapped",
        "transaction.reorged",
        "transaction.reordered",
        "evm.call-reverts",
        "evm.call-returns-false",
        "evm.call-out-of-gas",
        "evm.gas-cut",
        "evm.call-reenters",
        "counterparty.token-takes-fee",
        "counterparty.token-rebases",
        "counterparty.token-returns-false",
        "counterparty.token-pauses",
        "counterparty.token-blocks-account",
        "counterparty.oracle",
        "counterparty.stranger",
        "environment.delay",
        "environment.key-lost",
        "environment.holder-transfers",
        "environment.holder-gets-code",
    ];
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
    /// Time passes.
    Wait,
    /// A declared way back.
    Recovery(usize),
    /// A second call of the stranger.
    Again(usize),
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
    /// Who had made itself unable to receive.
    pub waived: Arc<BTreeSet<Address>>,
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
            waived: node.waived.clone(),
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
            &*self.waived,
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
    /// The executor.
    pub record: Record,
    /// Entitlements that holders moved among themselves.
    pub shift: Arc<Vec<Shift>>,
    /// Who never acts again.
    pub lost: Option<Address>,
    /// Who made itself unable to receive: it is not judged as short.
    pub waived: Arc<BTreeSet<Address>>,
    /// Calls that the stranger has left.
    pub stranger: u8,
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

    /// An account acts on its own: from now on it is not judged as short, on this chain.
    pub fn waive(&mut self, account: Address) {
        Arc::make_mut(&mut self.waived).insert(account);
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
        back.waived = past.waived;
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
            &*self.waived,
            self.stranger,
            trail,
        ))
    }
}
