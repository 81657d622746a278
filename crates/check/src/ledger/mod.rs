//! Ledgers: where accounts hold claims, and what of a claim can be moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use rpds::VectorSync;
use sealift_evm::{Cell, Ending, Machine, Message};

use crate::fork::{Fork, Print};
use crate::memo::{Memo, together};

sol! {
    /// What the checker asks of a token.
    interface IErc20 {
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        event Transfer(address indexed from, address indexed to, uint256 amount);
    }
}

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

/// How a holder moves a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitBy {
    /// `transfer(address,uint256)` of everything.
    Transfer,
    /// A function of one amount, by its selector.
    Amount([u8; 4]),
    /// A function without arguments, by its selector.
    Plain([u8; 4]),
    /// A claim is live whenever it is recorded.
    Always,
}

/// A place where accounts hold claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// The contract that records it.
    pub contract: Address,
    /// Selector of the view; its one argument is the account.
    pub view: [u8; 4],
    /// How a claim is moved.
    pub exit: ExitBy,
    /// Units of entitlement a unit: numerator and denominator.
    pub rate: (U256, U256),
    /// Its side.
    pub side: Side,
}

impl Ledger {
    /// The ledger of an ERC-20, one to one.
    pub fn erc20(name: String, contract: Address, side: Side) -> Self {
        Self {
            name,
            contract,
            view: IErc20::balanceOfCall::SELECTOR,
            exit: ExitBy::Transfer,
            rate: (U256::ONE, U256::ONE),
            side,
        }
    }

    /// Units of entitlement that an amount is worth, rounded down.
    pub fn worth(&self, units: U256) -> U256 {
        units.saturating_mul(self.rate.0) / self.rate.1
    }

    fn exit_call(&self, units: U256) -> Option<Bytes> {
        let word = units.to_be_bytes::<32>();
        match &self.exit {
            ExitBy::Transfer => Some(
                IErc20::transferCall {
                    to: NOBODY,
                    amount: units,
                }
                .abi_encode()
                .into(),
            ),
            ExitBy::Amount(selector) => Some([selector.as_slice(), &word].concat().into()),
            ExitBy::Plain(selector) => Some(selector.to_vec().into()),
            ExitBy::Always => None,
        }
    }
}

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
            ledgers,
            accounts,
            readers: HashMap::default(),
            known: Memo::default(),
            silence_is_nothing: false,
            executed: 0,
            found: Vec::new(),
        }
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
        let question = Print::from(index);
        if let Some(known) = self.known.get(question, fork) {
            return Ok(known);
        }
        let ledger = &self.ledgers[index as usize % self.ledgers.len()];
        let account = self.accounts[index as usize / self.ledgers.len()];
        self.executed += 1;
        let (claim, reads) = if fork.has_code(ledger.contract) {
            let (recorded, mut reads) = view(machine, fork, ledger, account);
            let recorded = match recorded {
                Ok(recorded) => recorded,
                // What no view tells nobody can move.
                Err(_) if self.silence_is_nothing => U256::ZERO,
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
                && let Some(data) = ledger.exit_call(recorded)
            {
                self.executed += 1;
                let (moved, more) = exits(machine, fork, ledger.contract, account, data);
                reads = together([reads.as_slice(), &more]);
                if !moved {
                    live = U256::ZERO;
                }
            }
            (Claim { recorded, live }, reads)
        } else {
            // A contract that the script has yet to create records nothing.
            (Claim::default(), vec![(ledger.contract, None)])
        };
        for cell in &reads {
            if self.readers.entry(*cell).or_default().insert(index) {
                self.found.push((*cell, index));
            }
        }
        self.known.put(question, fork, &reads, claim);
        Ok(claim)
    }
}

/// Whether a holder's exit succeeds, and what that depends on.
fn exits(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    contract: Address,
    holder: Address,
    data: Bytes,
) -> (bool, Vec<Cell>) {
    let exit = Message {
        from: holder,
        to: Some(contract),
        data,
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &exit);
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
    let data = [ledger.view.as_slice(), account.into_word().as_slice()].concat();
    let message = Message {
        from: NOBODY,
        to: Some(ledger.contract),
        data: data.into(),
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &message);
    let answer = match done.ending {
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
