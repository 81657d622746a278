//! Signatures that nobody made: whoever is named has signed.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use sealift_engine::signer::{SignError, Signer, Unsigned};

/// Signs for accounts whose keys nobody has here. The bytes are well-formed and name their sender in place
/// of a signature; only [`sealift_evm::Node::send_as`] takes them.
#[derive(Clone, Debug)]
pub(super) struct Anybody(pub(super) Vec<Address>);

impl Signer for Anybody {
    fn accounts(&self) -> Vec<Address> {
        self.0.clone()
    }

    fn sign(&self, from: Address, tx: &Unsigned) -> Result<(Bytes, B256), SignError> {
        if !self.0.contains(&from) {
            return Err(SignError::NoKey(from));
        }
        Ok(signed(from, tx))
    }
}

/// The bytes of a transaction, as from this account. The same transaction gives the same bytes.
pub(super) fn signed(from: Address, tx: &Unsigned) -> (Bytes, B256) {
    let tx = TxEip1559 {
        chain_id: tx.chain_id,
        nonce: tx.nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: tx.max_fee,
        max_priority_fee_per_gas: tx.tip,
        to: if tx.to.is_zero() {
            TxKind::Create
        } else {
            TxKind::Call(tx.to)
        },
        value: tx.value,
        access_list: Default::default(),
        input: tx.input.clone(),
    };
    let r = U256::from_be_slice(from.as_slice());
    let s = U256::from_be_bytes(keccak256(tx.signature_hash()).0);
    let envelope = TxEnvelope::from(tx.into_signed(Signature::new(r, s, false)));
    (envelope.encoded_2718().into(), *envelope.tx_hash())
}

/// The account that bytes of [`signed`] name.
pub(super) fn sender_of(raw: &[u8]) -> Option<Address> {
    let envelope = TxEnvelope::decode_2718(&mut &*raw).ok()?;
    let word = B256::from(envelope.signature().r());
    Some(Address::from_word(word))
}
