//! A copy of a chain at one block, as far as it was read: what a rehearsal keeps, so that the next one needs no
//! node and has the same ground under it.
//!
//! The file is a state as [`Scene::read`] takes it, too. There, what is not in it is nothing; here, it is unknown.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use sealift_evm::{Known, SourceAccount};
use serde::{Deserialize, Serialize};

use crate::input::{MAX_STATE_BYTES, Scene};

/// The version of the file.
const VERSION: u32 = 1;

/// A part of a chain at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height of the block.
    pub number: u64,
    /// Unix seconds of the block.
    pub timestamp_secs: u64,
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// What belongs to it.
    pub pinned: Pinned,
    /// What was read, zeros included.
    pub known: BTreeMap<Address, Known>,
}

/// What a copy was made for, and of which block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Hash of the block.
    pub hash: B256,
    /// Wei per gas that a transaction paid at that block, base fee and suggested tip.
    pub gas_price_wei: u64,
    /// Digest of the plan.
    pub plan: B256,
    /// Digests of the holder lists as of the block, a lane each.
    pub lists: Vec<B256>,
}

/// Why bytes are no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It is larger than [`MAX_STATE_BYTES`].
    #[error("the copy is larger than {MAX_STATE_BYTES} bytes")]
    TooLarge,
    /// It is no such file.
    #[error("it is no copy of a chain")]
    Json(#[from] serde_json::Error),
    /// Another program wrote it.
    #[error("the copy has version {0}, this program reads {VERSION}")]
    Version(u32),
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    chain_id: u64,
    block: Block,
    rehearsal: Pinned,
    accounts: BTreeMap<Address, Account>,
}

#[derive(Serialize, Deserialize)]
struct Block {
    number: u64,
    timestamp: u64,
    gas_limit: u64,
}

#[derive(Serialize, Deserialize)]
struct Account {
    nonce: u64,
    balance: U256,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

impl Copy {
    /// Reads what [`Copy::to_json`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, CopyError> {
        if bytes.len() > MAX_STATE_BYTES {
            return Err(CopyError::TooLarge);
        }
        let file: File = serde_json::from_slice(bytes)?;
        if file.version != VERSION {
            return Err(CopyError::Version(file.version));
        }
        let known = |account: Account| Known {
            account: SourceAccount {
                nonce: account.nonce,
                balance: account.balance,
                code: account.code,
            },
            words: account.storage,
        };
        let accounts = file.accounts.into_iter();
        Ok(Self {
            chain_id: file.chain_id,
            number: file.block.number,
            timestamp_secs: file.block.timestamp,
            block_gas_limit: file.block.gas_limit,
            pinned: file.rehearsal,
            known: accounts
                .map(|(address, account)| (address, known(account)))
                .collect(),
        })
    }

    /// The file: the same copy gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let account = |known: &Known| Account {
            nonce: known.account.nonce,
            balance: known.account.balance,
            code: known.account.code.clone(),
            storage: known.words.clone(),
        };
        let known = self.known.iter();
        let file = File {
            version: VERSION,
            chain_id: self.chain_id,
            block: Block {
                number: self.number,
                timestamp: self.timestamp_secs,
                gas_limit: self.block_gas_limit,
            },
            rehearsal: self.pinned.clone(),
            accounts: known
                .map(|(address, known)| (*address, account(known)))
                .collect(),
        };
        let mut bytes = serde_json::to_vec_pretty(&file).expect("a copy has string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// The block as a scene without accounts: those lie beneath it.
    pub fn scene(&self) -> Scene {
        Scene {
            chain_id: self.chain_id,
            number: self.number,
            timestamp_secs: self.timestamp_secs,
            block_gas_limit: self.block_gas_limit,
            accounts: Vec::new(),
        }
    }
}
