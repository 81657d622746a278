//! The Sealift chain port over an embedded EVM, and its JSON-RPC devnet.
//!
//! [`Node`] is a chain as a plain value: state, blocks, mempool, clock and finality, under the rules
//! of Osaka. [`EmbeddedChain`] shares one between threads and is the chain port of the executor;
//! [`Faulty`] makes any port misbehave on purpose. [`rpc`] serves a chain as JSON-RPC.
//!
//! What is not real: the state root in headers. It commits to every change (see
//! [`State::commitment`]), but it is not a Merkle-Patricia root, so `eth_getProof` cannot exist yet.
//! Transaction and receipt roots, blooms and block hashes are computed as on the main network.

mod accounts;
mod beneath;
mod block;
mod call;
mod config;
mod disturbance;
mod execute;
mod faults;
mod hand;
mod interference;
mod logs;
mod machine;
mod mining;
mod node;
mod opcodes;
mod persist;
mod pool;
mod port;
mod recording;
mod refusal;
pub mod rpc;
mod state;
mod tx;
mod view;

pub use accounts::{CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE, DEV_ACCOUNTS, DevAccount};
pub use beneath::{Beneath, Known, Source, SourceAccount};
pub use block::{Block, Outcome};
pub use call::{CallOutcome, CallRequest, Estimate};
pub use config::{Clock, Config, Mining};
pub use disturbance::{Disturbance, Watched};
pub use execute::TX_GAS_CAP;
pub use faults::{Fault, Faulty};
pub use interference::{
    InnerCall, Interference, Meddle, Meddling, Misbehaving, Misbehaviour, Observed, Reentry, Turn,
};
pub use logs::{LogPlace, LogQuery};
pub use machine::{CLOCK, Cell, Ending, Executed, GAUGE, Machine, Message, Moment};
pub use mining::{ClockError, Dropped, ReorgError};
pub use node::{Included, Node, StateAt};
pub use persist::{LoadError, SaveError};
pub use pool::{Best, Pool, PoolLimits, REPLACEMENT_BUMP_PERCENT};
pub use port::EmbeddedChain;
pub use recording::{Recording, Sum};
pub use refusal::PoolError;
pub use state::{Account, Snapshot, State, Undo};
pub use tx::{MAX_TX_BYTES, SignedTx};
pub use view::{Overlay, Overridden, Past, Replaced};
