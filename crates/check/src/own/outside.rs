//! Everything around the executor: blocks, reorganisations, holders, fees, others with the same keys.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use sealift_engine::contracts;
use sealift_evm::{Disturbance, Dropped, EmbeddedChain, Node};
use sealift_journal::Memory;

use super::census::Census;
use super::faults::{Fault, Kind};
use super::inside::{Before, Place};
use super::lives::{self, Conditions};
use super::ports::Trusting;
use super::stand_in::act;
use super::world::{self, NEWCOMER, STRANGER, World};

alloy_sol_types::sol! {
    interface Token {
        function transfer(address to, uint256 value) external returns (bool);
    }
}

/// Blocks after which somebody fills an empty wallet again.
const EMPTY_BLOCKS: u64 = 12;

/// Blocks for which a transaction is kept back: longer than until its fee is raised.
const STUCK_BLOCKS: u64 = 70;

/// Blocks in which bytes that were mined come again.
const ECHOES: u64 = 3;

/// Looks for which a fee oracle is broken.
const SPIKE_LOOKS: u32 = 25;

/// Wei per gas of a base fee that rose at once.
const SPIKE_WEI: u64 = 300_000_000_000;

/// How often a second executor waits for a block at most.
const SECOND_IDLES: u32 = 1_000;

/// A transfer of a holder that was sent.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub(super) hash: B256,
    pub(super) token: Address,
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) amount: U256,
}

/// What is under way around an executor at some moment; blocks are counted from there.
#[derive(Clone, Debug, Default)]
pub(super) struct Weather {
    transfers: Vec<Transfer>,
    held: Vec<(u64, Address, Vec<u8>)>,
    refill_at: Option<u64>,
    spike_looks: u32,
    reorgs: u32,
}

impl Weather {
    /// Everything of it that what comes depends on.
    pub(super) fn fingerprint(&self, hash: &mut impl Hasher) {
        for transfer in &self.transfers {
            transfer.hash.hash(hash);
        }
        (&self.held, self.refill_at, self.spike_looks, self.reorgs).hash(hash);
    }
}

/// The outside of one scenario.
pub(super) struct Outside<'a> {
    world: &'a World,
    chain: EmbeddedChain,
    trusting: Trusting<'a>,
    census: Rc<RefCell<Census>>,
    dir: &'a Path,
    pending: RefCell<Vec<Fault>>,
    fired: RefCell<Vec<Fault>>,
    transfers: RefCell<Vec<Transfer>>,
    /// Bytes that are kept back: until which block, of whom.
    held: RefCell<Vec<(u64, Address, Vec<u8>)>>,
    /// From which block on empty wallets are filled.
    refill_at: Cell<Option<u64>>,
    spike_looks: Cell<u32>,
    /// Reorganisations so far: a block that is made after one has another hash than one without.
    reorgs: Cell<u32>,
    journal: RefCell<Memory>,
    /// How many transactions there were before the run.
    first: u64,
    blocks: Option<&'a RefCell<Vec<Before>>>,
}

impl<'a> Outside<'a> {
    pub(super) fn new(
        world: &'a World,
        trusting: Trusting<'a>,
        faults: &[Fault],
        census: Rc<RefCell<Census>>,
        (dir, weather): (&'a Path, Weather),
        blocks: Option<&'a RefCell<Vec<Before>>>,
    ) -> Self {
        let first = trusting.chain.node().executed();
        let inside = faults
            .iter()
            .filter_map(|fault| disturbance(world, first, *fault));
        trusting.chain.node_mut().disturb(inside.collect());
        let pending = faults.iter().filter(|fault| fault.kind.is_of_block());
        Self {
            world,
            chain: trusting.chain.clone(),
            trusting,
            census,
            dir,
            pending: RefCell::new(pending.copied().collect()),
            fired: RefCell::default(),
            transfers: RefCell::new(weather.transfers),
            held: RefCell::new(weather.held),
            refill_at: Cell::new(weather.refill_at),
            spike_looks: Cell::new(weather.spike_looks),
            reorgs: Cell::new(weather.reorgs),
            journal: RefCell::default(),
            first,
            blocks,
        }
    }

    pub(super) fn has_fired(&self, fault: Fault) -> bool {
        let has_disturbed = || {
            let disturbance = disturbance(self.world, self.first, fault);
            let node = self.chain.node();
            let mut disturbed = node.disturbed().iter();
            disturbed.any(|(_, struck)| disturbance.as_ref() == Some(struck))
        };
        self.fired.borrow().contains(&fault) || fault.kind.is_inside() && has_disturbed()
    }

    /// How many transactions were mined in this run.
    pub(super) fn transactions(&self) -> u64 {
        self.chain.node().executed() - self.first
    }

    /// The chain as it is before a block, where that is wanted.
    fn record(&self, moment: u64) {
        let node = self.chain.node();
        if let Some(blocks) = self.blocks
            && node.has_executable()
        {
            let (first, node) = (self.first, node.clone());
            blocks.borrow_mut().push(Before {
                moment,
                first,
                node,
            });
        }
    }

    pub(super) fn transfers(&self) -> Vec<Transfer> {
        self.transfers.borrow().clone()
    }

    /// What is under way, with blocks counted from now on.
    pub(super) fn weather(&self) -> Weather {
        let now = self.census.borrow().counts().blocks;
        let mut held = self.held.borrow().clone();
        held.iter_mut()
            .for_each(|(until, ..)| *until = until.saturating_sub(now));
        Weather {
            transfers: self.transfers.borrow().clone(),
            held,
            refill_at: self.refill_at.get().map(|at| at.saturating_sub(now)),
            spike_looks: self.spike_looks.get(),
            reorgs: self.reorgs.get(),
        }
    }

    /// The journal that a second writer would find.
    pub(super) fn share(&self, journal: &Memory) {
        *self.journal.borrow_mut() = journal.clone();
    }

    /// Whether the fee oracle is broken at this look.
    pub(super) fn is_spiking(&self) -> bool {
        let left = self.spike_looks.get();
        self.spike_looks.set(left.saturating_sub(1));
        left > 0
    }

    /// Time passes: one block, and what happens before and after it.
    pub(super) fn block(&self) {
        let block = self.census.borrow().blocks.len() as u64;
        let waiting = self.chain.node().pool().len();
        let moment = self.census.borrow_mut().block(waiting);
        if self.refill_at.get().is_some_and(|at| at <= block) {
            self.refill();
        }
        self.let_go(block);
        self.strike(block, false);
        self.record(moment);
        self.chain.mine();
        self.strike(block, true);
        let head = self.chain.node().head().hash;
        self.census.borrow_mut().head(head);
    }

    /// Fills the wallets that were emptied, and again where a reorganisation took that back.
    pub(super) fn refill(&self) {
        if self.refill_at.get().is_none() {
            return;
        }
        for account in &self.world.keys.accounts {
            if self.chain.node().balance(*account).is_zero() {
                self.chain.set_balance(*account, world::purse());
            }
        }
    }

    /// Lets everything happen that is still on its way; whether there was anything.
    pub(super) fn drain(&self) -> bool {
        let is_quiet = self.held.borrow().is_empty() && self.chain.node().pool().is_empty();
        self.refill();
        self.let_go(u64::MAX);
        let depth = self.chain.node().config().finality_depth;
        for _ in 0..=depth {
            self.chain.mine();
        }
        !is_quiet
    }

    fn let_go(&self, block: u64) {
        let mut held = self.held.borrow_mut();
        let (due, left) = held.drain(..).partition(|(until, ..)| *until <= block);
        *held = left;
        let due: Vec<(u64, Address, Vec<u8>)> = due;
        for (_, sender, raw) in due {
            // What the pool does not take any more is lost, as on a real network.
            let _ = self.chain.send_as(&raw, sender);
        }
    }

    fn strike(&self, block: u64, is_mined: bool) {
        let pending = self.pending.take();
        for fault in pending {
            let is_due = fault.site <= block && is_after(fault.kind) == is_mined;
            if is_due && self.happens(fault.kind, block) {
                self.fired.borrow_mut().push(fault);
            } else {
                self.pending.borrow_mut().push(fault);
            }
        }
    }

    /// Makes it happen; whether it did.
    fn happens(&self, kind: Kind, block: u64) -> bool {
        match kind {
            Kind::Dropped => !self.take_pooled().is_empty(),
            Kind::Stuck => {
                let taken = self.take_pooled();
                let until = block + STUCK_BLOCKS;
                let is_one = !taken.is_empty();
                let held = taken.into_iter().map(|(sender, raw)| (until, sender, raw));
                self.held.borrow_mut().extend(held);
                is_one
            }
            Kind::Duplicated => self.repeat(block),
            Kind::Swapped => self.swap(block),
            Kind::NonceTaken => self.take_nonce(),
            Kind::Readmitted(depth) => self.reorganise(depth, Dropped::Readmit),
            Kind::Forgotten(depth) => self.reorganise(depth, Dropped::Forget),
            Kind::HolderTransfers => self.transfer(0, NEWCOMER, 2),
            Kind::HolderLeaves => {
                let list = &self.world.lists[0];
                let to = list.rows().last().map_or(NEWCOMER, |last| last.account);
                self.transfer(1, to, 1)
            }
            Kind::TipSpike => {
                self.spike_looks.set(SPIKE_LOOKS);
                true
            }
            Kind::BaseFeeSpike => {
                self.chain.node_mut().set_base_fee(SPIKE_WEI);
                true
            }
            Kind::EmptyWallet => {
                self.trusting.set_by_hand();
                for account in &self.world.keys.accounts {
                    self.chain.set_balance(*account, U256::ZERO);
                }
                self.refill_at.set(Some(block + EMPTY_BLOCKS));
                true
            }
            Kind::DeadlinePasses => self.pass_deadline(),
            Kind::StrangerAborts => self.pass_deadline() && self.abort(STRANGER),
            Kind::GuardianAborts => self.abort(self.world.plan.roles.guardian),
            Kind::SecondExecutor => self.second(Memory::default(), &self.dir.join("second")),
            Kind::SecondWriter => {
                let journal = self.journal.borrow().clone();
                self.second(journal, self.dir)
            }
            Kind::LegacyThaws => {
                self.trusting.set_by_hand();
                let mut node = self.chain.node_mut();
                thaw(&mut node, self.world.plan.lanes[0].legacy);
                true
            }
            _ => false,
        }
    }

    fn reorganise(&self, depth: u8, dropped: Dropped) -> bool {
        self.reorgs.set(self.reorgs.get() + 1);
        self.chain.reorg(u64::from(depth), dropped).is_ok()
    }

    /// Takes everything out of the pool.
    fn take_pooled(&self) -> Vec<(Address, Vec<u8>)> {
        let mut node = self.chain.node_mut();
        let pooled = node.pool().transactions();
        for tx in &pooled {
            node.drop_transaction(tx.hash);
        }
        let bytes = pooled.iter().map(|tx| (tx.sender, tx.encoded()));
        bytes.collect()
    }

    /// Everything that waits is offered once more in each of the next blocks.
    fn repeat(&self, block: u64) -> bool {
        let pooled = self.chain.node().pool().transactions();
        for later in 1..=ECHOES {
            let copies = pooled
                .iter()
                .map(|tx| (block + later, tx.sender, tx.encoded()));
            self.held.borrow_mut().extend(copies);
        }
        !pooled.is_empty()
    }

    /// The first of those that wait arrives a block later than the one behind it.
    fn swap(&self, block: u64) -> bool {
        let mut node = self.chain.node_mut();
        let pooled = node.pool().transactions();
        let [first, _, ..] = &pooled[..] else {
            return false;
        };
        node.drop_transaction(first.hash);
        let late = (block + 1, first.sender, first.encoded());
        self.held.borrow_mut().push(late);
        true
    }

    fn take_nonce(&self) -> bool {
        let mut node = self.chain.node_mut();
        let Some(sender) = node.pool().transactions().first().map(|tx| tx.sender) else {
            return false;
        };
        let nonce = node.nonce(sender);
        act(&mut node, sender, nonce, sender, Bytes::new(), 21_000).is_some()
    }

    /// The holder of this row sends its balance, or a part of it, in both contracts: whichever is live
    /// moves it.
    fn transfer(&self, row: usize, to: Address, part: u64) -> bool {
        let Some(holder) = self.world.lists[0].rows().get(row) else {
            return false;
        };
        let lane = &self.world.plan.lanes[0];
        let (from, amount) = (holder.account, holder.balance / U256::from(part));
        let mut sent = false;
        for token in [lane.legacy, lane.ledger] {
            let mut node = self.chain.node_mut();
            let call = Token::transferCall { to, value: amount }.abi_encode();
            let nonce = node.pending_nonce(from);
            if let Some(hash) = act(&mut node, from, nonce, token, call.into(), 300_000) {
                sent = true;
                self.transfers.borrow_mut().push(Transfer {
                    hash,
                    token,
                    from,
                    to,
                    amount,
                });
            }
        }
        sent
    }

    fn pass_deadline(&self) -> bool {
        let now = self.chain.node().head().header.timestamp;
        let plan = &self.world.plan;
        let last = plan.deadline_secs.saturating_add(plan.max_freeze_secs);
        self.chain.advance(last.saturating_sub(now) + 1);
        self.chain.mine();
        true
    }

    fn abort(&self, by: Address) -> bool {
        let call = contracts::abort(&self.world.plan);
        let mut node = self.chain.node_mut();
        let nonce = node.pending_nonce(by);
        act(&mut node, by, nonce, call.to, call.data, 3_000_000).is_some()
    }

    /// Another executor with the same keys runs to its end, or until it gives up.
    fn second(&self, journal: Memory, dir: &Path) -> bool {
        if std::fs::create_dir_all(dir).is_err() {
            return false;
        }
        let chain = &self.trusting;
        let (mut idles, mut seconds) = (0, 0);
        let stop = AtomicBool::new(false);
        // However it ends: it is the chain that is judged.
        let _ = lives::live(
            self.world,
            (chain, journal, dir),
            false,
            Conditions {
                idle: &mut || {
                    idles += 1;
                    stop.store(idles > SECOND_IDLES, Ordering::SeqCst);
                    self.chain.mine();
                },
                clock: &mut || {
                    seconds += 1;
                    seconds
                },
                tip: &mut || 1_000_000_000,
                stop: &stop,
            },
        );
        true
    }
}

/// What goes wrong inside a transaction of a run that began after so many.
fn disturbance(world: &World, first: u64, fault: Fault) -> Option<Disturbance> {
    let place = Place::of(fault.site);
    Some(Disturbance {
        transaction: first + place.transaction,
        meddle: place.meddle(fault.kind, world)?,
    })
}

/// Whether it happens when the block is there; before it otherwise.
fn is_after(kind: Kind) -> bool {
    use Kind::{Dropped, Duplicated, NonceTaken, Stuck, Swapped};
    !matches!(kind, Dropped | Stuck | Duplicated | Swapped | NonceTaken)
}

/// Lifts the pause of a stand-in, as nobody but its owner can: OpenZeppelin's `_paused` is the lowest byte
/// of slot 5.
fn thaw(node: &mut Node, legacy: Address) {
    use sealift_evm::Snapshot;
    let slot = U256::from(5);
    let word = node.state().word(legacy, slot);
    node.set_word(legacy, slot, (word >> 8) << 8);
}
