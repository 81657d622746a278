//! Signed transactions: decoding, and the checks that need no state.

use crate::execute::{SPEC, TX_GAS_CAP};
use crate::refusal::PoolError;
use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction, TxEnvelope, Typed2718};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, U256};
use revm::context::TxEnv;
use revm::context_interface::cfg::gas::calculate_initial_tx_gas;
use revm::primitives::eip3860::MAX_INITCODE_SIZE;

/// The largest signed transaction in bytes; go-ethereum's pool has the same limit.
pub const MAX_TX_BYTES: usize = 128 * 1024;

/// A decoded transaction with its sender.
#[derive(Clone, Debug)]
pub struct SignedTx {
    /// What was signed.
    pub envelope: TxEnvelope,
    /// Who signed it.
    pub sender: Address,
    /// Keccak-256 of the EIP-2718 bytes.
    pub hash: B256,
}

impl SignedTx {
    /// Decodes EIP-2718 bytes and recovers the sender.
    pub fn decode(raw: &[u8]) -> Result<Self, PoolError> {
        if raw.len() > MAX_TX_BYTES {
            return Err(PoolError::Oversized {
                size: raw.len(),
                limit: MAX_TX_BYTES,
            });
        }
        let envelope = envelope(raw)?;
        let sender = envelope
            .recover_signer()
            .map_err(|_| PoolError::InvalidSender)?;
        let hash = *envelope.tx_hash();
        Ok(Self {
            envelope,
            sender,
            hash,
        })
    }

    /// Decodes EIP-2718 bytes whose sender was recovered before.
    pub(crate) fn decode_signed_by(raw: &[u8], sender: Address) -> Result<Self, PoolError> {
        let envelope = envelope(raw)?;
        let hash = *envelope.tx_hash();
        Ok(Self {
            envelope,
            sender,
            hash,
        })
    }

    /// The EIP-2718 bytes.
    pub fn encoded(&self) -> Vec<u8> {
        self.envelope.encoded_2718()
    }

    /// Wei that the sender must have for the transaction to be valid.
    pub(crate) fn cost(&self) -> U256 {
        let gas = U256::from(self.envelope.gas_limit());
        gas.saturating_mul(U256::from(self.envelope.max_fee_per_gas()))
            .saturating_add(self.envelope.value())
    }

    /// Wei per gas for the proposer at most.
    pub(crate) fn tip_cap(&self) -> u128 {
        self.envelope
            .max_priority_fee_per_gas()
            .unwrap_or_else(|| self.envelope.max_fee_per_gas())
    }

    /// Wei per gas for the proposer under a base fee; `None` where the base fee is not met.
    pub(crate) fn tip(&self, base_fee: u64) -> Option<u128> {
        self.envelope.effective_tip_per_gas(base_fee)
    }

    /// The checks that need neither state nor pool.
    pub(crate) fn check(&self, chain_id: u64, block_gas_limit: u64) -> Result<(), PoolError> {
        let tx = &self.envelope;
        if let Some(id) = tx.chain_id()
            && id != chain_id
        {
            return Err(PoolError::ChainId {
                have: id,
                want: chain_id,
            });
        }
        if tx.gas_limit() > TX_GAS_CAP {
            return Err(PoolError::GasLimitTooHigh {
                cap: TX_GAS_CAP,
                have: tx.gas_limit(),
            });
        }
        if tx.gas_limit() > block_gas_limit {
            return Err(PoolError::BlockGasLimit);
        }
        if self.tip_cap() > tx.max_fee_per_gas() {
            return Err(PoolError::TipAboveFee {
                tip: self.tip_cap(),
                fee_cap: tx.max_fee_per_gas(),
            });
        }
        if tx.nonce() == u64::MAX {
            return Err(PoolError::NonceMax);
        }
        if tx.is_create() && tx.input().len() > MAX_INITCODE_SIZE {
            return Err(PoolError::InitcodeSize {
                size: tx.input().len(),
            });
        }
        let (accounts, slots) = tx.access_list().map_or((0, 0), |list| {
            (
                list.len() as u64,
                list.iter().map(|item| item.storage_keys.len() as u64).sum(),
            )
        });
        let gas =
            calculate_initial_tx_gas(SPEC, tx.input(), tx.is_create(), accounts, slots, 0, None);
        if tx.gas_limit() < gas.initial_total_gas() {
            let minimum = gas.initial_total_gas();
            return Err(PoolError::IntrinsicGas {
                have: tx.gas_limit(),
                minimum,
            });
        }
        if tx.gas_limit() < gas.floor_gas() {
            return Err(PoolError::FloorGas {
                have: tx.gas_limit(),
                minimum: gas.floor_gas(),
            });
        }
        Ok(())
    }

    /// The transaction as revm executes it.
    pub(crate) fn env(&self) -> TxEnv {
        let tx = &self.envelope;
        TxEnv {
            tx_type: tx.ty(),
            caller: self.sender,
            gas_limit: tx.gas_limit(),
            gas_price: tx.max_fee_per_gas(),
            kind: tx.kind(),
            value: tx.value(),
            data: tx.input().clone(),
            nonce: tx.nonce(),
            chain_id: tx.chain_id(),
            access_list: tx.access_list().cloned().unwrap_or_default(),
            gas_priority_fee: tx.max_priority_fee_per_gas(),
            ..Default::default()
        }
    }
}

fn envelope(raw: &[u8]) -> Result<TxEnvelope, PoolError> {
    let mut rest = raw;
    let envelope = TxEnvelope::decode_2718(&mut rest)
        .map_err(|error| PoolError::Malformed(error.to_string()))?;
    if !rest.is_empty() {
        return Err(PoolError::Malformed("bytes after the transaction".into()));
    }
    if envelope.ty() > 2 {
        return Err(PoolError::TypeNotSupported(envelope.ty()));
    }
    Ok(envelope)
}
