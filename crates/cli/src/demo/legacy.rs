//! The legacy token of the demo: OpenZeppelin, pausable, owned, and its holders.

use std::path::Path;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use sealift_engine::abi::Legacy as Token;
use sealift_engine::chain::{Answer, At, ChainError, Query};
use sealift_engine::contracts::Call;
use sealift_evm::DEV_ACCOUNTS;
use sealift_manifest::csv;
use sealift_manifest::entry::{self, Format};
use sealift_manifest::holders::{Holder, Holders};

use super::{GUARDIAN, KEY_VARIABLES, LEGACY_OWNER, Node, OPERATOR, OWNER};
use crate::args::{DemoOptions, Strategy};
use crate::connect;
use crate::failure::{self, Failure, exit};
use crate::keys::Keys;
use crate::sizing::legacy_token::LegacyToken;
use crate::sizing::{self, Sender};

/// Holders a mint transaction: about 25,700 gas each, below the transaction cap.
const MINTED: usize = 600;

/// Mint transactions under way at once; pools take 64 of one sender.
const WINDOW: usize = 48;

/// Where OpenZeppelin's ERC-20 keeps balances, and its supply.
const BALANCES_SLOT: u64 = 0;
const SUPPLY_SLOT: u64 = 2;

/// Chance that the same seed repeats.
#[derive(Debug)]
pub(crate) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.thrown += 1;
        let word = draw("dice", self.seed, self.thrown);
        (U256::from_be_bytes(word.0) % U256::from(bound.max(1))).to()
    }
}

fn draw(what: &str, seed: u64, number: u64) -> B256 {
    keccak256([what.as_bytes(), &seed.to_be_bytes(), &number.to_be_bytes()].concat())
}

/// Holders that the seed decides, with balances up to ten million tokens of 18 decimals.
pub(crate) fn generate(count: usize, seed: u64) -> Result<Holders, Failure> {
    let most = U256::from(10).pow(U256::from(25));
    let row = |number| {
        let balance = U256::from_be_bytes(draw("balance", seed, number).0) % most + U256::from(1);
        Holder {
            account: Address::from_word(draw("holder", seed, number)),
            balance,
        }
    };
    Holders::from_rows((0..count as u64).map(row).collect()).map_err(|error| {
        Failure::new("sealift::demo::holders", exit::USAGE, error)
            .next("pass --holders with a number above zero")
    })
}

/// A deployed legacy token.
pub(crate) struct Legacy {
    pub(crate) token: Address,
}

impl Legacy {
    /// Deploys the token and mints to every holder.
    pub(crate) fn deploy(node: &Node, holders: &Holders) -> Result<Self, Failure> {
        let wrong = |cause: String| {
            Failure::new(
                "sealift::demo::legacy",
                exit::NODE,
                format!("no legacy token: {cause}"),
            )
            .next("--rpc needs a development node that mines at once, such as anvil")
        };
        let account = DEV_ACCOUNTS[LEGACY_OWNER];
        let keys = Keys::from_key(account.key)?;
        let nonce = node.nonce(LEGACY_OWNER)?;
        let mut sender = Sender {
            chain: node.port(),
            keys: &keys,
            from: account.address,
            nonce,
        };
        let token = sizing::deploy_legacy(&mut sender, account.address, "Legacy Token", "LGCY")
            .map_err(wrong)?;
        let zero = holders.get(&Address::ZERO);
        let minted: Vec<Holder> = holders
            .iter()
            .filter(|holder| !holder.account.is_zero())
            .copied()
            .collect();
        let mut offered = Vec::new();
        for rows in minted.chunks(MINTED) {
            offered.push(sender.offer(mint(token, rows)).map_err(wrong)?);
            if offered.len() >= WINDOW {
                sender.settle(offered.remove(0)).map_err(wrong)?;
            }
        }
        for hash in offered {
            sender.settle(hash).map_err(wrong)?;
        }
        if let Some(amount) = zero {
            give_to_zero(node, token, amount, holders.sum())
                .map_err(|error| wrong(format!("the zero address gets nothing: {error}")))?;
        }
        Ok(Self { token })
    }

    /// What is not as it was before an aborted migration.
    pub(crate) fn is_back(&self, node: &Node, holders: &Holders) -> Result<Vec<String>, Failure> {
        let chain = node.port();
        let failed = |error| connect::chain_error(&node.url, &error);
        let owner = DEV_ACCOUNTS[LEGACY_OWNER].address;
        let ask = |data: Vec<u8>, from: Address| Query::Call {
            from,
            to: Some(self.token),
            data: data.into(),
            code_override: None,
        };
        let holder = holders.iter().find(|holder| !holder.account.is_zero());
        let from = holder.map_or(Address::ZERO, |holder| holder.account);
        let moves = LegacyToken::transferCall {
            to: owner,
            value: U256::from(1),
        };
        let queries = [
            ask(Token::ownerCall {}.abi_encode(), Address::ZERO),
            ask(Token::pausedCall {}.abi_encode(), Address::ZERO),
            ask(moves.abi_encode(), from),
        ];
        let answers = chain.read(At::Latest, &queries).map_err(failed)?;
        let word = |index: usize| match &answers[index] {
            Answer::Bytes(data) if data.len() == 32 => Some(U256::from_be_slice(data)),
            _ => None,
        };
        let mut wrong = Vec::new();
        if word(0) != Some(U256::from_be_slice(owner.as_slice())) {
            wrong.push("the legacy token is not back with its owner".to_owned());
        }
        if word(1) != Some(U256::ZERO) {
            wrong.push("the legacy token is still paused".to_owned());
        }
        if word(2) != Some(U256::from(1)) {
            wrong.push("a holder cannot transfer".to_owned());
        }
        Ok(wrong)
    }
}

fn mint(token: Address, rows: &[Holder]) -> Call {
    let data = match entry::encode(rows, Format::Narrow) {
        Ok(entries) => LegacyToken::mintPackedCall { entries }.abi_encode(),
        // An amount of 2^96 or more.
        Err(_) => LegacyToken::mintBatchCall {
            accounts: rows.iter().map(|holder| holder.account).collect(),
            amounts: rows.iter().map(|holder| holder.balance).collect(),
        }
        .abi_encode(),
    };
    Call {
        to: token,
        data: data.into(),
    }
}

/// Real lists hold the zero address; OpenZeppelin's token refuses to mint to it, so that its words are
/// written directly, as if an older token had let it happen.
fn give_to_zero(node: &Node, token: Address, amount: U256, supply: U256) -> Result<(), ChainError> {
    let balance = keccak256([[0; 32], U256::from(BALANCES_SLOT).to_be_bytes::<32>()].concat());
    node.chain.set_storage(token, balance.into(), amount)?;
    node.chain
        .set_storage(token, U256::from(SUPPLY_SLOT), supply)
}

/// What a person would write by hand: a list and a configuration.
pub(crate) fn write_files(
    dir: &Path,
    node: &Node,
    legacy: &Legacy,
    holders: &Holders,
    options: &DemoOptions,
) -> Result<(), Failure> {
    let list = dir.join("holders.csv");
    std::fs::File::create(&list)
        .and_then(|file| csv::write(holders, file))
        .map_err(|error| failure::io(&list, "write", &error))?;
    let amounts = match options.strategy {
        Strategy::Staged => format!("amounts = \"{}\"\n", options.amounts.name()),
        Strategy::ReadThrough => String::new(),
    };
    let limit = options.batch_holders.map_or(String::new(), |holders| {
        format!("batch_holders = {holders}\n")
    });
    // So few under way at once that there are moments between batches to be killed in.
    let a_batch = options
        .batch_holders
        .map_or(MINTED, |holders| holders.max(1) as usize);
    let moments = 4 * (options.kills as usize + 1);
    let window = (holders.len() / a_batch / moments).clamp(1, 16);
    let of = |account: usize| DEV_ACCOUNTS[account].address;
    let text = format!(
        "# Written by `sealift demo`; the keys are the public development keys.\n\
         [chain]\n\
         rpc = \"{}\"\n\
         finality = 0\n\
         poll_millis = 20\n\n\
         [migration]\n\
         owner = \"{}\"\n\
         operator = \"{}\"\n\
         guardian = \"{}\"\n\
         deadline = \"+7d\"\n\
         max_freeze = \"6h\"\n\n\
         [[lane]]\n\
         legacy = \"{}\"\n\
         holders = \"holders.csv\"\n\
         strategy = \"{}\"\n\
         {amounts}\n\
         [keys]\n\
         owner = {{ env = \"{}\" }}\n\
         operator = {{ env = \"{}\" }}\n\
         guardian = {{ env = \"{}\" }}\n\
         legacy_owner = {{ env = \"{}\" }}\n\n\
         [limits]\n\
         window = {window}\n\
         {limit}",
        node.url,
        of(OWNER),
        of(OPERATOR),
        of(GUARDIAN),
        legacy.token,
        options.strategy.name(),
        KEY_VARIABLES[OWNER],
        KEY_VARIABLES[OPERATOR],
        KEY_VARIABLES[GUARDIAN],
        KEY_VARIABLES[LEGACY_OWNER],
    );
    let path = dir.join(crate::config::FILE_NAME);
    std::fs::write(&path, text).map_err(|error| failure::io(&path, "write", &error))
}
