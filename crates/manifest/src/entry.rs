//! Entries: how the holders of one batch are written into the `data` of `stage`.

use alloy_primitives::{Address, Bytes, U256};

use crate::holders::Holder;

/// The encoding of one entry, by the source of the lane (`IMigration.Source`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `CHAIN_READ`: the account, 20 bytes; the ledger reads the amount from the legacy contract.
    Accounts,
    /// `DECLARED`: `address20 | uint96`, 32 bytes.
    Narrow,
    /// `DECLARED_WIDE`: the account left-padded to 32 bytes, then `uint256`, 64 bytes.
    Wide,
}

impl Format {
    /// Bytes of one entry.
    pub const fn entry_len(self) -> usize {
        match self {
            Self::Accounts => 20,
            Self::Narrow => 32,
            Self::Wide => 64,
        }
    }

    /// Amounts have fewer bits than this or as many: 96 in a narrow entry; 208 elsewhere, which is
    /// the amount of a ledger slot.
    pub const fn amount_bits(self) -> usize {
        match self {
            Self::Narrow => 96,
            Self::Accounts | Self::Wide => 208,
        }
    }
}

/// One decoded entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Whose entry.
    pub account: Address,
    /// Base units; `None` where the ledger reads the amount itself ([`Format::Accounts`]).
    pub amount: Option<U256>,
}

/// Why holders cannot be entries, or bytes are not entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The amount does not fit.
    #[error("the amount {amount} of {account} does not fit in {bits} bits")]
    AmountTooLarge {
        /// Whose amount.
        account: Address,
        /// Base units.
        amount: U256,
        /// What the format has room for.
        bits: usize,
    },
    /// The ledger refuses an entry without an amount.
    #[error("the amount of {account} is zero")]
    ZeroAmount {
        /// Whose amount.
        account: Address,
    },
    /// Accounts are not strictly ascending.
    #[error("{account} does not ascend from the entry before it")]
    NotAscending {
        /// The account that is out of order or is repeated.
        account: Address,
    },
    /// Not a whole number of entries, or none.
    #[error("{len} bytes are not one or more entries of {entry_len} bytes")]
    Length {
        /// Bytes given.
        len: usize,
        /// Bytes of one entry.
        entry_len: usize,
    },
    /// The 12 bytes before a wide entry's account are not zero.
    #[error("entry {index} has no valid account: its padding is not zero")]
    Padding {
        /// Position in the data, from 0.
        index: usize,
    },
}

/// Writes holders as the data of one batch. They must be strictly ascending and not empty.
pub fn encode(rows: &[Holder], format: Format) -> Result<Bytes, EntryError> {
    let mut data = Vec::new();
    encode_into(&mut data, rows, format)?;
    Ok(data.into())
}

/// Replaces the content of `data` by the entries; the sum of their amounts.
pub(crate) fn encode_into(
    data: &mut Vec<u8>,
    rows: &[Holder],
    format: Format,
) -> Result<U256, EntryError> {
    let entry_len = format.entry_len();
    if rows.is_empty() {
        return Err(EntryError::Length { len: 0, entry_len });
    }
    data.clear();
    data.reserve_exact(rows.len() * entry_len);
    let mut sum = U256::ZERO;
    let mut previous = None;
    for &Holder { account, balance } in rows {
        check_entry(previous, account, Some(balance), format)?;
        // Below 2^208 each: 2^48 of them would have to meet in one batch.
        sum = sum
            .checked_add(balance)
            .expect("the sum of a batch fits in 256 bits");
        match format {
            Format::Accounts => data.extend_from_slice(account.as_slice()),
            Format::Narrow => {
                data.extend_from_slice(account.as_slice());
                data.extend_from_slice(&balance.to_be_bytes::<32>()[20..]);
            }
            Format::Wide => {
                data.extend_from_slice(account.into_word().as_slice());
                data.extend_from_slice(&balance.to_be_bytes::<32>());
            }
        }
        previous = Some(account);
    }
    Ok(sum)
}

/// Reads the data of one batch, and refuses what the ledger would refuse.
pub fn decode(data: &[u8], format: Format) -> Result<Vec<Entry>, EntryError> {
    let entry_len = format.entry_len();
    if data.is_empty() || !data.len().is_multiple_of(entry_len) {
        return Err(EntryError::Length {
            len: data.len(),
            entry_len,
        });
    }
    let mut entries = Vec::with_capacity(data.len() / entry_len);
    let mut previous = None;
    for (index, bytes) in data.chunks_exact(entry_len).enumerate() {
        let (account, amount) = match format {
            Format::Accounts => (bytes, None),
            Format::Narrow => (&bytes[..20], Some(&bytes[20..])),
            Format::Wide if bytes[..12] != [0; 12] => return Err(EntryError::Padding { index }),
            Format::Wide => (&bytes[12..32], Some(&bytes[32..])),
        };
        let account = Address::from_slice(account);
        let amount = amount.map(U256::from_be_slice);
        check_entry(previous, account, amount, format)?;
        entries.push(Entry { account, amount });
        previous = Some(account);
    }
    Ok(entries)
}

fn check_entry(
    previous: Option<Address>,
    account: Address,
    amount: Option<U256>,
    format: Format,
) -> Result<(), EntryError> {
    if previous.is_some_and(|previous| account <= previous) {
        return Err(EntryError::NotAscending { account });
    }
    match amount {
        Some(amount) if amount.is_zero() => Err(EntryError::ZeroAmount { account }),
        Some(amount) if amount.bit_len() > format.amount_bits() => {
            Err(EntryError::AmountTooLarge {
                account,
                amount,
                bits: format.amount_bits(),
            })
        }
        _ => Ok(()),
    }
}
