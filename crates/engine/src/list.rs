//! The final holder list of a lane: final only after the freeze.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, U256};
use sealift_manifest::batch::{BatchError, Batches, Commitment, Digest, Staging, chain as link};
use sealift_manifest::entry::{self, EntryError, Format};
use sealift_manifest::holders::{Holder, Holders, HoldersError};
use sealift_protocol::event::{BlockId, FinalList};
use sealift_protocol::plan::LanePlan;

use crate::balances::{self, BalanceError};
use crate::chain::{At, Chain};

/// Blocks that a reorganisation replaces at most; further back than any chain's finality lags.
const REORG_BLOCKS: u64 = 4096;

/// Why there is no final list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Balances or logs could not be read.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// The balances do not make a list.
    #[error(transparent)]
    Holders(#[from] HoldersError),
    /// The balances of all accounts that we know of do not add up to the frozen supply.
    #[error(
        "{known} known holders of {legacy} have {sum} together, the frozen supply is {supply}: \
         holders are missing from the list, or the token's balances are not its supply"
    )]
    Incomplete {
        /// The token.
        legacy: Address,
        /// Accounts with a balance.
        known: usize,
        /// Their sum, base units.
        sum: U256,
        /// The frozen supply, base units.
        supply: U256,
    },
    /// A balance does not fit the format of the lane.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The batches cannot be counted.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// Brings a lane's list from its snapshot up to a finalized block at or after the freeze.
///
/// The accounts are those of the snapshot and of every Transfer event since; every balance is read,
/// because a sum that is right does not show that each row is.
pub fn catch_up<C: Chain + ?Sized>(
    chain: &C,
    lane: &LanePlan,
    snapshot: &Holders,
    at: BlockId,
    supply: U256,
) -> Result<Holders, ListError> {
    let since = since(chain, lane)?;
    let moved = if since <= at.number {
        balances::moved(chain, lane.legacy, since, at.number)?
    } else {
        Vec::new()
    };
    let mut accounts: Vec<Address> = snapshot.iter().map(|holder| holder.account).collect();
    accounts.extend(
        moved
            .into_iter()
            .filter(|account| snapshot.get(account).is_none()),
    );
    let rows = balances::holders(chain, At::Hash(at.hash), lane.legacy, &accounts)?;
    let rows = rows.into_iter().filter(|holder| !holder.balance.is_zero());
    let list = Holders::from_rows(rows.collect())?;
    if list.sum() == supply {
        return Ok(list);
    }
    Err(ListError::Incomplete {
        legacy: lane.legacy,
        known: list.len(),
        sum: list.sum(),
        supply,
    })
}

/// The first block whose events the snapshot may not know of. The block that it is as of need not have
/// been final: where it was reorganised away, the events of the blocks that took its place count as well.
fn since<C: Chain + ?Sized>(chain: &C, lane: &LanePlan) -> Result<u64, ListError> {
    let BlockId { number, hash } = lane.snapshot.block;
    let found = chain.header(At::Number(number));
    let found = found.map_err(BalanceError::Chain)?;
    Ok(if found.is_some_and(|header| header.hash == hash) {
        number + 1
    } else {
        number.saturating_sub(REORG_BLOCKS)
    })
}

/// A final list, cut into batches, with everything that staging needs.
#[derive(Debug)]
pub struct Prepared {
    /// The holders.
    pub holders: Holders,
    /// What the journal says of them.
    pub facts: FinalList,
    batches: Option<(Batches, Format, Vec<Digest>)>,
}

impl Prepared {
    /// Cuts a list as the plan says.
    pub fn new(lane: &LanePlan, holders: Holders, block: BlockId) -> Result<Self, ListError> {
        let facts = FinalList {
            block,
            count: holders.len() as u64,
            sum: holders.sum(),
            digest: holders.digest(),
        };
        let batches = match crate::contracts::format(lane.source) {
            None => None,
            Some(format) => {
                let batches = Batches::split(&holders, lane.batch_size as usize)?;
                let digests = batches.digests(&holders, format)?;
                Some((batches, format, digests))
            }
        };
        Ok(Self {
            holders,
            facts,
            batches,
        })
    }

    /// The rows of a batch.
    pub fn rows(&self, index: u32) -> &[Holder] {
        let range = self
            .batches
            .as_ref()
            .and_then(|(batches, ..)| batches.range(index as usize));
        range.map_or(&[], |range| &self.holders.rows()[range])
    }

    /// The data of a batch, as `stage` takes it.
    pub fn data(&self, index: u32) -> Result<alloy_primitives::Bytes, ListError> {
        let format = self
            .batches
            .as_ref()
            .map_or(Format::Narrow, |(_, format, _)| *format);
        Ok(entry::encode(self.rows(index), format)?)
    }

    /// The commitments of all batches in a generation; empty for read-through.
    pub fn commitments(&self, id: B256, lane: u32, generation: u32) -> Vec<Commitment> {
        let staging = Staging {
            id,
            lane: u64::from(lane),
            generation,
        };
        self.batches
            .as_ref()
            .map_or_else(Vec::new, |(_, _, digests)| link(staging, digests))
    }
}

/// Why a final list could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written: {cause}")]
pub struct KeepError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub cause: String,
}

/// The file that a lane's final list is kept in.
pub fn path(dir: &Path, lane: u32) -> PathBuf {
    dir.join(format!("final-{lane}.parquet"))
}

/// Keeps a final list: written beside its place, synced, and moved there.
pub fn keep(path: &Path, holders: &Holders) -> Result<(), KeepError> {
    let failed = |error: &dyn std::error::Error| KeepError {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    let part = path.with_extension("parquet.part");
    let file = std::fs::File::create(&part).map_err(|error| failed(&error))?;
    let synced = file.try_clone().map_err(|error| failed(&error))?;
    sealift_manifest::parquet::write(holders, file).map_err(|error| failed(&error))?;
    synced.sync_all().map_err(|error| failed(&error))?;
    std::fs::rename(&part, path).map_err(|error| failed(&error))?;
    if cfg!(windows) {
        return Ok(()); // a directory cannot be synced there
    }
    // The new name is durable only with its directory.
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    std::fs::File::open(dir.unwrap_or(Path::new(".")))
        .and_then(|dir| dir.sync_all())
        .map_err(|error| failed(&error))
}

/// A list that was kept, if it is there and has this digest.
pub fn kept(path: &Path, digest: B256) -> Option<Holders> {
    let file = std::fs::File::open(path).ok()?;
    let holders = sealift_manifest::parquet::read(file).ok()?;
    (holders.digest() == digest).then_some(holders)
}
