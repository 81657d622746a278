//! Replays: a finding's trace as messages that any EVM can execute, and what is due after them.

mod make;
mod way;

use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};

use crate::ledger::{Ask, View};

pub(in crate::report) use make::replay;

/// A trace that can be executed elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Why it cannot be; then there are no moves.
    pub obstacle: Option<String>,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height of the block of every transaction.
    pub number: u64,
    /// Unix seconds of that block, before anything waits.
    pub timestamp_secs: u64,
    /// From the start to the finding.
    pub moves: Vec<Move>,
    /// What the executor does after it, each where the one before it succeeded.
    pub rest: Vec<Delivery>,
    /// Whether the rest goes on where one of it fails: with a lost key, others do what they can.
    pub rest_insists: bool,
    /// Where claims are held.
    pub books: Vec<Book>,
    /// Who is judged, asset by asset.
    pub accounts: Vec<Owed>,
    /// What is asked at the finding.
    pub question: Question,
}

/// What must not be, after the moves of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "asks")]
pub enum Question {
    /// No end is reached, neither here nor after the rest.
    End {
        /// Whether holders acted on their own, so that claims that are right are an end.
        own: bool,
    },
    /// Somebody has more than is due.
    #[default]
    Over,
    /// A custodian owes more than it holds.
    Custodians {
        /// All of them.
        promises: Vec<Promise>,
        /// Whose claims are summed up.
        claimants: Vec<Address>,
    },
}

/// A custodian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Its name.
    pub name: String,
    /// Who holds.
    pub account: Address,
    /// The ERC-20 held; none is ether.
    pub asset: Option<Address>,
    /// Indices of the books whose claims it backs.
    pub covers: Vec<usize>,
    /// What it may owe more than it holds.
    pub slack: U256,
}

/// One thing that happens in a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "move")]
pub enum Move {
    /// A transaction.
    Send(Box<Delivery>),
    /// An account gets code.
    Code {
        /// Which.
        account: Address,
        /// The code.
        code: Bytes,
        /// Whether a reorganisation takes it back.
        undone: bool,
    },
    /// Time passes.
    Wait {
        /// How much.
        secs: u64,
    },
}

/// A transaction of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The decoded call.
    pub text: String,
    /// The sender.
    pub from: Address,
    /// The callee, or creation.
    pub to: Option<Address>,
    /// Calldata or init code.
    pub data: Bytes,
    /// Wei.
    pub value: U256,
    /// Gas limit of the transaction.
    pub gas: u64,
    /// The sender's transaction count, where it creates.
    pub nonce: Option<u64>,
    /// Whether it failed in the check.
    pub fails: bool,
    /// Whether a reorganisation takes it back.
    pub undone: bool,
    /// What becomes of one of its inner calls.
    pub meddled: Option<Meddled>,
}

/// An inner call that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meddled {
    /// Whose code is called.
    pub target: Address,
    /// With what.
    pub input: Bytes,
    /// Whether code stands there.
    pub has_code: bool,
    /// What it does.
    pub how: How,
}

/// How an inner call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It reverts without data.
    Reverts,
    /// It uses up its gas.
    OutOfGas,
    /// It does nothing and returns this.
    Answers(Bytes),
}

/// A ledger, as it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Its name.
    pub name: String,
    /// The contract.
    pub contract: Address,
    /// How it says what an account has.
    pub view: View,
    /// How a claim is moved.
    pub exit: Exit,
    /// Seconds after which locks have ended.
    pub lock_secs: u64,
    /// Units of entitlement a unit: numerator and denominator.
    pub rate: (U256, U256),
    /// Whether it is judged only with everything else, by the sum.
    pub wallet: bool,
    /// The first book that is the same one.
    pub same: usize,
    /// Its asset: claims are summed up within one.
    pub asset: usize,
}

/// How a claim is moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// A call of the account's.
    Call(Ask),
    /// A claim is live whenever it is recorded.
    Always,
}

/// An account, and what is due to it of an asset in units of entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// As a reader knows it.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// The asset.
    pub asset: usize,
    /// Units of entitlement that rounding may cost or give it.
    pub tolerance: U256,
    /// Whether it is judged by what it has, wherever that is.
    pub late: bool,
    /// What it must have at least.
    pub least: U256,
    /// What it may have at most.
    pub most: U256,
    /// Live claims by book at the end of the undisturbed run.
    pub done: Vec<U256>,
    /// Live claims by book before the first step.
    pub back: Vec<U256>,
}
