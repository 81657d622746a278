//! One transaction or call under Osaka rules.

use crate::interference::{Meddle, Meddler, Observed};
use crate::machine::Cell;
use crate::state::Snapshot;
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256};
use revm::bytecode::Bytecode;
use revm::context::result::{EVMError, InvalidTransaction, ResultAndState};
use revm::context::{BlockEnv, CfgEnv, Context, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::inspector::InspectEvm;
use revm::primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE;
use revm::primitives::hardfork::SpecId;
use revm::state::AccountInfo;
use revm::{Database, ExecuteEvm, MainBuilder};
use std::convert::Infallible;

/// The rules that every block is executed under.
pub(crate) const SPEC: SpecId = SpecId::OSAKA;

/// The most gas a transaction may ask for (EIP-7825).
pub const TX_GAS_CAP: u64 = 1 << 24;

/// A snapshot and the canonical block hashes, as revm reads them.
struct Source<'a, S> {
    snapshot: &'a S,
    hashes: Hashes<'a>,
    /// What was read and is not known; it was taken as nothing.
    missing: Vec<Cell>,
}

/// The canonical block hashes from a height on.
pub(crate) type Hashes<'a> = (u64, &'a [B256]);

impl<S: Snapshot> Database for Source<'_, S> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        if !self.snapshot.knows((address, None)) {
            self.missing.push((address, None));
            return Ok(None);
        }
        Ok(self.snapshot.account(address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..Default::default()
        }))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.snapshot.code(hash))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        if !self.snapshot.knows((address, Some(slot))) {
            self.missing.push((address, Some(slot)));
            return Ok(U256::ZERO);
        }
        Ok(self.snapshot.word(address, slot))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        let (first, hashes) = self.hashes;
        let height = number.checked_sub(first);
        let hash = height
            .and_then(|height| usize::try_from(height).ok())
            .and_then(|height| hashes.get(height));
        Ok(hash.copied().unwrap_or_default())
    }
}

/// The configuration for transactions in blocks.
pub(crate) fn rules(chain_id: u64) -> CfgEnv {
    CfgEnv::new()
        .with_chain_id(chain_id)
        .with_spec_and_mainnet_gas_params(SPEC)
}

/// The configuration for `eth_call` and estimates: no fee, nonce, balance or sender checks, and no
/// limit on the size of what init code returns, because nothing is deployed.
pub(crate) fn call_rules(chain_id: u64) -> CfgEnv {
    let mut cfg = rules(chain_id);
    cfg.disable_nonce_check = true;
    cfg.disable_balance_check = true;
    cfg.disable_base_fee = true;
    cfg.disable_block_gas_limit = true;
    cfg.disable_eip3607 = true;
    cfg.disable_eip3541 = true;
    cfg.tx_gas_limit_cap = Some(u64::MAX);
    cfg.limit_contract_code_size = Some(usize::MAX);
    cfg.limit_contract_initcode_size = Some(usize::MAX);
    cfg
}

/// The block that code sees.
pub(crate) fn block_env(header: &Header) -> BlockEnv {
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(
            0,
            BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
        )),
        slot_num: 0,
    }
}

type Execution = Result<ResultAndState, EVMError<Infallible, InvalidTransaction>>;

/// Executes without committing; again where it read what had to be asked for first.
pub(crate) fn execute<S: Snapshot>(
    snapshot: &S,
    hashes: Hashes<'_>,
    cfg: CfgEnv,
    block: BlockEnv,
    tx: TxEnv,
) -> Result<ResultAndState, InvalidTransaction> {
    until_known(snapshot, hashes, |source| {
        let mut evm = context(source, &cfg, &block).build_mainnet();
        let done = evm.transact(tx.clone());
        (done, evm.ctx.journaled_state.database.missing)
    })
}

/// As [`execute`], and watches every inner call; where it is meddled with, all of the gas is used up.
pub(crate) fn execute_meddling<S: Snapshot>(
    snapshot: &S,
    hashes: Hashes<'_>,
    cfg: CfgEnv,
    block: BlockEnv,
    (tx, meddle): (TxEnv, Option<&Meddle>),
) -> Result<(ResultAndState, Observed), InvalidTransaction> {
    let mut observed = Observed::default();
    let done = until_known(snapshot, hashes, |source| {
        let meddler = Meddler::burning(meddle.cloned(), tx.gas_limit);
        let mut evm = context(source, &cfg, &block).build_mainnet_with_inspector(meddler);
        let done = evm.inspect_tx(tx.clone());
        observed = evm.inspector.into_observed();
        (done, evm.ctx.journaled_state.database.missing)
    });
    Ok((done?, observed))
}

fn context<'a, S: Snapshot>(
    source: Source<'a, S>,
    cfg: &CfgEnv,
    block: &BlockEnv,
) -> Context<BlockEnv, TxEnv, CfgEnv, Source<'a, S>> {
    Context::<BlockEnv, TxEnv, CfgEnv, Source<'a, S>>::new(source, SPEC)
        .with_cfg(cfg.clone())
        .with_block(block.clone())
}

/// Executes until nothing is read that has to be asked for first.
fn until_known<'a, S: Snapshot>(
    snapshot: &'a S,
    hashes: Hashes<'a>,
    mut run: impl FnMut(Source<'a, S>) -> (Execution, Vec<Cell>),
) -> Result<ResultAndState, InvalidTransaction> {
    loop {
        let source = Source {
            snapshot,
            hashes,
            missing: Vec::new(),
        };
        let (done, missing) = run(source);
        // Each round knows at least one cell more than the one before it.
        if !missing.is_empty() && snapshot.learn(&missing) {
            continue;
        }
        return done.map_err(|error| match error {
            EVMError::Transaction(invalid) => invalid,
            other => InvalidTransaction::Str(other.to_string().into()),
        });
    }
}
