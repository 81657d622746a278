//! Keys that live in this process.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::{collections::BTreeMap, fmt, path::Path};

/// Everything of an EIP-1559 transaction that is signed. The access list is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxFields {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The sender's nonce.
    pub nonce: u64,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Wei that move with the call.
    pub value: U256,
    /// Calldata or init code.
    pub input: Bytes,
    /// Gas that may be used.
    pub gas_limit: u64,
    /// Most wei per gas in all.
    pub max_fee_per_gas: u128,
    /// Most wei per gas above the base fee.
    pub max_priority_fee_per_gas: u128,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signed {
    /// EIP-2718 bytes, as `eth_sendRawTransaction` takes them.
    pub raw: Bytes,
    /// Keccak-256 of `raw`.
    pub hash: B256,
}

/// Why a key could not be read. The key, the password and what stands near them are never repeated.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such environment variable, or not text.
    #[error("the environment variable {0} is not set")]
    Variable(String),
    /// Not 32 bytes of hex, or not a scalar of the curve.
    #[error("{0} is not a private key (64 hexadecimal digits)")]
    Key(String),
    /// The keystore file could not be read or decrypted.
    #[error("the keystore {path} cannot be opened: {reason}")]
    Keystore {
        /// As given.
        path: String,
        /// Without content.
        reason: &'static str,
    },
}

/// Why a transaction was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// No key of this address.
    #[error("there is no key for {0}")]
    NoKey(Address),
    /// No node takes a priority fee above the whole fee.
    #[error("the priority fee of {tip_wei} wei is above the fee of {fee_wei} wei")]
    TipAboveFee {
        /// `max_priority_fee_per_gas`.
        tip_wei: u128,
        /// `max_fee_per_gas`.
        fee_wei: u128,
    },
    /// The curve arithmetic failed.
    #[error("the transaction cannot be signed with the key of {0}")]
    Signature(Address),
}

/// Private keys in memory, by address. Signing is deterministic (RFC 6979): the same fields give the
/// same bytes, in this process and in the next.
#[derive(Default)]
pub struct LocalKeys(BTreeMap<Address, PrivateKeySigner>);

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalKeys").field(&self.0.keys()).finish()
    }
}

impl LocalKeys {
    /// The key in an environment variable, as 64 hexadecimal digits.
    pub fn from_env(variable: &str) -> Result<Self, KeyError> {
        let key = std::env::var(variable).map_err(|_| KeyError::Variable(variable.to_owned()))?;
        Self::parse(&key, &format!("the environment variable {variable}"))
    }

    /// A key as 64 hexadecimal digits, with or without `0x`.
    pub fn from_private_key(hex: &str) -> Result<Self, KeyError> {
        Self::parse(hex, "the text")
    }

    /// The key in an encrypted keystore file (Web3 secret storage, version 3).
    pub fn from_keystore(path: &Path, password: &str) -> Result<Self, KeyError> {
        let fail = |reason| KeyError::Keystore {
            path: path.display().to_string(),
            reason,
        };
        if !path.is_file() {
            return Err(fail("there is no such file"));
        }
        let signer = PrivateKeySigner::decrypt_keystore(path, password)
            .map_err(|_| fail("the password is wrong, or it is not a keystore"))?;
        Ok(Self::one(signer))
    }

    fn parse(hex: &str, source: &str) -> Result<Self, KeyError> {
        // The parser's own error would name a character of the key.
        let signer = hex
            .trim()
            .parse()
            .map_err(|_| KeyError::Key(source.to_owned()))?;
        Ok(Self::one(signer))
    }

    fn one(signer: PrivateKeySigner) -> Self {
        Self(BTreeMap::from([(signer.address(), signer)]))
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The addresses that can be signed for, ascending.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.0.keys().copied()
    }

    /// Signs for `from`.
    ///
    /// # Errors
    /// When there is no key of `from`, or the fees contradict each other.
    pub fn sign(&self, from: Address, fields: &TxFields) -> Result<Signed, SignError> {
        let signer = self.0.get(&from).ok_or(SignError::NoKey(from))?;
        let (tip_wei, fee_wei) = (fields.max_priority_fee_per_gas, fields.max_fee_per_gas);
        if tip_wei > fee_wei {
            return Err(SignError::TipAboveFee { tip_wei, fee_wei });
        }
        let transaction = TxEip1559 {
            chain_id: fields.chain_id,
            nonce: fields.nonce,
            gas_limit: fields.gas_limit,
            max_fee_per_gas: fee_wei,
            max_priority_fee_per_gas: tip_wei,
            to: fields.to.map_or(TxKind::Create, TxKind::Call),
            value: fields.value,
            access_list: Default::default(),
            input: fields.input.clone(),
        };
        let signature = signer
            .sign_hash_sync(&transaction.signature_hash())
            .map_err(|_| SignError::Signature(from))?;
        let signed = transaction.into_signed(signature);
        Ok(Signed {
            raw: signed.encoded_2718().into(),
            hash: *signed.hash(),
        })
    }
}
