//! Ledgers: where accounts hold claims, and what of a claim can be moved.

mod ask;
mod reader;

use std::sync::Arc;

use alloy_primitives::{Address, I256, U256, address};
use rpds::VectorSync;
use sealift_evm::Message;

use crate::fork::{Fork, Print, print_of};

pub use ask::{Ask, ExitBy, Figure, Gift, IErc20, IErc721, IErc1155, IErc4626, View};
pub use reader::{Reader, Readers, view};

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
    /// How it says what an amount is worth, where it does: shares of a vault.
    pub price: Option<Ask>,
    /// Seconds after which locks have ended: a claim that can be moved then is live.
    pub lock_secs: u64,
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
            price: None,
            lock_secs: 0,
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
        let figures = (&self.price, self.lock_secs);
        print_of(&(self.contract, &self.view, &self.exit, figures))
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
    /// What the account could move at this moment, or once a lock ends: all of it, or nothing.
    pub live: U256,
    /// What that is worth at this moment in what the ledger is of, where it says so.
    pub worth: U256,
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
