//! Log ranges, split where a node refuses them.

use crate::{HttpChain, meaning};
use alloy_primitives::{Address, B256, Bytes, U64};
use sealift_engine::chain::{At, Chain, ChainError, Log, LogFilter};
use serde::Deserialize;
use serde_json::json;

/// Most logs of one question of ours: about 1 GiB of memory.
const MAX_LOGS: usize = 4_000_000;
/// After this many ranges in a row that the node took, a wider one is tried again.
const CALM_RANGES: u32 = 8;
/// A range is read again when the chain changed under it; more often than this it is given up.
const MAX_REREADS: u32 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: U64,
    block_hash: B256,
    transaction_hash: B256,
    log_index: U64,
    #[serde(default)]
    removed: bool,
}

/// All logs of a filter.
///
/// A node that lags behind answers a range beyond its head with fewer logs and no error, and a reorg
/// between two ranges would mix two chains. So the last block must be known before and be the same
/// afterwards: its hash commits to every block below.
pub(crate) fn fetch(chain: &HttpChain, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
    let last = At::Number(filter.to);
    if filter.from > filter.to {
        return Ok(Vec::new());
    }
    for _ in 0..MAX_REREADS {
        let before = chain.header(last)?.ok_or(ChainError::Missing(last))?;
        let logs = collect(chain, filter)?;
        let after = chain.header(last)?.ok_or(ChainError::Missing(last))?;
        if before.hash == after.hash {
            return Ok(logs);
        }
    }
    Err(chain
        .wire
        .unreachable("the chain keeps changing below the last block of a log range"))
}

/// Walks the range from below; the width halves at a refusal and doubles again after a while.
/// Bounded: every request either passes at least one block or halves the width.
fn collect(chain: &HttpChain, filter: &LogFilter) -> Result<Vec<Log>, ChainError> {
    let mut logs = Vec::new();
    let mut from = filter.from;
    let mut width = (filter.to - filter.from).saturating_add(1);
    let mut calm = 0;
    while from <= filter.to {
        let to = from.saturating_add(width - 1).min(filter.to);
        match range(chain, filter, from, to)? {
            Ok(mut some) => {
                logs.append(&mut some);
                if logs.len() > MAX_LOGS {
                    return Err(chain.wire.refused("more logs than are kept at once"));
                }
                let Some(next) = to.checked_add(1) else { break };
                from = next;
                calm += 1;
                if calm == CALM_RANGES {
                    calm = 0;
                    width = width.saturating_mul(2);
                }
            }
            Err(_) if to > from => {
                width = (to - from).div_ceil(2);
                calm = 0;
            }
            Err(text) => return Err(chain.wire.refused(&text)),
        }
    }
    Ok(logs)
}

/// One range: its logs, or the node's words when a smaller range may do.
fn range(
    chain: &HttpChain,
    filter: &LogFilter,
    from: u64,
    to: u64,
) -> Result<Result<Vec<Log>, String>, ChainError> {
    let params = json!([{
        "address": filter.address,
        "topics": [filter.topic0],
        "fromBlock": format!("{from:#x}"),
        "toBlock": format!("{to:#x}"),
    }]);
    let raw = match chain.wire.ask("eth_getLogs", params) {
        Ok(Ok(raw)) => raw,
        Ok(Err(error)) if meaning::is_range_refusal(&error) => return Ok(Err(error.text())),
        Ok(Err(error)) if meaning::is_missing_block(&error) => {
            return Err(ChainError::Missing(At::Number(to)));
        }
        Ok(Err(error)) => return Err(chain.wire.refused(&error.text())),
        Err(ChainError::Refused(text)) if meaning::is_oversized(&text) => return Ok(Err(text)),
        Err(error) => return Err(error),
    };
    let mut found: Vec<WireLog> = chain.wire.decode("eth_getLogs", &raw)?;
    found.retain(|log| !log.removed);
    let fits = |log: &WireLog| {
        log.address == filter.address
            && log.topics.first() == Some(&filter.topic0)
            && (from..=to).contains(&log.block_number.to())
    };
    if !found.iter().all(fits) {
        return Err(chain
            .wire
            .refused("eth_getLogs answers with logs that were not asked for"));
    }
    found.sort_by_key(|log| (log.block_number, log.log_index));
    Ok(Ok(found.into_iter().map(Log::from).collect()))
}

impl From<WireLog> for Log {
    fn from(wire: WireLog) -> Self {
        Self {
            address: wire.address,
            topics: wire.topics,
            data: wire.data,
            block: wire.block_number.to(),
            block_hash: wire.block_hash,
            transaction: wire.transaction_hash,
        }
    }
}
