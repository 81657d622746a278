//! What lies beneath a state: another chain at one block, of which a part is read when it is first needed.
//!
//! A transaction or call over such a state is executed again and again, with what it did not find taken as
//! nothing, until it finds everything: then a row of questions goes out together instead of one by one, and the
//! last execution has read nothing that is not known.

use crate::machine::Cell;
use crate::state::Account;
use alloy_primitives::map::{AddressMap, B256Map, HashMap};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use revm::bytecode::Bytecode;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// An account as another chain has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceAccount {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Runtime code; empty where there is none.
    pub code: Bytes,
}

/// What is known of an account: itself, and words of it, zeros included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The account; nothing at all where there is none.
    pub account: SourceAccount,
    /// Words by slot.
    pub words: BTreeMap<U256, U256>,
}

/// Another chain at one block, which never changes.
pub trait Source: Send + Sync {
    /// The accounts, in order.
    fn accounts(&self, addresses: &[Address]) -> Result<Vec<SourceAccount>, String>;
    /// The storage words, in order.
    fn words(&self, slots: &[(Address, U256)]) -> Result<Vec<U256>, String>;
}

#[derive(Default)]
struct Cells {
    accounts: AddressMap<Account>,
    words: HashMap<(Address, U256), U256>,
    codes: B256Map<Bytecode>,
}

/// What is known of another chain, and where to ask for the rest.
///
/// Where the source fails, the first failure stays, nothing is asked any more, and everything unknown reads as
/// nothing: whoever uses what was computed looks at [`Beneath::failure`] first.
pub struct Beneath {
    cells: RwLock<Cells>,
    source: Option<Box<dyn Source>>,
    failure: Mutex<Option<String>>,
}

impl fmt::Debug for Beneath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells();
        f.debug_struct("Beneath")
            .field("accounts", &cells.accounts.len())
            .field("words", &cells.words.len())
            .finish_non_exhaustive()
    }
}

impl Beneath {
    /// What is known already, and who knows the rest; without a source, reading anything else is a failure.
    pub fn new(
        known: impl IntoIterator<Item = (Address, Known)>,
        source: Option<Box<dyn Source>>,
    ) -> Self {
        let mut cells = Cells::default();
        for (address, known) in known {
            cells.add(address, known.account);
            let words = known.words.into_iter();
            cells
                .words
                .extend(words.map(|(slot, word)| ((address, slot), word)));
        }
        Self {
            cells: RwLock::new(cells),
            source,
            failure: Mutex::default(),
        }
    }

    /// Everything that is known, in order of address.
    pub fn known(&self) -> BTreeMap<Address, Known> {
        let cells = self.cells();
        let mut known: BTreeMap<Address, Known> = BTreeMap::new();
        for (address, account) in &cells.accounts {
            let code = cells.codes.get(&account.code_hash);
            known.entry(*address).or_default().account = SourceAccount {
                nonce: account.nonce,
                balance: account.balance,
                code: code.map(Bytecode::original_bytes).unwrap_or_default(),
            };
        }
        for ((address, slot), word) in &cells.words {
            let words = &mut known.entry(*address).or_default().words;
            words.insert(*slot, *word);
        }
        known
    }

    /// How many accounts and words are known.
    pub fn len(&self) -> (usize, usize) {
        let cells = self.cells();
        (cells.accounts.len(), cells.words.len())
    }

    /// The first failure of the source; then nothing that was computed counts.
    pub fn failure(&self) -> Option<String> {
        self.failed().clone()
    }

    /// Asks for everything of this that is not known yet; `false` where there is no answer.
    pub fn learn(&self, cells: &[Cell]) -> bool {
        let (accounts, words) = self.unknown(cells);
        if accounts.is_empty() && words.is_empty() {
            return true;
        }
        let mut failed = self.failed();
        if failed.is_some() {
            return false;
        }
        // Another thread may have asked while this one waited.
        let (accounts, words) = self.unknown(cells);
        match self.ask(&accounts, &words) {
            Ok((found, values)) => {
                let mut known = self.cells.write().unwrap_or_else(PoisonError::into_inner);
                for (address, account) in accounts.into_iter().zip(found) {
                    known.add(address, account);
                }
                known.words.extend(words.into_iter().zip(values));
                true
            }
            Err(text) => {
                *failed = Some(text);
                false
            }
        }
    }

    pub(crate) fn knows(&self, (address, slot): Cell) -> bool {
        let cells = self.cells();
        match slot {
            None => cells.accounts.contains_key(&address),
            Some(slot) => cells.words.contains_key(&(address, slot)) || cells.is_void(address),
        }
    }

    /// The account, asked for where it is not known.
    pub(crate) fn account(&self, address: Address) -> Option<Account> {
        if !self.knows((address, None)) {
            self.learn(&[(address, None)]);
        }
        let found = self.cells().accounts.get(&address).copied();
        found.filter(|account| !account.is_empty())
    }

    /// The word, asked for where it is not known.
    pub(crate) fn word(&self, address: Address, slot: U256) -> U256 {
        if !self.knows((address, Some(slot))) {
            self.learn(&[(address, Some(slot))]);
        }
        let found = self.cells().words.get(&(address, slot)).copied();
        found.unwrap_or_default()
    }

    pub(crate) fn code(&self, hash: B256) -> Bytecode {
        self.cells().codes.get(&hash).cloned().unwrap_or_default()
    }

    /// What is not known of this; a word comes with its account.
    fn unknown(&self, cells: &[Cell]) -> (Vec<Address>, Vec<(Address, U256)>) {
        let known = self.cells();
        let accounts: BTreeSet<Address> = cells
            .iter()
            .map(|(address, _)| *address)
            .filter(|address| !known.accounts.contains_key(address))
            .collect();
        let words: BTreeSet<(Address, U256)> = cells
            .iter()
            .filter_map(|(address, slot)| Some((*address, (*slot)?)))
            .filter(|cell| !known.words.contains_key(cell) && !known.is_void(cell.0))
            .collect();
        (accounts.into_iter().collect(), words.into_iter().collect())
    }

    fn ask(
        &self,
        accounts: &[Address],
        words: &[(Address, U256)],
    ) -> Result<(Vec<SourceAccount>, Vec<U256>), String> {
        let Some(source) = &self.source else {
            let what = match (accounts.first(), words.first()) {
                (Some(account), _) => format!("account {account}"),
                (_, Some((account, slot))) => format!("slot {slot:#x} of {account}"),
                _ => return Ok((Vec::new(), Vec::new())),
            };
            return Err(format!("{what} is not in the copy"));
        };
        let found = match accounts {
            [] => Vec::new(),
            some => source.accounts(some)?,
        };
        let values = match words {
            [] => Vec::new(),
            some => source.words(some)?,
        };
        if found.len() != accounts.len() || values.len() != words.len() {
            return Err("not every question has an answer".to_owned());
        }
        Ok((found, values))
    }

    fn cells(&self) -> RwLockReadGuard<'_, Cells> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cells {
    /// Whether there was never anything there: such an account has no storage, so that a contract which is
    /// created above needs no questions.
    fn is_void(&self, address: Address) -> bool {
        let account = self.accounts.get(&address);
        account.is_some_and(|found| found.nonce == 0 && found.code_hash == KECCAK256_EMPTY)
    }

    fn add(&mut self, address: Address, found: SourceAccount) {
        let code_hash = if found.code.is_empty() {
            KECCAK256_EMPTY
        } else {
            // Code that no EVM of today can hold runs as nothing.
            let code = Bytecode::new_raw_checked(found.code).unwrap_or_default();
            let hash = code.hash_slow();
            self.codes.insert(hash, code);
            hash
        };
        let account = Account {
            nonce: found.nonce,
            balance: found.balance,
            code_hash,
        };
        self.accounts.insert(address, account);
    }
}
