//! The holder list: sorted, unique, without zero balances, never empty.

use std::ops::Range;

use alloy_primitives::{Address, B256, Keccak256, U256};

/// Bytes of a canonical row: 20 of account, 32 of balance.
pub const ROW_LEN: usize = 52;

/// Rows that are handed to the hash at once.
const DIGEST_ROWS: usize = 128;

/// One account and its balance in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The account; the zero address is legal.
    pub account: Address,
    /// Base units of the legacy asset.
    pub balance: U256,
}

impl Holder {
    /// The canonical row: account, then balance, both big-endian.
    pub fn row(&self) -> [u8; ROW_LEN] {
        let mut row = [0; ROW_LEN];
        row[..20].copy_from_slice(self.account.as_slice());
        row[20..].copy_from_slice(&self.balance.to_be_bytes::<32>());
        row
    }
}

/// Why rows are not a holder list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldersError {
    /// No row at all, or no balance left after changes.
    #[error("the holder list is empty")]
    Empty,
    /// A row without a balance.
    #[error("{account} has a balance of zero; remove the row")]
    ZeroBalance {
        /// Whose row.
        account: Address,
    },
    /// Two rows for one account.
    #[error("{account} is in the list twice")]
    Duplicate {
        /// Whose rows.
        account: Address,
    },
    /// The sum of the balances is 2^256 or larger.
    #[error("the sum of the balances exceeds 256 bits at {account}")]
    SumOverflow {
        /// The first account, in ascending order, with which the sum overflows.
        account: Address,
    },
}

/// Holders by ascending account: at least one, no account twice, no balance of zero, and a sum
/// below 2^256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    rows: Vec<Holder>,
    sum: U256,
}

#[expect(clippy::len_without_is_empty, reason = "a holder list is never empty")]
impl Holders {
    /// Sorts the rows and checks them.
    pub fn from_rows(mut rows: Vec<Holder>) -> Result<Self, HoldersError> {
        rows.sort_unstable_by_key(|row| sort_key(&row.account));
        Self::from_sorted(rows)
    }

    /// Checks rows that are in ascending order but may hold duplicates.
    pub(crate) fn from_sorted(rows: Vec<Holder>) -> Result<Self, HoldersError> {
        debug_assert!(rows.is_sorted_by_key(|row| row.account));
        if rows.is_empty() {
            return Err(HoldersError::Empty);
        }
        let mut sum = U256::ZERO;
        let mut previous = None;
        for &Holder { account, balance } in &rows {
            if previous == Some(account) {
                return Err(HoldersError::Duplicate { account });
            }
            if balance.is_zero() {
                return Err(HoldersError::ZeroBalance { account });
            }
            sum = sum
                .checked_add(balance)
                .ok_or(HoldersError::SumOverflow { account })?;
            previous = Some(account);
        }
        Ok(Self { rows, sum })
    }

    /// How many holders, at least one.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The sum of all balances.
    pub fn sum(&self) -> U256 {
        self.sum
    }

    /// The rows by ascending account.
    pub fn rows(&self) -> &[Holder] {
        &self.rows
    }

    /// The rows by ascending account.
    pub fn iter(&self) -> std::slice::Iter<'_, Holder> {
        self.rows.iter()
    }

    /// The balance of an account, if it is a holder. O(log n).
    pub fn get(&self, account: &Address) -> Option<U256> {
        let place = self
            .rows
            .binary_search_by_key(account, |row| row.account)
            .ok()?;
        Some(self.rows[place].balance)
    }

    /// A new list in which each named account has the given balance: zero removes the account, an
    /// unknown account is inserted. O(n + m log m).
    ///
    /// Changes that name an account twice are refused, even when they agree.
    pub fn apply(&self, changes: impl IntoIterator<Item = Holder>) -> Result<Self, HoldersError> {
        let mut changes: Vec<Holder> = changes.into_iter().collect();
        changes.sort_unstable_by_key(|change| sort_key(&change.account));
        if let Some(pair) = changes
            .windows(2)
            .find(|pair| pair[0].account == pair[1].account)
        {
            return Err(HoldersError::Duplicate {
                account: pair[0].account,
            });
        }

        let mut merged = Vec::with_capacity(self.rows.len() + changes.len());
        let mut rest = self.rows.as_slice();
        for change in changes {
            let before = rest.partition_point(|row| row.account < change.account);
            merged.extend_from_slice(&rest[..before]);
            rest = &rest[before..];
            if rest
                .first()
                .is_some_and(|row| row.account == change.account)
            {
                rest = &rest[1..];
            }
            if !change.balance.is_zero() {
                merged.push(change);
            }
        }
        merged.extend_from_slice(rest);
        Self::from_sorted(merged)
    }

    /// Keccak-256 of all canonical rows ([`Holder::row`]) by ascending account, without separators.
    pub fn digest(&self) -> B256 {
        digest_rows(&self.rows)
    }

    /// The digest of some of the rows, by position; `digest_range(0..len)` is [`Self::digest`].
    ///
    /// # Panics
    /// When the range is not within `0..len`.
    pub fn digest_range(&self, range: Range<usize>) -> B256 {
        digest_rows(&self.rows[range])
    }
}

impl<'a> IntoIterator for &'a Holders {
    type Item = &'a Holder;
    type IntoIter = std::slice::Iter<'a, Holder>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn digest_rows(rows: &[Holder]) -> B256 {
    let mut hasher = Keccak256::new();
    let mut buffer = [0; ROW_LEN * DIGEST_ROWS];
    for chunk in rows.chunks(DIGEST_ROWS) {
        let bytes = &mut buffer[..chunk.len() * ROW_LEN];
        for (slot, row) in bytes.chunks_exact_mut(ROW_LEN).zip(chunk) {
            slot.copy_from_slice(&row.row());
        }
        hasher.update(bytes);
    }
    hasher.finalize()
}

/// The account as two integers, which compare faster than 20 bytes.
pub(crate) fn sort_key(account: &Address) -> (u128, u32) {
    let (high, low) = account.0.split_at(16);
    let mut wide = [0; 16];
    wide.copy_from_slice(high);
    let mut narrow = [0; 4];
    narrow.copy_from_slice(low);
    (u128::from_be_bytes(wide), u32::from_be_bytes(narrow))
}
