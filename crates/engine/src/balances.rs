//! One view of many accounts after one block, and the accounts that moved between two.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolConstructor, SolEvent};
use sealift_manifest::holders::Holder;

use crate::abi::Legacy;
use crate::abi::lens::Lens;
use crate::chain::{Answer, At, Chain, ChainError, LogFilter, Query};

/// Accounts that one lens call reads: nodes hold what a creation call returns against the code size
/// limit of 24,576 bytes (EIP-170), at 32 bytes an account.
const LENS_ACCOUNTS: usize = 700;

/// Lens calls in one request to the port.
const LENS_CALLS: usize = 32;

/// Why balances could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BalanceError {
    /// The chain does not answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The token reverts, or answers with something that is not a word.
    #[error("token {token} does not answer for an account between {first} and {last}")]
    Token {
        /// The token.
        token: Address,
        /// First account of the chunk.
        first: Address,
        /// Last account of the chunk.
        last: Address,
    },
    /// A Transfer event without two indexed accounts.
    #[error("token {token} emits Transfer events of another shape, in transaction {transaction}")]
    Event {
        /// The token.
        token: Address,
        /// Where.
        transaction: alloy_primitives::B256,
    },
}

fn lens_query(target: Address, view: [u8; 4], accounts: &[Address]) -> Query {
    let arguments = Lens::constructorCall {
        target,
        view_: view.into(),
        accounts: accounts.to_vec(),
    }
    .abi_encode();
    let init = [Lens::BYTECODE.as_ref(), &arguments].concat();
    Query::Call {
        from: Address::ZERO,
        to: None,
        data: Bytes::from(init),
        code_override: None,
    }
}

/// `token.balanceOf` of each account after a block, in the order of the accounts.
pub fn read<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    token: Address,
    accounts: &[Address],
) -> Result<Vec<U256>, BalanceError> {
    words(chain, at, token, Legacy::balanceOfCall::SELECTOR, accounts)
}

/// What a view of one account says of each account after a block, in the order of the accounts.
pub(crate) fn words<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    token: Address,
    view: [u8; 4],
    accounts: &[Address],
) -> Result<Vec<U256>, BalanceError> {
    let mut answered = Vec::with_capacity(accounts.len());
    let chunks: Vec<&[Address]> = accounts.chunks(LENS_ACCOUNTS).collect();
    for group in chunks.chunks(LENS_CALLS) {
        let queries: Vec<Query> = group
            .iter()
            .map(|chunk| lens_query(token, view, chunk))
            .collect();
        for (chunk, answer) in group.iter().zip(chain.read(at, &queries)?) {
            match answer {
                Answer::Bytes(words) if words.len() == chunk.len() * 32 => {
                    answered.extend(words.chunks_exact(32).map(U256::from_be_slice));
                }
                _ => {
                    let (first, last) = (chunk[0], chunk[chunk.len() - 1]);
                    return Err(BalanceError::Token { token, first, last });
                }
            }
        }
    }
    Ok(answered)
}

/// Each account with its balance after a block; zero balances included.
pub fn holders<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    token: Address,
    accounts: &[Address],
) -> Result<Vec<Holder>, BalanceError> {
    let balances = read(chain, at, token, accounts)?;
    let pair = |(account, balance): (&Address, U256)| Holder {
        account: *account,
        balance,
    };
    Ok(accounts.iter().zip(balances).map(pair).collect())
}

/// The accounts that Transfer events name in blocks `from..=to`, ascending.
pub fn moved<C: Chain + ?Sized>(
    chain: &C,
    token: Address,
    from: u64,
    to: u64,
) -> Result<Vec<Address>, BalanceError> {
    let topic0 = Legacy::Transfer::SIGNATURE_HASH;
    let mut accounts = BTreeSet::new();
    for log in chain.logs(&LogFilter {
        address: token,
        topic0,
        from,
        to,
    })? {
        let [_, sender, recipient] = log.topics[..] else {
            return Err(BalanceError::Event {
                token,
                transaction: log.transaction,
            });
        };
        accounts.insert(Address::from_word(sender));
        accounts.insert(Address::from_word(recipient));
    }
    Ok(accounts.into_iter().collect())
}
