//! A whole chain in one file: versioned, checksummed, compressed, replaced atomically.
//!
//! Layout: 8 bytes of magic, version (u32, big endian), Keccak-256 of the rest, and the rest: one
//! zstd frame of one RLP list.

use crate::block::{Block, Outcome};
use crate::config::Config;
use crate::node::Node;
use crate::port::EmbeddedChain;
use crate::state::{Account, State, Undo};
use crate::tx::SignedTx;
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use revm::bytecode::Bytecode;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"SEALIFTD";
const VERSION: u32 = 1;
const PREFIX: usize = 8 + 4 + 32;
/// The most that a file may unfold to.
const MAX_BYTES: u64 = 64 << 30;

/// Why a chain was not saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot save the chain to {}", path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Why a chain was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the chain from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file was not written by this program.
    #[error("{} is not the state of an embedded chain", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another version of this program.
    #[error("{} has format {found}, this program reads format {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The file is not what was written.
    #[error("{} is corrupt: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file is of another chain.
    #[error("{} is of chain {found}, not of chain {want}", path.display())]
    ChainId {
        /// The file.
        path: PathBuf,
        /// The chain id in the file.
        found: u64,
        /// The configured chain id.
        want: u64,
    },
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedChain {
    chain_id: u64,
    finalized: u64,
    branch: u64,
    /// 0 where the next block's timestamp is not set.
    next_secs: u64,
    /// Two's complement.
    ahead_secs: u64,
    accounts: Vec<SavedAccount>,
    storage: Vec<SavedStorage>,
    codes: Vec<Bytes>,
    blocks: Vec<SavedBlock>,
    pool: Vec<SavedTx>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedAccount {
    address: Address,
    /// False only in an undo: there was no account.
    exists: bool,
    nonce: u64,
    balance: U256,
    code_hash: B256,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedStorage {
    address: Address,
    words: Vec<SavedWord>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedWord {
    slot: U256,
    word: U256,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedTx {
    sender: Address,
    raw: Bytes,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedOutcome {
    succeeded: bool,
    gas_used: u64,
    cumulative_gas: u64,
    effective_gas_price: u128,
    created: bool,
    contract: Address,
    logs: Vec<Log>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct SavedBlock {
    header: Header,
    transactions: Vec<SavedTx>,
    outcomes: Vec<SavedOutcome>,
    has_undo: bool,
    undo_accounts: Vec<SavedAccount>,
    /// In order; neighbours of one contract are together.
    undo_words: Vec<SavedStorage>,
}

impl EmbeddedChain {
    /// Writes the whole chain to a file, which is replaced in one step and synced.
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        let bytes = encode(&SavedChain::of(&self.node()));
        let wrap = |source| SaveError {
            path: path.to_owned(),
            source,
        };
        replace(path, &bytes.map_err(wrap)?).map_err(wrap)
    }

    /// Reads a chain that [`EmbeddedChain::save`] wrote. The chain id must be that of `config`.
    pub fn load(path: &Path, config: Config) -> Result<Self, LoadError> {
        let path = path.to_owned();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(LoadError::Read { path, source }),
        };
        if bytes.len() < PREFIX || &bytes[..8] != MAGIC {
            return Err(LoadError::Foreign { path });
        }
        let found = u32::from_be_bytes(bytes[8..12].try_into().expect("four bytes"));
        if found != VERSION {
            return Err(LoadError::Version { path, found });
        }
        let saved = match decode(&bytes) {
            Ok(saved) => saved,
            Err(what) => return Err(LoadError::Corrupt { path, what }),
        };
        if saved.chain_id != config.chain_id {
            return Err(LoadError::ChainId {
                path,
                found: saved.chain_id,
                want: config.chain_id,
            });
        }
        match saved.node(config) {
            Ok(node) => Ok(Self::from(node)),
            Err(what) => Err(LoadError::Corrupt { path, what }),
        }
    }
}

fn encode(saved: &SavedChain) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    saved.encode(&mut plain);
    let body = zstd::encode_all(plain.as_slice(), 1)?;
    let mut bytes = Vec::with_capacity(PREFIX + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(keccak256(&body).as_slice());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<SavedChain, String> {
    let (prefix, body) = bytes.split_at(PREFIX);
    if keccak256(body).as_slice() != &prefix[12..] {
        return Err("the checksum does not match".into());
    }
    let mut plain = Vec::new();
    let mut unfold = zstd::Decoder::new(body)
        .map_err(|error| error.to_string())
        .map(|decoder| io::Read::take(decoder, MAX_BYTES))?;
    io::copy(&mut unfold, &mut plain).map_err(|error| error.to_string())?;
    let mut rest = plain.as_slice();
    let saved = SavedChain::decode(&mut rest).map_err(|error| error.to_string())?;
    if rest.is_empty() {
        Ok(saved)
    } else {
        Err("bytes after the end".into())
    }
}

/// Writes beside the file, syncs, renames, and syncs the folder.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl SavedChain {
    fn of(node: &Node) -> Self {
        let mut accounts: Vec<_> = node
            .state
            .accounts()
            .map(|(address, account)| SavedAccount::of(address, Some(account)))
            .collect();
        accounts.sort_unstable_by_key(|account| account.address);
        let mut words: Vec<_> = node.state.words().collect();
        words.sort_unstable();
        let mut codes: Vec<_> = node.state.codes().map(Bytecode::original_bytes).collect();
        codes.sort_unstable();
        Self {
            chain_id: node.config.chain_id,
            finalized: node.finalized,
            branch: node.branch,
            next_secs: node.next_secs.unwrap_or(0),
            ahead_secs: node.ahead_secs as u64,
            accounts,
            storage: group(words),
            codes,
            blocks: node.blocks.iter().map(SavedBlock::of).collect(),
            pool: node
                .pool
                .transactions()
                .iter()
                .map(|tx| SavedTx::of(tx))
                .collect(),
        }
    }

    fn node(self, config: Config) -> Result<Node, String> {
        let mut state = State::default();
        let mut undo = Undo::default();
        for code in self.codes {
            state.add_code(Bytecode::new_raw_checked(code).map_err(|error| error.to_string())?);
        }
        for saved in self.accounts {
            state.set_account(
                saved.address,
                saved.account().unwrap_or_default(),
                &mut undo,
            );
        }
        for (address, slot, word) in ungroup(self.storage) {
            state.set_word(address, slot, word, &mut undo);
        }
        let mut node = Node::empty(config, state);
        let mut parent = B256::ZERO;
        for (number, saved) in (0u64..).zip(self.blocks) {
            let block = saved.block()?;
            if block.header.number != number || block.header.parent_hash != parent {
                return Err(format!("block {number} does not follow its parent"));
            }
            parent = block.hash;
            node.append(block);
        }
        if node.blocks.is_empty() {
            return Err("there is no block".into());
        }
        node.finalized = self.finalized.min(node.head().header.number);
        node.branch = self.branch;
        node.next_secs = (self.next_secs != 0).then_some(self.next_secs);
        node.ahead_secs = self.ahead_secs as i64;
        for saved in self.pool {
            let tx = Arc::new(saved.tx()?);
            // The pool's limits may be narrower now than when it was saved.
            let _ = node.admit(tx);
        }
        Ok(node)
    }
}

impl SavedAccount {
    fn of(address: Address, account: Option<Account>) -> Self {
        let Account {
            nonce,
            balance,
            code_hash,
        } = account.unwrap_or_default();
        Self {
            address,
            exists: account.is_some(),
            nonce,
            balance,
            code_hash,
        }
    }

    fn account(&self) -> Option<Account> {
        let Self {
            nonce,
            balance,
            code_hash,
            ..
        } = *self;
        self.exists.then_some(Account {
            nonce,
            balance,
            code_hash,
        })
    }
}

impl SavedTx {
    fn of(tx: &SignedTx) -> Self {
        Self {
            sender: tx.sender,
            raw: tx.encoded().into(),
        }
    }

    fn tx(&self) -> Result<SignedTx, String> {
        SignedTx::decode_signed_by(&self.raw, self.sender).map_err(|error| error.to_string())
    }
}

impl SavedBlock {
    fn of(block: &Block) -> Self {
        let undo = block.undo.clone().unwrap_or_default();
        Self {
            header: block.header.clone(),
            transactions: block
                .transactions
                .iter()
                .map(|tx| SavedTx::of(tx))
                .collect(),
            outcomes: block.outcomes.iter().map(SavedOutcome::of).collect(),
            has_undo: block.undo.is_some(),
            undo_accounts: undo
                .accounts
                .into_iter()
                .map(|(address, account)| SavedAccount::of(address, account))
                .collect(),
            undo_words: group(undo.words),
        }
    }

    fn block(self) -> Result<Block, String> {
        let hash = self.header.hash_slow();
        if self.transactions.len() != self.outcomes.len() {
            return Err(format!("block {} lacks receipts", self.header.number));
        }
        let transactions = self
            .transactions
            .iter()
            .map(|saved| saved.tx().map(Arc::new));
        let undo = Undo {
            accounts: self
                .undo_accounts
                .iter()
                .map(|saved| (saved.address, saved.account()))
                .collect(),
            words: ungroup(self.undo_words).collect(),
        };
        Ok(Block {
            hash,
            transactions: transactions.collect::<Result<_, _>>()?,
            outcomes: self
                .outcomes
                .into_iter()
                .map(SavedOutcome::outcome)
                .collect(),
            undo: self.has_undo.then_some(undo),
            first_log: 0,
            header: self.header,
        })
    }
}

impl SavedOutcome {
    fn of(outcome: &Outcome) -> Self {
        Self {
            succeeded: outcome.succeeded,
            gas_used: outcome.gas_used,
            cumulative_gas: outcome.cumulative_gas,
            effective_gas_price: outcome.effective_gas_price,
            created: outcome.contract.is_some(),
            contract: outcome.contract.unwrap_or_default(),
            logs: outcome.logs.clone(),
        }
    }

    fn outcome(self) -> Outcome {
        Outcome {
            succeeded: self.succeeded,
            gas_used: self.gas_used,
            cumulative_gas: self.cumulative_gas,
            effective_gas_price: self.effective_gas_price,
            contract: self.created.then_some(self.contract),
            logs: self.logs,
        }
    }
}

/// Puts neighbouring words of one contract together; the order stays.
fn group(words: Vec<(Address, U256, U256)>) -> Vec<SavedStorage> {
    let mut groups: Vec<SavedStorage> = Vec::new();
    for (address, slot, word) in words {
        match groups.last_mut() {
            Some(last) if last.address == address => last.words.push(SavedWord { slot, word }),
            _ => groups.push(SavedStorage {
                address,
                words: vec![SavedWord { slot, word }],
            }),
        }
    }
    groups
}

fn ungroup(groups: Vec<SavedStorage>) -> impl Iterator<Item = (Address, U256, U256)> {
    groups.into_iter().flat_map(|group| {
        group
            .words
            .into_iter()
            .map(move |saved| (group.address, saved.slot, saved.word))
    })
}
