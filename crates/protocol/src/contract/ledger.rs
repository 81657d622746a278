//! The successor: `SuccessorERC20.sol` with the entitlements of its two strategies.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use super::{Legacy, Revert};
use crate::plan::Source;

/// Amounts are below 2^208.
const AMOUNT_BITS: usize = 208;

/// A balance word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// Written before the decision; counts only when its generation is the one that was sealed.
    Staged {
        /// Staging generation.
        generation: u32,
        /// Base units.
        amount: U256,
    },
    /// Touched after the decision: the balance in base units.
    Live(U256),
}

/// What was decided for a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decided {
    /// The generation that was sealed.
    pub generation: u32,
    /// Supply recorded by the freeze.
    pub supply: U256,
}

/// A successor token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Balance words; an untouched slot is absent.
    pub words: BTreeMap<Address, Word>,
    /// What was decided, once an account has been touched.
    pub latch: Option<Decided>,
}

/// What a batch added.
pub(super) struct Staged {
    pub(super) count: u64,
    pub(super) sum: U256,
    pub(super) floor: U256,
}

/// What a balance depends on outside of the ledger.
pub(super) type Context<'a> = (Source, &'a Legacy, Option<Decided>);

impl Ledger {
    /// Whether an account has been touched since the decision.
    pub fn is_live(&self, account: Address) -> bool {
        matches!(self.words.get(&account), Some(Word::Live(_)))
    }

    pub(super) fn stage(
        &mut self,
        source: Source,
        legacy: &Legacy,
        generation: u32,
        mut floor: U256,
        data: &[u8],
    ) -> Result<Staged, Revert> {
        let size = match source {
            Source::ReadThrough => return Err(Revert::BadData),
            Source::ChainRead => 20,
            Source::Declared => 32,
            Source::DeclaredWide => 64,
        };
        if data.is_empty() || !data.len().is_multiple_of(size) {
            return Err(Revert::BadData);
        }
        let mut sum = U256::ZERO;
        for entry in data.chunks_exact(size) {
            let account = match source {
                Source::DeclaredWide if entry[..12] != [0; 12] => return Err(Revert::BadData),
                Source::DeclaredWide => Address::from_slice(&entry[12..32]),
                _ => Address::from_slice(&entry[..20]),
            };
            let place = U256::from_be_slice(account.as_slice());
            if place < floor {
                return Err(Revert::NotAscending);
            }
            let amount = match source {
                Source::ChainRead => legacy.balance(account),
                Source::DeclaredWide => U256::from_be_slice(&entry[32..]),
                _ => U256::from_be_slice(&entry[20..]),
            };
            if amount.is_zero() {
                return Err(Revert::EmptyEntry);
            }
            if amount.bit_len() > AMOUNT_BITS {
                return Err(Revert::AmountTooLarge);
            }
            floor = place + U256::ONE;
            sum = sum.checked_add(amount).ok_or(Revert::Panic)?;
            self.words
                .insert(account, Word::Staged { generation, amount });
        }
        Ok(Staged {
            count: (data.len() / size) as u64,
            sum,
            floor,
        })
    }

    pub(super) fn balance(&self, context: Context<'_>, account: Address) -> U256 {
        let (source, legacy, decided) = context;
        match (self.words.get(&account), decided) {
            (Some(Word::Live(balance)), _) => *balance,
            (_, None) => U256::ZERO,
            (_, Some(_)) if source == Source::ReadThrough => legacy.balance(account),
            (Some(Word::Staged { generation, amount }), Some(decided))
                if *generation == decided.generation =>
            {
                *amount
            }
            _ => U256::ZERO,
        }
    }

    pub(super) fn touch(&mut self, context: Context<'_>, account: Address) -> Result<U256, Revert> {
        if let Some(Word::Live(balance)) = self.words.get(&account) {
            return Ok(*balance);
        }
        let decided = context.2.ok_or(Revert::NotLive)?;
        let amount = self.balance(context, account);
        if amount.bit_len() > AMOUNT_BITS {
            return Err(Revert::AmountTooLarge);
        }
        self.latch.get_or_insert(decided);
        self.words.insert(account, Word::Live(amount));
        Ok(amount)
    }

    pub(super) fn transfer(
        &mut self,
        context: Context<'_>,
        from: Address,
        to: Address,
        amount: U256,
    ) -> Result<(), Revert> {
        if to.is_zero() {
            return Err(Revert::ERC20InvalidReceiver);
        }
        let balance = self.touch(context, from)?;
        let left = balance
            .checked_sub(amount)
            .ok_or(Revert::ERC20InsufficientBalance)?;
        self.words.insert(from, Word::Live(left));
        let received = self.touch(context, to)?;
        self.words.insert(to, Word::Live(received + amount));
        Ok(())
    }
}
