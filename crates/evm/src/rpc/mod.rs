//! A chain as JSON-RPC 2.0 over HTTP.
//!
//! Answers, error codes and error texts are those of go-ethereum; the methods that change time and
//! blocks have the names that anvil gives them. There is no authentication: listen on loopback.

mod dev;
mod error;
mod eth;
mod params;
mod render;
mod server;

pub use error::RpcError;
pub use server::{ServeError, ServeOptions, Server, serve};

use crate::port::EmbeddedChain;
use params::Params;
use serde_json::Value;

/// Answers one call. Blocking: an `eth_call` may take as long as its gas lasts.
pub fn answer(chain: &EmbeddedChain, method: &str, params: Value) -> Result<Value, RpcError> {
    let params = Params::new(params)?;
    match method {
        "web3_clientVersion" => Ok(concat!("sealift/", env!("CARGO_PKG_VERSION")).into()),
        "eth_syncing" => Ok(false.into()),
        "eth_accounts" => Ok(Value::Array(Vec::new())),
        "net_version" => Ok(chain.node().config().chain_id.to_string().into()),
        "net_listening" => Ok(true.into()),
        "eth_chainId" => render::quantity(chain.node().config().chain_id),
        "eth_blockNumber" => render::quantity(chain.node().head().header.number),
        "eth_getBlockByNumber" => eth::block_by_number(chain, params),
        "eth_getBlockByHash" => eth::block_by_hash(chain, params),
        "eth_getTransactionByHash" => eth::transaction(chain, params),
        "eth_getTransactionReceipt" => eth::receipt(chain, params),
        "eth_getBlockReceipts" => eth::block_receipts(chain, params),
        "eth_getTransactionCount" => eth::transaction_count(chain, params),
        "eth_getBalance" => eth::balance(chain, params),
        "eth_getCode" => eth::code(chain, params),
        "eth_getStorageAt" => eth::storage(chain, params),
        "eth_getStorageValues" => eth::storage_values(chain, params),
        "eth_call" => eth::call(chain, params),
        "eth_estimateGas" => eth::estimate(chain, params),
        "eth_gasPrice" => eth::gas_price(chain),
        "eth_maxPriorityFeePerGas" => render::quantity(eth::SUGGESTED_TIP_WEI),
        "eth_feeHistory" => eth::fee_history(chain, params),
        "eth_sendRawTransaction" => eth::send(chain, params),
        "eth_getLogs" => eth::logs(chain, params),
        "txpool_status" => dev::pool_status(chain),
        "evm_mine" | "anvil_mine" => dev::mine(chain, method, params),
        "evm_increaseTime" | "anvil_increaseTime" => dev::increase_time(chain, params),
        "evm_setNextBlockTimestamp" | "anvil_setNextBlockTimestamp" => {
            dev::set_next_timestamp(chain, params)
        }
        "evm_setAutomine" | "anvil_setAutomine" => dev::set_automine(chain, params),
        "anvil_setStorageAt" | "hardhat_setStorageAt" => dev::set_storage(chain, params),
        "anvil_setBalance" => dev::set_balance(chain, params),
        "anvil_dropTransaction" => dev::drop_transaction(chain, params),
        "anvil_reorg" => dev::reorg(chain, params),
        other => Err(RpcError::no_method(other)),
    }
}
