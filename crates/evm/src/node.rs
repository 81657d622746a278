//! The chain itself, without locks, threads or network.

use crate::accounts::{CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE};
use crate::beneath::Beneath;
use crate::block::{Block, Frame, Outcome, seal};
use crate::config::{Config, Mining};
use crate::disturbance::Disturbances;
use crate::logs::{LogIndex, LogPlace, LogQuery};
use crate::machine::Cell;
use crate::pool::Pool;
use crate::refusal::PoolError;
use crate::state::{Account, Snapshot, State, Undo};
use crate::tx::SignedTx;
use crate::view::{Overlay, Past};
use alloy_consensus::{Header, Transaction};
use alloy_primitives::map::B256Map;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Log, U256};
use revm::bytecode::Bytecode;
use std::sync::{Arc, Mutex, PoisonError};

/// How many older states are kept ready for reading.
const OVERLAYS: usize = 4;

/// A chain with its state, blocks and mempool.
#[derive(Debug)]
pub struct Node {
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) blocks: Vec<Block>,
    /// Canonical block hashes by height.
    pub(crate) hashes: Vec<B256>,
    pub(crate) heights: B256Map<u64>,
    pub(crate) places: B256Map<(u64, usize)>,
    pub(crate) log_index: LogIndex,
    pub(crate) pool: Pool,
    pub(crate) finalized: u64,
    /// How many reorganisations there were.
    pub(crate) branch: u64,
    /// Exact timestamp of the next block.
    pub(crate) next_secs: Option<u64>,
    /// Seconds that the clock is ahead of its source.
    pub(crate) ahead_secs: i64,
    /// Wei per gas of the next block, where it was set.
    pub(crate) set_base_fee: Option<u64>,
    pub(crate) overlays: Mutex<Vec<CachedOverlay>>,
    /// What goes wrong inside transactions.
    pub(crate) disturbances: Disturbances,
    /// Grows with every change, so that a saver knows whether there is something to save.
    pub(crate) revision: u64,
}

/// The overlay that shows the state after `block` from the newest state after `upto`.
#[derive(Debug)]
pub(crate) struct CachedOverlay {
    block: u64,
    upto: u64,
    overlay: Arc<Overlay>,
}

/// A transaction of the canonical chain.
#[derive(Clone, Copy, Debug)]
pub struct Included<'a> {
    /// Its block.
    pub block: &'a Block,
    /// Its index in the block.
    pub index: usize,
    /// The transaction.
    pub transaction: &'a Arc<SignedTx>,
    /// What it did.
    pub outcome: &'a Outcome,
}

/// The state after some block.
#[derive(Clone, Debug)]
pub enum StateAt<'a> {
    /// After the newest block.
    Newest(&'a State),
    /// After an older block.
    Older(&'a State, Arc<Overlay>),
}

impl Snapshot for StateAt<'_> {
    fn account(&self, address: Address) -> Option<Account> {
        match self {
            Self::Newest(state) => state.account(address),
            Self::Older(newest, overlay) => Past { newest, overlay }.account(address),
        }
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        match self {
            Self::Newest(state) => state.word(address, slot),
            Self::Older(newest, overlay) => Past { newest, overlay }.word(address, slot),
        }
    }

    fn code(&self, hash: B256) -> Bytecode {
        match self {
            Self::Newest(state) | Self::Older(state, _) => state.code(hash),
        }
    }

    fn knows(&self, cell: Cell) -> bool {
        match self {
            Self::Newest(state) => state.knows(cell),
            Self::Older(newest, overlay) => Past { newest, overlay }.knows(cell),
        }
    }

    fn learn(&self, cells: &[Cell]) -> bool {
        match self {
            Self::Newest(state) | Self::Older(state, _) => state.learn(cells),
        }
    }
}

impl Node {
    /// A chain with its first block only.
    pub fn new(config: Config) -> Self {
        let mut state = State::default();
        let mut undo = Undo::default();
        for (address, balance) in &config.funded {
            state.set_account(
                *address,
                Account {
                    balance: *balance,
                    ..Account::default()
                },
                &mut undo,
            );
        }
        let deployer = Bytecode::new_raw(Bytes::from_static(CREATE2_DEPLOYER_CODE));
        let code_hash = state.add_code(deployer);
        state.set_account(
            CREATE2_DEPLOYER,
            Account {
                nonce: 1,
                balance: U256::ZERO,
                code_hash,
            },
            &mut undo,
        );
        Self::begin(config, state, &undo)
    }

    /// A chain whose first block leaves everything as it is beneath, and funds nobody.
    pub fn above(config: Config, beneath: Arc<Beneath>) -> Self {
        Self::begin(config, State::above(beneath), &Undo::default())
    }

    fn begin(config: Config, state: State, undo: &Undo) -> Self {
        let frame = Frame {
            parent: B256::ZERO,
            number: config.first_block,
            timestamp: config.genesis_secs,
            gas_limit: config.block_gas_limit,
            base_fee: config.base_fee_wei,
            branch: 0,
        };
        let root = state.commitment(B256::from(U256::from(config.chain_id)), undo);
        let (header, hash) = seal(frame.header(), &[], &[], root);
        let genesis = Block {
            header,
            hash,
            transactions: Vec::new(),
            outcomes: Vec::new(),
            undo: None,
            first_log: 0,
        };
        let mut node = Self::empty(config, state);
        node.append(genesis);
        node
    }

    /// A chain without blocks, for loading; it is not usable before its first block is appended.
    pub(crate) fn empty(config: Config, state: State) -> Self {
        let pool = Pool::new(config.pool);
        let first_block = config.first_block;
        Self {
            config,
            state,
            blocks: Vec::new(),
            hashes: Vec::new(),
            heights: B256Map::default(),
            places: B256Map::default(),
            log_index: LogIndex::default(),
            pool,
            finalized: first_block,
            branch: 0,
            next_secs: None,
            ahead_secs: 0,
            set_base_fee: None,
            overlays: Mutex::new(Vec::new()),
            disturbances: Disturbances::default(),
            revision: 0,
        }
    }

    /// Makes a block canonical whose changes are already in the state.
    pub(crate) fn append(&mut self, mut block: Block) {
        block.first_log = self.log_index.len();
        let number = self.config.first_block + self.blocks.len() as u64;
        assert_eq!(block.header.number, number, "a block follows its parent");
        for (index, tx) in block.transactions.iter().enumerate() {
            self.places.insert(tx.hash, (number, index));
        }
        self.heights.insert(block.hash, number);
        self.hashes.push(block.hash);
        self.log_index.push(&block);
        self.blocks.push(block);
        let finalized = number.saturating_sub(self.config.finality_depth);
        self.finalized = self.finalized.max(finalized);
        let height = self.blocks.len() as u64 - 1;
        if let Some(old) = height.checked_sub(self.config.history_blocks) {
            self.blocks[old as usize].undo = None;
        }
        self.revision += 1;
    }

    /// Takes the newest block off the chain; its changes are taken back.
    pub(crate) fn detach(&mut self) -> Block {
        let block = self.blocks.pop().expect("a chain has blocks");
        let undo = block
            .undo
            .as_ref()
            .expect("the caller looked at the history");
        self.state.revert(undo);
        self.hashes.pop();
        self.heights.remove(&block.hash);
        for tx in &block.transactions {
            self.places.remove(&tx.hash);
        }
        self.log_index.pop(&block);
        self.overlays
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.revision += 1;
        block
    }

    /// What the chain was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The newest block.
    pub fn head(&self) -> &Block {
        self.blocks.last().expect("a chain has blocks")
    }

    /// Height of the newest final block. It never goes down, but for a test's fault.
    pub fn finalized(&self) -> u64 {
        self.finalized
    }

    /// The canonical block at a height.
    pub fn block(&self, number: u64) -> Option<&Block> {
        let height = number.checked_sub(self.config.first_block)?;
        self.blocks.get(usize::try_from(height).ok()?)
    }

    /// The canonical block with a hash.
    pub fn block_by_hash(&self, hash: B256) -> Option<&Block> {
        self.block(*self.heights.get(&hash)?)
    }

    /// A mined transaction.
    pub fn included(&self, hash: B256) -> Option<Included<'_>> {
        let (number, index) = *self.places.get(&hash)?;
        let block = self.block(number)?;
        Some(Included {
            block,
            index,
            transaction: block.transactions.get(index)?,
            outcome: block.outcomes.get(index)?,
        })
    }

    /// The mempool.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The newest state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A number that grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The state after a canonical block; `None` where it is not kept any more.
    pub fn state_at(&self, number: u64) -> Option<StateAt<'_>> {
        let head = self.head().header.number;
        if number == head {
            return Some(StateAt::Newest(&self.state));
        }
        if number > head {
            return None;
        }
        let mut overlays = self.overlays.lock().unwrap_or_else(PoisonError::into_inner);
        let at = overlays.iter().position(|cached| cached.block == number);
        let mut cached = match at {
            Some(at) => overlays.remove(at),
            None => CachedOverlay {
                block: number,
                upto: number,
                overlay: Arc::default(),
            },
        };
        while cached.upto < head {
            let undo = self.block(cached.upto + 1)?.undo.as_ref()?;
            Arc::make_mut(&mut cached.overlay).extend(undo);
            cached.upto += 1;
        }
        let overlay = cached.overlay.clone();
        overlays.insert(0, cached);
        overlays.truncate(OVERLAYS);
        Some(StateAt::Older(&self.state, overlay))
    }

    /// Takes a signed transaction into the pool and, where blocks are made automatically, mines.
    pub fn send(&mut self, raw: &[u8]) -> Result<B256, PoolError> {
        self.take(SignedTx::decode(raw)?)
    }

    /// Takes a transaction and mines where blocks are made automatically.
    pub(crate) fn take(&mut self, tx: SignedTx) -> Result<B256, PoolError> {
        let hash = tx.hash;
        self.admit(Arc::new(tx))?;
        if self.config.mining == Mining::Auto {
            while self.has_executable() {
                if self.mine().transactions.is_empty() {
                    break;
                }
            }
        }
        Ok(hash)
    }

    /// Takes a transaction into the pool.
    pub(crate) fn admit(&mut self, tx: Arc<SignedTx>) -> Result<(), PoolError> {
        tx.check(self.config.chain_id, self.config.block_gas_limit)?;
        let account = self.state.account(tx.sender).unwrap_or_default();
        if account.code_hash != KECCAK256_EMPTY
            && !self.config.contracts_send
            && !self.state.code(account.code_hash).is_eip7702()
        {
            return Err(PoolError::SenderHasCode(tx.sender));
        }
        self.pool.insert(tx, account.nonce, account.balance)?;
        self.revision += 1;
        Ok(())
    }

    /// Whether the pool holds a transaction that the next block could take.
    pub fn has_executable(&self) -> bool {
        let next = |sender| self.nonce(sender);
        self.pool.best(self.next_base_fee(), next).pop().is_some()
    }

    /// The number of transactions that an account has sent.
    pub fn nonce(&self, address: Address) -> u64 {
        self.state
            .account(address)
            .map_or(0, |account| account.nonce)
    }

    /// The nonce after all executable pooled transactions of an account.
    pub fn pending_nonce(&self, address: Address) -> u64 {
        self.pool.pending_nonce(address, self.nonce(address))
    }

    /// Logs that match, in order of block and position.
    pub fn logs(&self, query: &LogQuery) -> impl Iterator<Item = (LogPlace, &Block, &Log)> {
        self.log_index
            .candidates(query)
            .iter()
            .filter_map(move |place| {
                let block = self.block(place.block)?;
                let outcome = block.outcomes.get(place.transaction as usize)?;
                let log = outcome.logs.get(place.log as usize)?;
                query.matches(log).then_some((*place, block, log))
            })
    }

    /// The header that the next block starts from.
    pub(crate) fn pending_header(&self) -> Header {
        let parent = self.head();
        Frame {
            parent: parent.hash,
            number: parent.header.number + 1,
            timestamp: self.next_timestamp(),
            gas_limit: self.config.block_gas_limit,
            base_fee: self.next_base_fee(),
            branch: self.branch,
        }
        .header()
    }

    /// Wei of an account after the newest block.
    pub fn balance(&self, address: Address) -> U256 {
        self.state
            .account(address)
            .map_or(U256::ZERO, |account| account.balance)
    }

    /// Changes when blocks are made.
    pub fn set_mining(&mut self, mining: Mining) {
        self.config.mining = mining;
    }

    /// Drops a transaction from the pool.
    pub fn drop_transaction(&mut self, hash: B256) -> bool {
        self.revision += 1;
        self.pool.remove(hash).is_some()
    }

    /// Drops what a mined transaction made useless: everything up to its nonce.
    pub(crate) fn prune_sender(&mut self, tx: &SignedTx) {
        self.pool.prune(tx.sender, tx.envelope.nonce() + 1);
    }
}
