//! Views of a state: as it was after an older block, or with parts replaced for one call.

use crate::machine::Cell;
use crate::state::{Account, Snapshot, State, Undo};
use alloy_primitives::map::{AddressMap, HashMap, U256Map};
use alloy_primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;

/// The oldest values of everything that later blocks changed.
///
/// Laid over the newest state it shows the state after an older block. It grows with the chain:
/// what a new block replaced is added where it is not known yet.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    accounts: AddressMap<Option<Account>>,
    words: HashMap<(Address, U256), U256>,
}

impl Overlay {
    /// Adds what the next newer block replaced.
    pub fn extend(&mut self, undo: &Undo) {
        for (address, old) in &undo.accounts {
            self.accounts.entry(*address).or_insert(*old);
        }
        for (address, slot, old) in &undo.words {
            self.words.entry((*address, *slot)).or_insert(*old);
        }
    }
}

/// The state after an older block.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// The newest state.
    pub newest: &'a State,
    /// What was replaced since.
    pub overlay: &'a Overlay,
}

impl Snapshot for Past<'_> {
    fn account(&self, address: Address) -> Option<Account> {
        match self.overlay.accounts.get(&address) {
            Some(old) => *old,
            None => self.newest.account(address),
        }
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        match self.overlay.words.get(&(address, slot)) {
            Some(old) => *old,
            None => self.newest.word(address, slot),
        }
    }

    fn code(&self, hash: B256) -> Bytecode {
        self.newest.code(hash)
    }

    fn knows(&self, (address, slot): Cell) -> bool {
        let is_replaced = match slot {
            None => self.overlay.accounts.contains_key(&address),
            Some(slot) => self.overlay.words.contains_key(&(address, slot)),
        };
        is_replaced || self.newest.knows((address, slot))
    }

    fn learn(&self, cells: &[Cell]) -> bool {
        self.newest.learn(cells)
    }
}

/// What one call sees instead of the state of an account (`eth_call` state override).
#[derive(Clone, Debug, Default)]
pub struct Replaced {
    /// Wei.
    pub balance: Option<U256>,
    /// Transaction count.
    pub nonce: Option<u64>,
    /// Runtime code.
    pub code: Option<Bytecode>,
    /// Words that replace single words.
    pub words: U256Map<U256>,
    /// Whether `words` replace the whole storage.
    pub whole_storage: bool,
}

/// A snapshot with some accounts replaced.
#[derive(Debug)]
pub struct Overridden<'a, S> {
    /// What stands under the overrides.
    pub below: &'a S,
    /// The overrides.
    pub accounts: &'a AddressMap<Replaced>,
}

impl<S: Snapshot> Snapshot for Overridden<'_, S> {
    fn account(&self, address: Address) -> Option<Account> {
        let below = self.below.account(address);
        let Some(replaced) = self.accounts.get(&address) else {
            return below;
        };
        let mut account = below.unwrap_or_default();
        account.balance = replaced.balance.unwrap_or(account.balance);
        account.nonce = replaced.nonce.unwrap_or(account.nonce);
        if let Some(code) = &replaced.code {
            account.code_hash = code.hash_slow();
        }
        Some(account)
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        let Some(replaced) = self.accounts.get(&address) else {
            return self.below.word(address, slot);
        };
        match replaced.words.get(&slot) {
            Some(word) => *word,
            None if replaced.whole_storage => U256::ZERO,
            None => self.below.word(address, slot),
        }
    }

    fn code(&self, hash: B256) -> Bytecode {
        let replaced = self
            .accounts
            .values()
            .filter_map(|account| account.code.as_ref());
        replaced
            .into_iter()
            .find(|code| code.hash_slow() == hash)
            .cloned()
            .unwrap_or_else(|| self.below.code(hash))
    }

    fn knows(&self, (address, slot): Cell) -> bool {
        // An account whose balance alone is replaced has its nonce from below.
        let is_replaced = slot.is_some_and(|slot| {
            self.accounts.get(&address).is_some_and(|replaced| {
                replaced.whole_storage || replaced.words.contains_key(&slot)
            })
        });
        is_replaced || self.below.knows((address, slot))
    }

    fn learn(&self, cells: &[Cell]) -> bool {
        self.below.learn(cells)
    }
}
