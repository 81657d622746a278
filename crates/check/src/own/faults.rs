//! What can go wrong, where, and how it is written down.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::census::{CallKind, Census};
use super::inside::Place;

/// One way in which something goes wrong.
#[allow(
    missing_docs,
    reason = "the table below says what each is, in the words of the report"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    CrashBefore,
    CrashAfter,
    TornRecord,
    TornGroup,
    WriteFails,
    SyncFails,
    DiskFull,
    StaleCopy,
    TailLost,
    Corrupt,
    JournalLost,
    ListLost,
    AskedToAbort,
    KilledBeforeSend,
    KilledAfterSend,
    AnswerLost,
    SilentDrop,
    AlreadyKnown,
    ReplacementUnderpriced,
    SendTimeout,
    Underpriced,
    PoolFull,
    InsufficientFunds,
    Unreachable,
    Refused,
    StaleHead,
    NoReceipts,
    FinalityBack,
    Dropped,
    Stuck,
    Duplicated,
    Swapped,
    NonceTaken,
    Readmitted(u8),
    Forgotten(u8),
    HolderTransfers,
    HolderLeaves,
    TipSpike,
    BaseFeeSpike,
    EmptyWallet,
    DeadlinePasses,
    StrangerAborts,
    GuardianAborts,
    SecondExecutor,
    SecondWriter,
    LegacyThaws,
    LegacyLies,
    CallReverts,
    CallReturnsFalse,
    CallOutOfGas,
    CallReenters,
    GasCut,
}

/// What the sites of a kind are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Durable appends, from this one on.
    Append(u64),
    /// Appends of more than one record.
    Group,
    /// Calls of the chain port of some sort.
    Call(Calls),
    /// Blocks.
    Block,
    /// Blocks that found something in the pool.
    BusyBlock,
    /// Blocks that found more than one transaction there.
    CrowdedBlock,
    /// Places inside the transactions that are mined.
    Inside(Detail),
}

/// What says where in a transaction a place is, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// An inner call, in order of start.
    Call,
    /// An inner call, and what a stranger calls before it does its work.
    Entry,
    /// A gas limit.
    Gas,
}

/// Sorts of calls of the chain port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calls {
    /// Bytes are offered.
    Sends,
    /// Everything else.
    Questions,
    /// For receipts.
    Receipts,
    /// For the finalized block.
    Finalized,
}

/// All kinds: name, and what its sites are counted by.
#[rustfmt::skip]
const TABLE: [(Kind, &str, Clock); 56] = [
    // The process dies before the sync of an append, after it, while the record is written, between two records.
    (Kind::CrashBefore, "executor.crash-before", Clock::Append(0)),
    (Kind::CrashAfter, "executor.crash-after", Clock::Append(0)),
    (Kind::TornRecord, "executor.torn-record", Clock::Append(0)),
    (Kind::TornGroup, "executor.torn-group", Clock::Group),
    // An append fails, or fails although it is durable, or there is no room until the next start.
    (Kind::WriteFails, "executor.write-fails", Clock::Append(0)),
    (Kind::SyncFails, "executor.sync-fails", Clock::Append(0)),
    (Kind::DiskFull, "executor.disk-full", Clock::Append(0)),
    // The process dies, and what it comes back to is older, shorter than it was told, or damaged.
    (Kind::StaleCopy, "executor.stale-copy", Clock::Append(1)),
    (Kind::TailLost, "executor.tail-lost", Clock::Append(1)),
    (Kind::Corrupt, "executor.corrupt", Clock::Append(1)),
    (Kind::JournalLost, "executor.journal-lost", Clock::Append(0)),
    (Kind::ListLost, "executor.list-lost", Clock::Append(0)),
    // The process dies, and who starts it again wants everything back.
    (Kind::AskedToAbort, "executor.asked-to-abort", Clock::Append(0)),
    (Kind::KilledBeforeSend, "executor.killed-before-send", Clock::Call(Calls::Sends)),
    (Kind::KilledAfterSend, "executor.killed-after-send", Clock::Call(Calls::Sends)),
    (Kind::AnswerLost, "rpc.answer-lost", Clock::Call(Calls::Sends)),
    (Kind::SilentDrop, "rpc.silent-drop", Clock::Call(Calls::Sends)),
    (Kind::AlreadyKnown, "rpc.already-known", Clock::Call(Calls::Sends)),
    (Kind::ReplacementUnderpriced, "rpc.replacement-underpriced", Clock::Call(Calls::Sends)),
    (Kind::SendTimeout, "rpc.send-timeout", Clock::Call(Calls::Sends)),
    (Kind::Underpriced, "rpc.underpriced", Clock::Call(Calls::Sends)),
    (Kind::PoolFull, "rpc.pool-full", Clock::Call(Calls::Sends)),
    (Kind::InsufficientFunds, "rpc.insufficient-funds", Clock::Call(Calls::Sends)),
    (Kind::Unreachable, "rpc.unreachable", Clock::Call(Calls::Questions)),
    (Kind::Refused, "rpc.refused", Clock::Call(Calls::Questions)),
    (Kind::StaleHead, "rpc.stale-head", Clock::Call(Calls::Questions)),
    (Kind::NoReceipts, "rpc.no-receipts", Clock::Call(Calls::Receipts)),
    (Kind::FinalityBack, "rpc.finality-back", Clock::Call(Calls::Finalized)),
    // What waits for a block is dropped by all nodes, or kept back until its sender has bid more.
    (Kind::Dropped, "transaction.dropped", Clock::BusyBlock),
    (Kind::Stuck, "transaction.stuck", Clock::BusyBlock),
    // What waits for a block is offered again when it was mined; the first of what waits arrives after its neighbour.
    (Kind::Duplicated, "transaction.duplicated", Clock::BusyBlock),
    (Kind::Swapped, "transaction.swapped", Clock::CrowdedBlock),
    // A second program with the same key takes the nonce.
    (Kind::NonceTaken, "transaction.nonce-taken", Clock::BusyBlock),
    (Kind::Readmitted(1), "transaction.reorg-1-readmitted", Clock::Block),
    (Kind::Readmitted(2), "transaction.reorg-2-readmitted", Clock::Block),
    (Kind::Readmitted(3), "transaction.reorg-3-readmitted", Clock::Block),
    (Kind::Forgotten(1), "transaction.reorg-1-forgotten", Clock::Block),
    (Kind::Forgotten(2), "transaction.reorg-2-forgotten", Clock::Block),
    (Kind::Forgotten(3), "transaction.reorg-3-forgotten", Clock::Block),
    (Kind::HolderTransfers, "environment.holder-transfers", Clock::Block),
    (Kind::HolderLeaves, "environment.holder-leaves", Clock::Block),
    (Kind::TipSpike, "environment.tip-spike", Clock::Block),
    (Kind::BaseFeeSpike, "environment.base-fee-spike", Clock::Block),
    (Kind::EmptyWallet, "environment.empty-wallet", Clock::Block),
    (Kind::DeadlinePasses, "environment.deadline-passes", Clock::Block),
    (Kind::StrangerAborts, "environment.stranger-aborts", Clock::Block),
    (Kind::GuardianAborts, "environment.guardian-aborts", Clock::Block),
    // Another executor with the same keys: with a journal of its own, or with the same one.
    (Kind::SecondExecutor, "environment.second-executor", Clock::Block),
    (Kind::SecondWriter, "environment.second-writer", Clock::Block),
    // Somebody lifts legacy's pause past its owner: no token that passed the plan can do that.
    (Kind::LegacyThaws, "counterparty.legacy-thaws", Clock::Block),
    // Legacy answers one question of a contract with zero, whatever is true: no token does that.
    (Kind::LegacyLies, "counterparty.legacy-lies", Clock::Inside(Detail::Call)),
    // An inner call reverts, does nothing and returns zero, uses up its gas, or lets a stranger call first.
    (Kind::CallReverts, "evm.call-reverts", Clock::Inside(Detail::Call)),
    (Kind::CallReturnsFalse, "evm.call-returns-false", Clock::Inside(Detail::Call)),
    (Kind::CallOutOfGas, "evm.call-out-of-gas", Clock::Inside(Detail::Call)),
    (Kind::CallReenters, "evm.call-reenters", Clock::Inside(Detail::Entry)),
    // A transaction has less gas: the most with which it ends in another way than with more.
    (Kind::GasCut, "evm.gas-cut", Clock::Inside(Detail::Gas)),
];

impl Kind {
    /// All kinds, in the order of the report.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(kind, ..)| *kind)
    }

    fn row(self) -> &'static (Self, &'static str, Clock) {
        let row = TABLE.iter().find(|(kind, ..)| *kind == self);
        row.expect("reorganisations are 1 to 3 blocks deep, and every other kind has a row")
    }

    /// `family.name`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What its sites are counted by.
    pub(super) fn clock(self) -> Clock {
        self.row().2
    }

    /// Whether it strikes at the journal.
    pub(super) fn is_of_journal(self) -> bool {
        matches!(self.row().2, Clock::Append(_) | Clock::Group)
    }

    /// Whether nothing of it lasts: it is over after three questions, or at once.
    pub(super) fn is_fleeting(self) -> bool {
        let is_reorg = matches!(self, Self::Readmitted(_) | Self::Forgotten(_));
        is_reorg || self.of_port().is_some()
    }

    /// Whether it strikes when a block is made.
    pub(super) fn is_of_block(self) -> bool {
        matches!(
            self.row().2,
            Clock::Block | Clock::BusyBlock | Clock::CrowdedBlock
        )
    }

    /// Whether legacy does what no token does that passed the plan.
    pub(super) fn is_hostile(self) -> bool {
        matches!(self, Self::LegacyThaws | Self::LegacyLies)
    }

    /// Whether it strikes inside a transaction.
    pub(super) fn is_inside(self) -> bool {
        matches!(self.clock(), Clock::Inside(_))
    }

    /// What the chain port does.
    pub(super) fn of_port(self) -> Option<sealift_evm::Fault> {
        use sealift_evm::Fault;
        let (blocks, questions) = (1, 3);
        Some(match self {
            Self::AnswerLost => Fault::AnswerLost,
            Self::SilentDrop => Fault::SilentDrop,
            Self::AlreadyKnown => Fault::AlreadyKnown,
            Self::ReplacementUnderpriced => Fault::ReplacementUnderpriced,
            Self::SendTimeout => Fault::SendTimeout,
            Self::Underpriced => Fault::Underpriced,
            Self::PoolFull => Fault::PoolFull,
            Self::InsufficientFunds => Fault::InsufficientFunds,
            Self::Unreachable => Fault::Unreachable(3),
            Self::Refused => Fault::Refused(3),
            Self::NoReceipts => Fault::NoReceipts(3),
            Self::StaleHead => Fault::StaleHead { blocks, questions },
            Self::FinalityBack => Fault::FinalityBack { blocks, questions },
            _ => return None,
        })
    }

    /// Whether another kind leaves exactly the same behind at each site: to a process that stops at an append
    /// that failed it is all one why it failed, and a journal that is refused is moved away whatever is wrong
    /// with it.
    fn has_twin(self) -> bool {
        matches!(
            self,
            Self::WriteFails | Self::DiskFull | Self::SyncFails | Self::Corrupt
        )
    }

    /// So much later than a site: appends, calls, blocks or transactions.
    pub(super) fn beyond(self, site: u64, later: u64) -> u64 {
        if self.is_inside() {
            Place::of(site).later(later).site()
        } else {
            site + later
        }
    }

    /// Where it can strike in a run, and of questions in a row the first only.
    pub(super) fn rows(self, census: &Census) -> Vec<(u64, u64)> {
        let sites = self.sites(census, true);
        let rows = sites.chunk_by(|before, after| before.1 + 1 == after.1);
        rows.map(|row| row[0]).collect()
    }

    /// Where it can strike in a run: site and moment, in order. `every` site; or of questions in a row,
    /// between which nothing else happens, and of a kind with a twin, the first, the middle and the last.
    pub(super) fn sites(self, census: &Census, every: bool) -> Vec<(u64, u64)> {
        let numbered = |moments: &mut dyn Iterator<Item = (bool, u64)>| {
            let sites = (0..).zip(moments).filter(|(_, (can, _))| *can);
            sites.map(|(site, (_, moment))| (site, moment)).collect()
        };
        match self.row().2 {
            Clock::Append(from) => {
                let appends = (0..).zip(&census.appends);
                let sites =
                    numbered(&mut appends.map(|(site, append)| (site >= from, append.moment)));
                if every || !self.has_twin() {
                    sites
                } else {
                    three_of(&sites)
                }
            }
            Clock::Group => numbered(
                &mut census
                    .appends
                    .iter()
                    .map(|append| (append.records > 1, append.moment)),
            ),
            Clock::Call(calls) => {
                let is_one = |kind: CallKind| match calls {
                    Calls::Sends => kind == CallKind::Send,
                    Calls::Questions => kind != CallKind::Send,
                    Calls::Receipts => kind == CallKind::Receipts,
                    Calls::Finalized => kind == CallKind::Finalized,
                };
                let sites = numbered(
                    &mut census
                        .calls
                        .iter()
                        .map(|call| (is_one(call.kind), call.moment)),
                );
                if every || calls != Calls::Questions {
                    sites
                } else {
                    ends(&sites)
                }
            }
            Clock::Block => numbered(&mut census.blocks.iter().map(|block| (true, block.moment))),
            Clock::BusyBlock => numbered(
                &mut census
                    .blocks
                    .iter()
                    .map(|block| (block.waiting > 0, block.moment)),
            ),
            Clock::CrowdedBlock => numbered(
                &mut census
                    .blocks
                    .iter()
                    .map(|block| (block.waiting > 1, block.moment)),
            ),
            Clock::Inside(_) => {
                let inside = census.inside.iter().filter(|inside| inside.kind == self);
                inside.map(|inside| (inside.site, inside.moment)).collect()
            }
        }
    }
}

/// The first, the middle and the last of each row of moments that follow upon each other.
fn ends(sites: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let rows = sites.chunk_by(|before, after| before.1 + 1 == after.1);
    rows.flat_map(three_of).collect()
}

/// The first, the middle and the last.
fn three_of(sites: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let [first, .., last] = sites else {
        return sites.to_vec();
    };
    let mut chosen = vec![*first, sites[sites.len() / 2], *last];
    chosen.dedup();
    chosen
}

/// One fault: what, and from which site on it strikes where it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Where: the number of the append, call or block, from 0, over all lives of the executor. Inside a transaction
    /// 2^40 times its number, and where in it.
    pub site: u64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@", self.kind.name())?;
        let Clock::Inside(detail) = self.kind.clock() else {
            return write!(f, "{}", self.site);
        };
        let numbers = Place::of(self.site).numbers(detail);
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl TryFrom<String> for Fault {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

/// A text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fault; a fault is written as executor.crash-after@12")]
pub struct FaultError(pub String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let wrong = || FaultError(text.to_owned());
        let (name, site) = text.split_once('@').ok_or_else(wrong)?;
        let kind = Kind::all().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(wrong)?;
        let numbers = site
            .split('.')
            .map(str::parse)
            .collect::<Result<Vec<u64>, _>>();
        let numbers = numbers.map_err(|_| wrong())?;
        let site = match (kind.clock(), &numbers[..]) {
            (Clock::Inside(detail), numbers) => Place::from_numbers(detail, numbers)
                .ok_or_else(wrong)?
                .site(),
            (_, [site]) => *site,
            _ => return Err(wrong()),
        };
        Ok(Self { kind, site })
    }
}

/// The name of a scenario: its faults, in order.
pub fn id(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return "undisturbed".to_owned();
    }
    let names: Vec<String> = faults.iter().map(Fault::to_string).collect();
    names.join("+")
}

/// The faults of a scenario by its name.
pub fn parse(id: &str) -> Result<Vec<Fault>, FaultError> {
    if id == "undisturbed" {
        return Ok(Vec::new());
    }
    id.split('+').map(str::parse).collect()
}
