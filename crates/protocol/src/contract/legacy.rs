//! The legacy token: `LegacyToken.sol`, an OpenZeppelin ERC20Pausable and Ownable.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use super::Revert;
use super::call::LegacyCall;

/// A legacy token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Legacy {
    /// Who pauses, unpauses and mints; zero once it is renounced.
    pub owner: Address,
    /// Whether transfers and mints revert.
    pub paused: bool,
    /// Base units.
    pub supply: U256,
    /// Base units by account; an account with nothing is absent.
    pub balances: BTreeMap<Address, U256>,
}

impl Legacy {
    /// A token whose supply is the sum of these balances.
    pub fn new(owner: Address, balances: impl IntoIterator<Item = (Address, U256)>) -> Self {
        let balances: BTreeMap<_, _> = balances.into_iter().collect();
        Self {
            owner,
            paused: false,
            supply: balances
                .values()
                .fold(U256::ZERO, |sum, amount| sum + amount),
            balances,
        }
    }

    /// Base units of an account.
    pub fn balance(&self, account: Address) -> U256 {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    pub(super) fn apply(&mut self, caller: Address, call: &LegacyCall) -> Result<(), Revert> {
        match *call {
            LegacyCall::Transfer { to, amount } => {
                self.require_movable(to)?;
                let from = self.balance(caller);
                let left = from
                    .checked_sub(amount)
                    .ok_or(Revert::ERC20InsufficientBalance)?;
                self.set(caller, left);
                self.set(to, self.balance(to) + amount);
            }
            LegacyCall::Mint { to, amount } => {
                self.only_owner(caller)?;
                self.require_movable(to)?;
                self.supply = self.supply.checked_add(amount).ok_or(Revert::Panic)?;
                self.set(to, self.balance(to) + amount);
            }
            LegacyCall::Pause => {
                self.only_owner(caller)?;
                if self.paused {
                    return Err(Revert::EnforcedPause);
                }
                self.paused = true;
            }
            LegacyCall::Unpause => {
                self.only_owner(caller)?;
                if !self.paused {
                    return Err(Revert::ExpectedPause);
                }
                self.paused = false;
            }
            LegacyCall::TransferOwnership { to } => {
                self.only_owner(caller)?;
                if to.is_zero() {
                    return Err(Revert::OwnableInvalidOwner);
                }
                self.owner = to;
            }
        }
        Ok(())
    }

    fn set(&mut self, account: Address, amount: U256) {
        if amount.is_zero() {
            self.balances.remove(&account);
        } else {
            self.balances.insert(account, amount);
        }
    }

    fn only_owner(&self, caller: Address) -> Result<(), Revert> {
        if caller == self.owner {
            Ok(())
        } else {
            Err(Revert::OwnableUnauthorizedAccount)
        }
    }

    fn require_movable(&self, to: Address) -> Result<(), Revert> {
        if to.is_zero() {
            return Err(Revert::ERC20InvalidReceiver);
        }
        if self.paused {
            Err(Revert::EnforcedPause)
        } else {
            Ok(())
        }
    }
}
