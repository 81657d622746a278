//! State: accounts and storage words in plain maps, and what takes a change back.

use crate::beneath::Beneath;
use crate::machine::Cell;
use alloy_primitives::map::{AddressMap, B256Map, U256Map};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, Keccak256, U256};
use revm::bytecode::Bytecode;
use revm::state::EvmState;
use std::sync::Arc;

/// An account without its code and storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Keccak-256 of the runtime code.
    pub code_hash: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK256_EMPTY,
        }
    }
}

impl Account {
    /// Whether EIP-161 calls the account empty.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK256_EMPTY
    }
}

/// Accounts and words as they stand at one moment.
pub trait Snapshot {
    /// The account, if it exists.
    fn account(&self, address: Address) -> Option<Account>;
    /// A storage word; zero where nothing was written.
    fn word(&self, address: Address, slot: U256) -> U256;
    /// Runtime code by its hash; empty where the hash is unknown.
    fn code(&self, hash: B256) -> Bytecode;
    /// Whether a part can be read without asking anybody.
    fn knows(&self, _cell: Cell) -> bool {
        true
    }
    /// Asks for parts that are not known; `false` where there is no answer, and then they read as nothing.
    fn learn(&self, _cells: &[Cell]) -> bool {
        false
    }
}

/// What a set of changes replaced, oldest first; [`State::revert`] takes the changes back.
///
/// The same account or word may appear more than once: the first entry is the oldest value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// Accounts before the change; `None` where there was none.
    pub accounts: Vec<(Address, Option<Account>)>,
    /// Storage words before the change.
    pub words: Vec<(Address, U256, U256)>,
}

impl Undo {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.words.is_empty()
    }
}

/// Accounts, storage and code.
///
/// A change is applied in place and its inverse is appended to an [`Undo`], so that a block, a
/// transaction or a whole branch can be taken back in time proportional to what it changed. Since
/// EIP-6780 no existing storage is ever wiped: an undo never holds a whole account.
#[derive(Clone, Debug, Default)]
pub struct State {
    accounts: AddressMap<Account>,
    storage: AddressMap<U256Map<U256>>,
    codes: B256Map<Bytecode>,
    /// Where everything else is read; then what was removed or zeroed above it stays in the maps.
    beneath: Option<Arc<Beneath>>,
}

impl State {
    /// A state in which everything is as it is beneath.
    pub fn above(beneath: Arc<Beneath>) -> Self {
        Self {
            beneath: Some(beneath),
            ..Self::default()
        }
    }

    /// Whether something lies beneath.
    pub fn is_above(&self) -> bool {
        self.beneath.is_some()
    }

    /// Writes an account; an empty one is removed.
    pub fn set_account(&mut self, address: Address, account: Account, undo: &mut Undo) {
        let old = self.account(address);
        self.put_account(address, Some(account));
        undo.accounts.push((address, old));
    }

    fn put_account(&mut self, address: Address, account: Option<Account>) {
        match account.filter(|account| !account.is_empty()) {
            Some(account) => self.accounts.insert(address, account),
            None if self.beneath.is_some() => self.accounts.insert(address, Account::default()),
            None => self.accounts.remove(&address),
        };
    }

    /// Writes a storage word.
    pub fn set_word(&mut self, address: Address, slot: U256, word: U256, undo: &mut Undo) {
        let old = self.put_word(address, slot, word);
        undo.words.push((address, slot, old));
    }

    /// Makes code known and returns its hash. Code is never forgotten.
    pub fn add_code(&mut self, code: Bytecode) -> B256 {
        let hash = code.hash_slow();
        if hash != KECCAK256_EMPTY {
            self.codes.entry(hash).or_insert(code);
        }
        hash
    }

    /// Applies what an execution changed, in order of address and slot, so that equal executions
    /// leave equal undos.
    pub fn commit(&mut self, changes: EvmState, undo: &mut Undo) {
        let touched = changes
            .into_iter()
            .filter(|(_, changed)| changed.is_touched());
        let mut touched: Vec<_> = touched.collect();
        touched.sort_unstable_by_key(|(address, _)| *address);
        for (address, changed) in touched {
            if changed.is_selfdestructed() {
                // The account was created in the same transaction: its storage was never written.
                self.set_account(address, Account::default(), undo);
                continue;
            }
            let info = &changed.info;
            let account = Account {
                nonce: info.nonce,
                balance: info.balance,
                code_hash: if info.code_hash.is_zero() {
                    KECCAK256_EMPTY
                } else {
                    info.code_hash
                },
            };
            if account.code_hash != KECCAK256_EMPTY
                && let Some(code) = &info.code
            {
                self.codes
                    .entry(account.code_hash)
                    .or_insert_with(|| code.clone());
            }
            if self.account(address).unwrap_or_default() != account {
                self.set_account(address, account, undo);
            }
            let mut words: Vec<(U256, U256)> = changed
                .changed_storage_slots()
                .map(|(slot, value)| (*slot, value.present_value))
                .collect();
            words.sort_unstable();
            for (slot, word) in words {
                self.set_word(address, slot, word, undo);
            }
        }
    }

    /// Takes back what `undo` recorded. The undo must be the newest that was not yet taken back.
    pub fn revert(&mut self, undo: &Undo) {
        for (address, old) in undo.accounts.iter().rev() {
            self.put_account(*address, *old);
        }
        for (address, slot, old) in undo.words.iter().rev() {
            self.put_word(*address, *slot, *old);
        }
    }

    /// A commitment to what changed since `parent`: keccak over the parent commitment and the new
    /// values of everything that `undo` names, in order of address and slot.
    ///
    /// It is **not** a Merkle-Patricia state root, and no storage proof can be made against it.
    pub fn commitment(&self, parent: B256, undo: &Undo) -> B256 {
        let mut addresses: Vec<Address> = undo.accounts.iter().map(|(a, _)| *a).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let mut slots: Vec<(Address, U256)> = undo.words.iter().map(|(a, s, _)| (*a, *s)).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut hasher = Keccak256::new();
        hasher.update(parent);
        for address in addresses {
            let account = self.account(address).unwrap_or_default();
            hasher.update(address);
            hasher.update(account.nonce.to_be_bytes());
            hasher.update(account.balance.to_be_bytes::<32>());
            hasher.update(account.code_hash);
        }
        for (address, slot) in slots {
            hasher.update(address);
            hasher.update(slot.to_be_bytes::<32>());
            hasher.update(self.word(address, slot).to_be_bytes::<32>());
        }
        hasher.finalize()
    }

    /// All accounts, in no order; not those beneath.
    pub fn accounts(&self) -> impl Iterator<Item = (Address, Account)> + '_ {
        self.accounts
            .iter()
            .filter(|(_, account)| !account.is_empty())
            .map(|(address, account)| (*address, *account))
    }

    /// All nonzero storage words, in no order; not those beneath.
    pub fn words(&self) -> impl Iterator<Item = (Address, U256, U256)> + '_ {
        self.storage
            .iter()
            .flat_map(|(address, words)| words.iter().map(|(slot, word)| (*address, *slot, *word)))
            .filter(|(_, _, word)| !word.is_zero())
    }

    /// All code that was ever deployed, in no order.
    pub fn codes(&self) -> impl Iterator<Item = &Bytecode> + '_ {
        self.codes.values()
    }

    fn written(&self, address: Address, slot: U256) -> Option<U256> {
        self.storage.get(&address)?.get(&slot).copied()
    }

    fn put_word(&mut self, address: Address, slot: U256, word: U256) -> U256 {
        if self.beneath.is_some() {
            let old = self.word(address, slot);
            let words = self.storage.entry(address).or_default();
            words.insert(slot, word);
            return old;
        }
        if word.is_zero() {
            let Some(words) = self.storage.get_mut(&address) else {
                return U256::ZERO;
            };
            let old = words.remove(&slot);
            if words.is_empty() {
                self.storage.remove(&address);
            }
            old.unwrap_or_default()
        } else {
            self.storage
                .entry(address)
                .or_default()
                .insert(slot, word)
                .unwrap_or_default()
        }
    }
}

impl Snapshot for State {
    fn account(&self, address: Address) -> Option<Account> {
        match (self.accounts.get(&address), &self.beneath) {
            (Some(account), Some(_)) => Some(*account).filter(|account| !account.is_empty()),
            (Some(account), None) => Some(*account),
            (None, Some(beneath)) => beneath.account(address),
            (None, None) => None,
        }
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        match (self.written(address, slot), &self.beneath) {
            (Some(word), _) => word,
            (None, Some(beneath)) => beneath.word(address, slot),
            (None, None) => U256::ZERO,
        }
    }

    fn code(&self, hash: B256) -> Bytecode {
        match (self.codes.get(&hash), &self.beneath) {
            (Some(code), _) => code.clone(),
            (None, Some(beneath)) => beneath.code(hash),
            (None, None) => Bytecode::default(),
        }
    }

    fn knows(&self, (address, slot): Cell) -> bool {
        let Some(beneath) = &self.beneath else {
            return true;
        };
        let is_written = match slot {
            None => self.accounts.contains_key(&address),
            Some(slot) => self.written(address, slot).is_some(),
        };
        is_written || beneath.knows((address, slot))
    }

    fn learn(&self, cells: &[Cell]) -> bool {
        let beneath = self.beneath.as_ref();
        beneath.is_some_and(|beneath| beneath.learn(cells))
    }
}
