//! Signed transactions of the development accounts.

use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEip2930, TxEnvelope, TxLegacy, TypedTransaction,
};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use sealift_evm::DEV_ACCOUNTS;

pub(crate) const GWEI: u128 = 1_000_000_000;

/// What a test wants sent; type 2 unless said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) account: usize,
    pub(crate) ty: u8,
    pub(crate) nonce: u64,
    pub(crate) to: Option<Address>,
    pub(crate) value: u128,
    pub(crate) data: Bytes,
    pub(crate) gas: u64,
    pub(crate) fee: u128,
    pub(crate) tip: u128,
}

pub(crate) fn draft(account: usize, nonce: u64) -> Draft {
    Draft {
        account,
        ty: 2,
        nonce,
        to: Some(Address::repeat_byte(0xaa)),
        value: 0,
        data: Bytes::new(),
        gas: 1_000_000,
        fee: 100 * GWEI,
        tip: GWEI,
    }
}

impl Draft {
    pub(crate) fn to(self, to: Address) -> Self {
        Self {
            to: Some(to),
            ..self
        }
    }

    pub(crate) fn creates(self, code: impl Into<Bytes>) -> Self {
        Self {
            to: None,
            data: code.into(),
            ..self
        }
    }

    pub(crate) fn data(self, data: impl Into<Bytes>) -> Self {
        Self {
            data: data.into(),
            ..self
        }
    }

    pub(crate) fn gas(self, gas: u64) -> Self {
        Self { gas, ..self }
    }

    pub(crate) fn value(self, value: u128) -> Self {
        Self { value, ..self }
    }

    pub(crate) fn ty(self, ty: u8) -> Self {
        Self { ty, ..self }
    }

    pub(crate) fn fees(self, fee: u128, tip: u128) -> Self {
        Self { fee, tip, ..self }
    }

    pub(crate) fn sign(&self) -> (Vec<u8>, B256) {
        let kind = self.to.map_or(TxKind::Create, TxKind::Call);
        let value = U256::from(self.value);
        let typed: TypedTransaction = match self.ty {
            0 => TxLegacy {
                chain_id: Some(31_337),
                nonce: self.nonce,
                gas_price: self.fee,
                gas_limit: self.gas,
                to: kind,
                value,
                input: self.data.clone(),
            }
            .into(),
            1 => TxEip2930 {
                chain_id: 31_337,
                nonce: self.nonce,
                gas_price: self.fee,
                gas_limit: self.gas,
                to: kind,
                value,
                access_list: Default::default(),
                input: self.data.clone(),
            }
            .into(),
            _ => TxEip1559 {
                chain_id: 31_337,
                nonce: self.nonce,
                gas_limit: self.gas,
                max_fee_per_gas: self.fee,
                max_priority_fee_per_gas: self.tip,
                to: kind,
                value,
                access_list: Default::default(),
                input: self.data.clone(),
            }
            .into(),
        };
        let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[self.account].key).unwrap();
        let signature = signer.sign_hash_sync(&typed.signature_hash()).unwrap();
        let envelope: TxEnvelope = typed.into_signed(signature).into();
        let raw = envelope.encoded_2718();
        let hash = keccak256(&raw);
        (raw, hash)
    }
}
