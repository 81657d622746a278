//! A chain state that is cheap to copy and carries its own fingerprint.

use std::hash::Hash;
use std::sync::Arc;

use alloy_primitives::map::DefaultHashBuilder;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use rpds::HashTrieMapSync;
use sealift_evm::{Account, CLOCK, Cell, Executed, Moment, Snapshot, State, Sum, Undo};
use siphasher::sip128::{Hasher128, SipHasher13};

/// Runtime code as the machine holds it.
pub use revm::bytecode::Bytecode;

use crate::input::Scene;

type Map<K, V> = HashTrieMapSync<K, V, DefaultHashBuilder>;

/// A 128-bit fingerprint that does not depend on the order of changes.
///
/// It is the sum, modulo 2^128, of a keyed hash of every cell that differs from the base; a change takes the
/// old term out and puts the new one in.
pub type Print = u128;

/// The hash of one thing under a fixed key (SipHash-1-3, 128 bits).
pub fn print_of(thing: &impl Hash) -> Print {
    let mut hasher = SipHasher13::new_with_keys(0x5ea1_1f75_ea11_f75e, 0x0c0f_fee0_0c0f_fee0);
    thing.hash(&mut hasher);
    hasher.finish128().as_u128()
}

/// A state that shares everything unchanged with the states it was made from.
#[derive(Clone)]
pub struct Fork {
    base: Arc<State>,
    accounts: Map<Address, Changed<Account>>,
    words: Map<(Address, U256), Changed<U256>>,
    codes: Map<B256, Bytecode>,
    moment: Moment,
    print: Print,
}

/// What stands in a cell instead of what the base has there, and what it adds to the fingerprint: nothing where it is
/// what the base has.
#[derive(Clone, Copy, Debug)]
struct Changed<T> {
    value: T,
    term: Print,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// An account.
    Account(Account),
    /// A storage word.
    Word(U256),
    /// Unix seconds.
    Clock(u64),
}

/// What a transaction writes: every cell that it changes, in order, and the code of what it creates.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// Cells and what stands in them afterwards.
    pub changes: Vec<(Cell, Value)>,
    /// Words to which something is added, modulo 2^256, whatever stood in them.
    additions: Vec<(Cell, U256)>,
    codes: Vec<Bytecode>,
}

impl Effect {
    /// Equal for equal effects.
    pub fn print(&self) -> Print {
        print_of(&(&self.changes, &self.additions))
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.additions.is_empty()
    }

    /// Says of words that are only counted on what is added to them, instead of what stands in them afterwards.
    pub fn count(&mut self, sums: &[Sum]) {
        let counted = |cell: &Cell| sums.binary_search_by_key(cell, |sum| sum.cell).is_ok();
        self.changes.retain(|(cell, _)| !counted(cell));
        let added = sums.iter().filter(|sum| !sum.added.is_zero());
        self.additions = added.map(|sum| (sum.cell, sum.added)).collect();
    }

    /// The same with what stands afterwards, in a state, in the words to which something is added.
    pub fn on(&self, fork: &Fork) -> Self {
        let added = self.additions.iter().map(|(cell, added)| {
            let word = fork.word(cell.0, cell.1.unwrap_or_default());
            (*cell, Value::Word(word.wrapping_add(*added)))
        });
        let mut changes: Vec<(Cell, Value)> = self.changes.iter().copied().chain(added).collect();
        changes.sort_unstable_by_key(|(cell, _)| *cell);
        Self {
            changes,
            additions: Vec::new(),
            codes: self.codes.clone(),
        }
    }

    /// Gives an account the code back that it had in a state.
    pub fn disarm(&mut self, account: Address, code_hash: B256, fork: &Fork) {
        for (cell, value) in &mut self.changes {
            if *cell == (account, None)
                && let Value::Account(account) = value
            {
                account.code_hash = code_hash;
            }
        }
        self.changes
            .retain(|(cell, value)| *cell != (account, None) || fork.value(cell) != *value);
    }

    /// The cells that change.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let changes = self.changes.iter().map(|(cell, _)| *cell);
        changes.chain(self.additions.iter().map(|(cell, _)| *cell))
    }
}

impl std::fmt::Debug for Fork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fork({:032x})", self.print)
    }
}

impl Fork {
    /// The state of a scene.
    pub fn of(scene: &Scene) -> Self {
        let mut state = State::default();
        let mut unused = Undo::default();
        for account in &scene.accounts {
            let code_hash = if account.code.is_empty() {
                KECCAK256_EMPTY
            } else {
                state.add_code(Bytecode::new_raw(account.code.clone()))
            };
            let plain = Account {
                nonce: account.nonce,
                balance: account.balance,
                code_hash,
            };
            state.set_account(account.address, plain, &mut unused);
            for (slot, word) in &account.storage {
                state.set_word(account.address, *slot, *word, &mut unused);
            }
        }
        Self {
            base: Arc::new(state),
            accounts: Map::default(),
            words: Map::default(),
            codes: Map::default(),
            // One block later than the state; a second later, as a node would have it.
            moment: Moment {
                chain_id: scene.chain_id,
                number: scene.number + 1,
                timestamp_secs: scene.timestamp_secs + 1,
            },
            print: 0,
        }
    }

    /// The block of the next transaction.
    pub fn moment(&self) -> &Moment {
        &self.moment
    }

    /// Lets time pass.
    pub fn wait(&mut self, secs: u64) {
        let (old, new) = (
            self.moment.timestamp_secs,
            self.moment.timestamp_secs + secs,
        );
        self.moment.timestamp_secs = new;
        // The clock is a cell of its own; where it stood at first is left out of no fingerprint, or of all.
        self.mark(print_of(&(CLOCK, old)), print_of(&(CLOCK, new)));
    }

    /// The storage words that were written since the scene, and what stands in them.
    pub fn written(&self) -> impl Iterator<Item = ((Address, U256), U256)> {
        let words = self.words.iter();
        words.map(|(place, changed)| (*place, changed.value))
    }

    /// What stands in a cell.
    pub fn value(&self, cell: &Cell) -> Value {
        match cell {
            _ if *cell == CLOCK => Value::Clock(self.moment.timestamp_secs),
            (address, Some(slot)) => Value::Word(self.word(*address, *slot)),
            (address, None) => Value::Account(self.account(*address).unwrap_or_default()),
        }
    }

    /// Equal, among the states of one scene, where the same stands in these cells.
    pub fn situation(&self, cells: &[Cell]) -> Print {
        let terms = cells.iter().map(|cell| self.term(cell));
        terms.fold(0, Print::wrapping_add)
    }

    /// What a cell adds to the fingerprint.
    fn term(&self, cell: &Cell) -> Print {
        match cell {
            _ if *cell == CLOCK => print_of(&(CLOCK, self.moment.timestamp_secs)),
            (address, Some(slot)) => {
                let changed = self.words.get(&(*address, *slot));
                changed.map_or(0, |changed| changed.term)
            }
            (address, None) => {
                let changed = self.accounts.get(address);
                changed.map_or(0, |changed| changed.term)
            }
        }
    }

    /// Takes over what stands in cells of another state. A word gets the difference added that it has there to what
    /// it was `before` both: in the meantime something may have been added to it here.
    pub fn take_over(&mut self, from: &Self, before: &Self, cells: &[Cell]) {
        for cell in cells {
            match from.value(cell) {
                Value::Account(account) => {
                    if let Some(code) = from.codes.get(&account.code_hash) {
                        self.codes.insert_mut(account.code_hash, code.clone());
                    }
                    self.set_account(cell.0, account);
                }
                Value::Word(word) => {
                    let slot = cell.1.unwrap_or_default();
                    let more = word.wrapping_sub(before.word(cell.0, slot));
                    self.set_word(cell.0, slot, self.word(cell.0, slot).wrapping_add(more));
                }
                Value::Clock(secs) => self.wait(secs - self.moment.timestamp_secs),
            }
        }
    }

    /// The fingerprint of everything in which this state differs from its scene.
    pub fn print(&self) -> Print {
        self.print
    }

    /// Writes an account.
    pub fn set_account(&mut self, address: Address, account: Account) {
        let base = self.base.account(address).unwrap_or_default();
        let Some(changed) = changed(self.accounts.get(&address), base, account, (address, None))
        else {
            return;
        };
        self.mark(changed.0, changed.1.term);
        self.accounts.insert_mut(address, changed.1);
    }

    /// Writes a storage word.
    pub fn set_word(&mut self, address: Address, slot: U256, word: U256) {
        let (key, base) = ((address, slot), self.base.word(address, slot));
        let Some(changed) = changed(self.words.get(&key), base, word, (address, Some(slot))) else {
            return;
        };
        self.mark(changed.0, changed.1.term);
        self.words.insert_mut(key, changed.1);
    }

    /// Puts code at an address; nonce and balance stay.
    pub fn set_code(&mut self, address: Address, code: Bytecode) {
        let code_hash = code.hash_slow();
        self.codes.insert_mut(code_hash, code);
        let account = self.account(address).unwrap_or_default();
        self.set_account(
            address,
            Account {
                code_hash,
                ..account
            },
        );
    }

    /// What an execution changes; the sender's nonce stays what it was, because no code can read it and creations
    /// are given theirs.
    pub fn effect(&self, executed: &Executed, sender: Address) -> Effect {
        let mut effect = Effect::default();
        for (address, after) in &executed.changes {
            if !after.is_touched() {
                continue;
            }
            let old = self.account(*address).unwrap_or_default();
            let mut account = if after.is_selfdestructed() {
                Account::default()
            } else {
                Account {
                    nonce: after.info.nonce,
                    balance: after.info.balance,
                    code_hash: if after.info.code_hash.is_zero() {
                        KECCAK256_EMPTY
                    } else {
                        after.info.code_hash
                    },
                }
            };
            if *address == sender {
                account.nonce = old.nonce;
            }
            if account.code_hash != old.code_hash
                && let Some(code) = &after.info.code
            {
                effect.codes.push(code.clone());
            }
            if account != old {
                effect
                    .changes
                    .push(((*address, None), Value::Account(account)));
            }
            for (slot, value) in after.changed_storage_slots() {
                effect
                    .changes
                    .push(((*address, Some(*slot)), Value::Word(value.present_value)));
            }
        }
        effect.changes.sort_unstable_by_key(|(cell, _)| *cell);
        effect
    }

    /// Writes an effect.
    pub fn put(&mut self, effect: &Effect) {
        for code in &effect.codes {
            self.codes.insert_mut(code.hash_slow(), code.clone());
        }
        for (cell, value) in &effect.changes {
            match value {
                Value::Account(account) => self.set_account(cell.0, *account),
                Value::Word(word) => self.set_word(cell.0, cell.1.unwrap_or_default(), *word),
                Value::Clock(_) => {}
            }
        }
        for (cell, added) in &effect.additions {
            let slot = cell.1.unwrap_or_default();
            self.set_word(cell.0, slot, self.word(cell.0, slot).wrapping_add(*added));
        }
    }

    /// Whether code stands there.
    pub fn has_code(&self, address: Address) -> bool {
        self.account(address)
            .is_some_and(|account| account.code_hash != KECCAK256_EMPTY)
    }

    /// The addresses with code in the scene and in what was created since, in order.
    pub fn contracts(&self) -> Vec<Address> {
        let mut found: Vec<Address> = self.base.accounts().map(|(address, _)| address).collect();
        found.extend(self.accounts.keys().copied());
        found.sort_unstable();
        found.dedup();
        found.retain(|address| self.has_code(*address));
        found
    }

    /// The addresses of the scene without code, in order.
    pub fn people(&self) -> Vec<Address> {
        let mut found: Vec<Address> = self.base.accounts().map(|(address, _)| address).collect();
        found.retain(|address| !self.has_code(*address));
        found.sort_unstable();
        found
    }

    /// Gives an account a transaction count.
    pub fn set_nonce(&mut self, address: Address, nonce: u64) {
        let account = self.account(address).unwrap_or_default();
        self.set_account(address, Account { nonce, ..account });
    }

    /// Takes a term out of the fingerprint and puts another one in.
    fn mark(&mut self, old: Print, new: Print) {
        self.print = self.print.wrapping_sub(old).wrapping_add(new);
    }
}

/// What stands in a cell once a value is written, and the term that the cell had before; `None` where the same stands
/// there already.
fn changed<T: Copy + Eq + Hash>(
    before: Option<&Changed<T>>,
    base: T,
    value: T,
    cell: Cell,
) -> Option<(Print, Changed<T>)> {
    let (old, old_term) = before.map_or((base, 0), |before| (before.value, before.term));
    (old != value).then(|| {
        let is_base = value == base;
        let term = if is_base { 0 } else { print_of(&(cell, value)) };
        (old_term, Changed { value, term })
    })
}

impl Snapshot for Fork {
    fn account(&self, address: Address) -> Option<Account> {
        let changed = self.accounts.get(&address).map(|changed| changed.value);
        changed.or_else(|| self.base.account(address))
    }

    fn word(&self, address: Address, slot: U256) -> U256 {
        let changed = self
            .words
            .get(&(address, slot))
            .map(|changed| changed.value);
        changed.unwrap_or_else(|| self.base.word(address, slot))
    }

    fn code(&self, hash: B256) -> Bytecode {
        self.codes
            .get(&hash)
            .cloned()
            .unwrap_or_else(|| self.base.code(hash))
    }
}
