//! Ledgers: where accounts hold claims, and what of a claim can be moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, I256, U256, address};
use rpds::VectorSync;
use sealift_evm::{Cell, Ending, Machine, Message, Snapshot};

use crate::fork::{Fork, Print, print_of};
use crate::memo::{Memo, together};

mod ask;

pub use ask::{Ask, ExitBy, Gift, IErc20, IErc721, IErc1155, IErc4626, View};

/// Where a simulated exit goes to: an account that nobody has.
pub const NOBODY: Address = address!("00000000000000000000000000000000005ea11f");

/// Gas of one view or one simulated exit.
const VIEW_GAS: u64 = 2_000_000;

/// On which side of a migration a ledger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What is migrated from.
    Legacy,
    /// What is migrated to.
    Successor,
    /// What both sides pay out in.
    Wallet,
}

/// A place where accounts hold claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// The contract that records it; the zero address for ether.
    pub contract: Address,
    /// How it says what an account has.
    pub view: View,
    /// How a claim is moved.
    pub exit: ExitBy,
    /// How a holder gives a claim to somebody else, where it can: holders are tried.
    pub gift: Option<Gift>,
    /// Units of entitlement a unit: numerator and denominator.
    pub rate: (U256, U256),
    /// Its side.
    pub side: Side,
    /// Index of its asset: within one, an account's claims are summed up.
    pub asset: usize,
}

impl Ledger {
    fn of(name: String, contract: Address, side: Side, view: View, gift: Gift) -> Self {
        Self {
            name,
            contract,
            view,
            exit: ExitBy::Gift(gift),
            gift: Some(gift),
            rate: (U256::ONE, U256::ONE),
            side,
            asset: 0,
        }
    }

    /// The ledger of an ERC-20, one to one.
    pub fn erc20(name: String, contract: Address, side: Side) -> Self {
        let view = View::Amount(Ask::balance_of());
        Self::of(name, contract, side, view, Gift::Erc20)
    }

    /// The ledger of one id of an ERC-721: who has it has one unit.
    pub fn erc721(name: String, contract: Address, side: Side, id: U256) -> Self {
        let view = View::Owner(Ask::owner_of(id));
        Self::of(name, contract, side, view, Gift::Erc721(id))
    }

    /// The ledger of one id of an ERC-1155, one to one.
    pub fn erc1155(name: String, contract: Address, side: Side, id: U256) -> Self {
        let view = View::Amount(Ask::balance_of_id(id));
        Self::of(name, contract, side, view, Gift::Erc1155(id))
    }

    /// The ledger of ether, in wei. An account can always move its own.
    pub fn ether(name: String, side: Side) -> Self {
        Self {
            exit: ExitBy::Always,
            ..Self::of(name, Address::ZERO, side, View::Ether, Gift::Ether)
        }
    }

    /// What it is asked, as a fingerprint: name, rate and side are not in it.
    fn question(&self) -> Print {
        print_of(&(self.contract, &self.view, &self.exit))
    }

    /// Whether it is one of ether, which no contract records.
    pub fn is_ether(&self) -> bool {
        self.view == View::Ether
    }

    /// Whether it can record anything in a state: its contract may have yet to be created.
    pub fn is_there(&self, fork: &Fork) -> bool {
        self.is_ether() || fork.has_code(self.contract)
    }

    /// Units of entitlement that an amount is worth, rounded down.
    pub fn worth(&self, units: U256) -> U256 {
        if units.is_zero() || (self.rate.0 == U256::ONE && self.rate.1 == U256::ONE) {
            return units;
        }
        units.saturating_mul(self.rate.0) / self.rate.1
    }

    /// The transaction in which a holder gives an amount to somebody else, where there is one.
    pub fn gift(&self, from: Address, to: Address, amount: U256, gas: u64) -> Option<Message> {
        let gift = self.gift.as_ref()?;
        Some(gift.message(self.contract, from, to, amount, gas))
    }

    /// From whom to whom a call gives how much of this ledger, where it does.
    pub fn given_by(&self, call: &Message) -> Option<(Address, Address, U256)> {
        self.gift.as_ref()?.given(self.contract, call)
    }

    /// The transaction in which a holder takes an amount out, where its exit is such a call and no gift.
    pub fn taken_back(&self, holder: Address, amount: U256, gas: u64) -> Option<Message> {
        let ExitBy::Call(ask) = &self.exit else {
            return None;
        };
        Some(Message {
            from: holder,
            to: Some(self.contract),
            data: ask.with(holder, amount),
            value: U256::ZERO,
            gas,
        })
    }

    fn exit_message(&self, holder: Address, units: U256) -> Option<Message> {
        match &self.exit {
            ExitBy::Gift(gift) => {
                Some(gift.message(self.contract, holder, NOBODY, units, VIEW_GAS))
            }
            ExitBy::Call(_) => self.taken_back(holder, units, VIEW_GAS),
            ExitBy::Always => None,
        }
    }
}

/// What entitlements are to. What an account has is summed up within an asset and never over two: a sum of two
/// things hides that one of them is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// Its name.
    pub name: String,
    /// Units of entitlement that rounding may cost or give an account.
    pub tolerance: U256,
}

/// What an account moved of an asset on its own, in units of entitlement.
pub type Shift = (Address, usize, I256);

/// What one account has in one ledger, in the ledger's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What the view says.
    pub recorded: U256,
    /// What the account could move at this moment: all of it, or nothing.
    pub live: U256,
}

/// A view that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the view of ledger {ledger:?} does not answer for {account}: {reason}")]
pub struct SilentView {
    /// The ledger.
    pub ledger: String,
    /// The account asked for.
    pub account: Address,
    /// Why.
    pub reason: String,
}

/// The claims of one account, ledger by ledger.
pub type Row = Arc<[Claim]>;

/// The claims of all accounts; states share the rows in which they agree.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    rows: VectorSync<Row>,
}

impl Claims {
    /// The claims that these rows are.
    #[cfg(test)]
    pub(crate) fn of_rows(rows: impl Iterator<Item = Row>) -> Self {
        Self {
            rows: rows.collect(),
        }
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no account.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The claims of one account.
    pub fn row(&self, account: usize) -> &Row {
        &self.rows[account]
    }

    /// Every claim, account by account.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.rows.iter().flat_map(|row| row.iter())
    }

    /// Accounts in which these claims differ from others.
    pub fn differences(&self, others: &Self) -> Vec<usize> {
        let rows = self.rows.iter().zip(others.rows.iter()).enumerate();
        rows.filter(|(_, (mine, other))| !Arc::ptr_eq(mine, other) && mine != other)
            .map(|(account, _)| account)
            .collect()
    }
}

/// Which claims have ever depended on a cell: account times the number of ledgers, plus ledger.
pub type Readers = HashMap<Cell, BTreeSet<u32>>;

/// Reads claims, and reads again only what a change can have touched.
#[derive(Debug)]
pub struct Reader {
    /// The ledgers.
    pub ledgers: Vec<Ledger>,
    /// The accounts.
    pub accounts: Vec<Address>,
    /// What this reader has found out itself.
    pub readers: Readers,
    /// Claims by account and ledger.
    pub known: Memo<Claim>,
    /// Fingerprints of the questions: of each ledger, of each account.
    questions: (Vec<Print>, Vec<Print>),
    /// Whether a view that does not answer is a claim of nothing: a fault can break a ledger.
    pub silence_is_nothing: bool,
    /// How many views and exits were executed.
    pub executed: u64,
    /// What was found out since the caller took it.
    pub found: Vec<(Cell, u32)>,
}

impl Reader {
    /// A reader of these ledgers for these accounts.
    pub fn new(ledgers: Vec<Ledger>, accounts: Vec<Address>) -> Self {
        Self {
            questions: (
                ledgers.iter().map(Ledger::question).collect(),
                accounts.iter().map(print_of).collect(),
            ),
            ledgers,
            accounts,
            readers: HashMap::default(),
            known: Memo::default(),
            silence_is_nothing: false,
            executed: 0,
            found: Vec::new(),
        }
    }

    /// Begins with what is known of claims, and with what that depends on.
    pub fn begin_with(&mut self, known: Arc<Memo<Claim>>) {
        for index in 0..(self.accounts.len() * self.ledgers.len()) as u32 {
            let cells = known
                .shapes(self.question(index))
                .flat_map(|shape| &**shape);
            for cell in cells {
                self.readers.entry(*cell).or_default().insert(index);
            }
        }
        self.known = Memo::above(known);
    }

    /// What is asked for a claim, as a fingerprint: sums of those of a ledger and of an account.
    fn question(&self, index: u32) -> Print {
        let (account, ledger) = self.place(index);
        self.questions.0[ledger].wrapping_add(self.questions.1[account])
    }

    /// The account and the ledger of a claim.
    fn place(&self, index: u32) -> (usize, usize) {
        let width = self.ledgers.len();
        (index as usize / width, index as usize % width)
    }

    /// Reads everything, whatever is known.
    pub fn forget(&mut self) {
        self.known.forgets = true;
    }

    /// Every claim of a state.
    pub fn all(&mut self, machine: &mut Machine<Fork>, fork: &Fork) -> Result<Claims, SilentView> {
        let mut rows = VectorSync::new_sync();
        for account in 0..self.accounts.len() {
            rows.push_back_mut(self.row(machine, fork, account)?);
        }
        Ok(Claims { rows })
    }

    /// The claims after a change, from those before it, the cells that changed, and what other readers have found
    /// out; and the accounts whose claims are others.
    pub fn after(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        before: &Claims,
        changed: impl Iterator<Item = Cell>,
        known: &Readers,
    ) -> Result<(Claims, Vec<usize>), SilentView> {
        let width = self.ledgers.len();
        let readers = |cell| [self.readers.get(&cell), known.get(&cell)];
        let mut touched: Vec<u32> = changed
            .flat_map(readers)
            .flatten()
            .flatten()
            .copied()
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let mut claims = before.clone();
        let mut accounts = Vec::new();
        for group in touched.chunk_by(|one, other| *one as usize / width == *other as usize / width)
        {
            let account = group[0] as usize / width;
            let mut row = before.row(account).to_vec();
            for index in group {
                row[*index as usize % width] = self.claim(machine, fork, *index)?;
            }
            if *row != **before.row(account) {
                claims.rows.set_mut(account, row.into());
                accounts.push(account);
            }
        }
        Ok((claims, accounts))
    }

    fn row(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        account: usize,
    ) -> Result<Row, SilentView> {
        let width = self.ledgers.len();
        (account * width..(account + 1) * width)
            .map(|index| self.claim(machine, fork, index as u32))
            .collect()
    }

    /// The claim of one account in one ledger: account times the number of ledgers, plus ledger.
    pub fn claim(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        index: u32,
    ) -> Result<Claim, SilentView> {
        let question = self.question(index);
        let known = self.known.get(question, fork);
        let known = known.or_else(|| {
            let is_enough = self.silence_is_nothing;
            is_enough.then(|| self.known.get(!question, fork))?
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let (account, ledger) = self.place(index);
        let (account, ledger) = (self.accounts[account], &self.ledgers[ledger]);
        let mut is_silent = false;
        let (claim, reads) = if ledger.is_there(fork) {
            self.executed += 1;
            let (recorded, mut reads) = view(machine, fork, ledger, account);
            let recorded = match recorded {
                Ok(recorded) => recorded,
                // What no view tells nobody can move.
                Err(_) if self.silence_is_nothing => {
                    is_silent = true;
                    U256::ZERO
                }
                Err(reason) => {
                    return Err(SilentView {
                        ledger: ledger.name.clone(),
                        account,
                        reason,
                    });
                }
            };
            let mut live = recorded;
            if !recorded.is_zero()
                && let Some(exit) = ledger.exit_message(account, recorded)
            {
                self.executed += 1;
                let (moved, more) = exits(machine, fork, &exit);
                reads = together([reads.as_slice(), &more]);
                if !moved {
                    live = U256::ZERO;
                }
            }
            (Claim { recorded, live }, reads)
        } else {
            // A contract that the script has yet to create records nothing.
            self.executed += 1;
            (Claim::default(), vec![(ledger.contract, None)])
        };
        for cell in &reads {
            if self.readers.entry(*cell).or_default().insert(index) {
                self.found.push((*cell, index));
            }
        }
        // Silence is known by itself: to other readers it is an error.
        let question = if is_silent { !question } else { question };
        self.known.put(question, fork, &reads, claim);
        Ok(claim)
    }
}

/// Whether a holder's exit succeeds, and what that depends on.
fn exits(machine: &mut Machine<Fork>, fork: &Fork, exit: &Message) -> (bool, Vec<Cell>) {
    let done = machine.execute(fork.clone(), fork.moment(), exit);
    let moved = match &done.ending {
        Ending::Returned(data) => data.is_empty() || data.iter().any(|byte| *byte != 0),
        _ => false,
    };
    (moved, done.reads)
}

/// Asks the view of a ledger for one account; with the answer come the cells that it depends on.
pub fn view(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    ledger: &Ledger,
    account: Address,
) -> (Result<U256, String>, Vec<Cell>) {
    let ask = match &ledger.view {
        View::Amount(ask) | View::Owner(ask) => ask,
        View::Ether => {
            let balance = fork.account(account).map_or(U256::ZERO, |own| own.balance);
            return (Ok(balance), vec![(account, None)]);
        }
    };
    let message = Message {
        from: NOBODY,
        to: Some(ledger.contract),
        data: ask.with(account, U256::ZERO),
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &message);
    let is_owner_asked = matches!(ledger.view, View::Owner(_));
    let answer = match done.ending {
        Ending::Returned(data) if data.len() >= 32 && is_owner_asked => {
            Ok(U256::from(data[..32] == account.into_word()[..]))
        }
        // An id that nobody has.
        Ending::Reverted(_) if is_owner_asked => Ok(U256::ZERO),
        Ending::Returned(data) if data.len() >= 32 => Ok(U256::from_be_slice(&data[..32])),
        Ending::Returned(data) => Err(format!(
            "it returned {} bytes where 32 are expected",
            data.len()
        )),
        Ending::Reverted(data) => Err(format!("it reverted with {data}")),
        Ending::Halted(reason) | Ending::Invalid(reason) => Err(reason),
    };
    (answer, done.reads)
}
