//! Signatures that nobody made: whoever is named has signed.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use sealift_engine::signer::{SignError, Signer, Unsigned};
use siphasher::sip128::{Hasher128, SipHasher13};

/// Signs for accounts whose keys nobody has here. The bytes are well-formed and name their sender in place
/// of a signature; only [`sealift_evm::Node::send_as`] takes them.
#[derive(Debug)]
pub(super) struct Anybody {
    /// Who signs.
    pub(super) accounts: Vec<Address>,
    /// What was signed in any scenario: scenarios share what goes before their faults.
    known: Mutex<HashMap<u128, (Bytes, B256)>>,
}

/// Signatures kept at most; further ones are made each time.
const MOST_KNOWN: usize = 50_000;

impl Anybody {
    pub(super) fn new(accounts: Vec<Address>) -> Self {
        let known = Mutex::default();
        Self { accounts, known }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u128, (Bytes, B256)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signer for Anybody {
    fn accounts(&self) -> Vec<Address> {
        self.accounts.clone()
    }

    fn sign(&self, from: Address, tx: &Unsigned) -> Result<(Bytes, B256), SignError> {
        if !self.accounts.contains(&from) {
            return Err(SignError::NoKey(from));
        }
        let mut hash = SipHasher13::new();
        (from, tx.chain_id, tx.nonce, tx.to, tx.value, &tx.input).hash(&mut hash);
        (tx.gas_limit, tx.max_fee, tx.tip).hash(&mut hash);
        let key = hash.finish128().as_u128();
        if let Some(known) = self.known().get(&key) {
            return Ok(known.clone());
        }
        let made = signed(from, tx);
        let mut known = self.known();
        if known.len() < MOST_KNOWN {
            known.insert(key, made.clone());
        }
        Ok(made)
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
