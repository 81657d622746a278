//! What a chain is made with.

use crate::accounts::DEV_ACCOUNTS;
use crate::pool::PoolLimits;
use alloy_primitives::{Address, U256};

/// When blocks are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mining {
    /// An executable transaction makes a block at once.
    #[default]
    Auto,
    /// Only [`crate::Node::mine`] makes a block; the JSON-RPC server can call it at an interval.
    Manual,
}

/// Where the timestamps of blocks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Each block is this many seconds after its parent; nothing depends on the time of day.
    Steps(u64),
    /// The system's clock, and at least one second after the parent.
    Wall,
}

/// What a chain is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Gas limit of every block.
    pub block_gas_limit: u64,
    /// Wei per gas of block 0.
    pub base_fee_wei: u64,
    /// Unix seconds of block 0.
    pub genesis_secs: u64,
    /// Where later timestamps come from.
    pub clock: Clock,
    /// When blocks are made.
    pub mining: Mining,
    /// A block is final when this many blocks follow it; 0 makes the newest block final.
    pub finality_depth: u64,
    /// For how many blocks below the newest the state can be read, and a reorganisation can go back.
    pub history_blocks: u64,
    /// What the mempool takes.
    pub pool: PoolLimits,
    /// Gas of an `eth_call`; go-ethereum's default cap is the same.
    pub call_gas: u64,
    /// By how many thousandths an estimate may be above the least gas limit that succeeds. go-ethereum
    /// allows 15; 0 is exact and takes more executions.
    pub estimate_slack_permille: u64,
    /// Height of the first block.
    pub first_block: u64,
    /// Whether a contract can be the sender of a transaction, as on no chain (EIP-3607): for simulation.
    pub contracts_send: bool,
    /// Wei of accounts in block 0.
    pub funded: Vec<(Address, U256)>,
}

impl Default for Config {
    fn default() -> Self {
        let ether = U256::from(1_000_000_000_000_000_000u64);
        let funded = |account: &crate::DevAccount| (account.address, ether * U256::from(10_000));
        Self {
            chain_id: 31_337,
            block_gas_limit: 60_000_000,
            base_fee_wei: 1_000_000_000,
            genesis_secs: 1_700_000_000,
            clock: Clock::Steps(1),
            mining: Mining::Auto,
            finality_depth: 0,
            history_blocks: 1_024,
            pool: PoolLimits::default(),
            call_gas: 50_000_000,
            estimate_slack_permille: 0,
            first_block: 0,
            contracts_send: false,
            funded: DEV_ACCOUNTS.iter().map(funded).collect(),
        }
    }
}
