//! Ledgers: where accounts hold claims, and what of a claim can be moved.

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use sealift_evm::{Cell, Ending, Machine, Message, Moment};

use crate::fork::Fork;

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

/// The claims of all judged accounts in all ledgers; row by row, an account's ledgers beside each other.
pub type Claims = std::sync::Arc<Vec<Claim>>;

/// Reads claims, and reads again only what a change can have touched.
#[derive(Debug)]
pub struct Reader {
    /// The ledgers.
    pub ledgers: Vec<Ledger>,
    /// The accounts.
    pub accounts: Vec<Address>,
    /// Which claims have ever depended on a cell.
    readers: HashMap<Cell, Vec<u32>>,
    /// Answers by claim and by what they depended on.
    known: HashMap<(u32, u128), Claim>,
    depends: Vec<Vec<Cell>>,
    /// How many views and exits were executed.
    pub executed: u64,
}

impl Reader {
    /// A reader of these ledgers for these accounts.
    pub fn new(ledgers: Vec<Ledger>, accounts: Vec<Address>) -> Self {
        let depends = vec![Vec::new(); ledgers.len() * accounts.len()];
        Self {
            ledgers,
            accounts,
            readers: HashMap::default(),
            known: HashMap::default(),
            depends,
            executed: 0,
        }
    }

    /// Every claim of a state.
    pub fn all(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        moment: &Moment,
    ) -> Result<Claims, SilentView> {
        let count = self.depends.len() as u32;
        let claims: Result<Vec<Claim>, SilentView> = (0..count)
            .map(|index| self.claim(machine, fork, moment, index))
            .collect();
        Ok(claims?.into())
    }

    /// The claims after a change, from those before it and the cells that changed.
    pub fn after(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        moment: &Moment,
        before: &Claims,
        changed: &[Cell],
    ) -> Result<Claims, SilentView> {
        let mut touched: Vec<u32> = changed
            .iter()
            .filter_map(|cell| self.readers.get(cell))
            .flatten()
            .copied()
            .collect();
        if touched.is_empty() {
            return Ok(before.clone());
        }
        touched.sort_unstable();
        touched.dedup();
        let mut claims = before.as_ref().clone();
        for index in touched {
            claims[index as usize] = self.claim(machine, fork, moment, index)?;
        }
        Ok(claims.into())
    }

    /// The claim of one account in one ledger.
    pub fn claim(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        moment: &Moment,
        index: u32,
    ) -> Result<Claim, SilentView> {
        let key = (index, self.situation(fork, moment, index));
        if !self.depends[index as usize].is_empty()
            && let Some(known) = self.known.get(&key)
        {
            return Ok(*known);
        }
        let ledger = &self.ledgers[index as usize % self.ledgers.len()];
        let account = self.accounts[index as usize / self.ledgers.len()];
        self.executed += 1;
        if !fork.has_code(ledger.contract) {
            // A contract that the script has yet to create records nothing.
            let cell = (ledger.contract, None);
            self.depend(index, [cell]);
            return Ok(Claim::default());
        }
        let (recorded, mut cells) = match view(machine, fork, moment, ledger, account) {
            (Ok(units), cells) => (units, cells),
            (Err(reason), _) => {
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
            let exit = Message {
                from: account,
                to: Some(ledger.contract),
                data,
                value: U256::ZERO,
                gas: VIEW_GAS,
            };
            self.executed += 1;
            let (done, more) = machine.execute_recording(fork.clone(), moment, &exit);
            cells.extend(more);
            let moved = match &done.ending {
                Ending::Returned(data) => data.is_empty() || data.iter().any(|byte| *byte != 0),
                _ => false,
            };
            if !moved {
                live = U256::ZERO;
            }
        }
        let claim = Claim { recorded, live };
        self.depend(index, cells);
        let key = (index, self.situation(fork, moment, index));
        self.known.insert(key, claim);
        Ok(claim)
    }

    fn depend(&mut self, index: u32, cells: impl IntoIterator<Item = Cell>) {
        for cell in cells {
            let readers = self.readers.entry(cell).or_default();
            if !readers.contains(&index) {
                readers.push(index);
                self.depends[index as usize].push(cell);
            }
        }
    }

    /// A fingerprint of everything that a claim has ever depended on, as it stands now.
    fn situation(&self, fork: &Fork, moment: &Moment, index: u32) -> u128 {
        use sealift_evm::Snapshot;
        let mut sum = crate::fork::print_of(&moment.timestamp_secs);
        for cell in &self.depends[index as usize] {
            let part = match cell {
                (address, Some(slot)) => crate::fork::print_of(&(cell, fork.word(*address, *slot))),
                (address, None) => crate::fork::print_of(&(cell, fork.account(*address))),
            };
            sum = sum.wrapping_add(part);
        }
        sum
    }
}

/// Asks the view of a ledger for one account; with the answer come the cells that it depends on.
pub fn view(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    moment: &Moment,
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
    let (done, cells) = machine.execute_recording(fork.clone(), moment, &message);
    let answer = match done.ending {
        Ending::Returned(data) if data.len() >= 32 => Ok(U256::from_be_slice(&data[..32])),
        Ending::Returned(data) => Err(format!(
            "it returned {} bytes where 32 are expected",
            data.len()
        )),
        Ending::Reverted(data) => Err(format!("it reverted with {data}")),
        Ending::Halted(reason) | Ending::Invalid(reason) => Err(reason),
    };
    (answer, cells)
}
