//! Spending: tokens that a stranger has and lets every contract take, and what holders let others take.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};
use sealift_evm::{Cell, Ending, Machine, Message, Snapshot, TX_GAS_CAP};

use crate::fork::Fork;
use crate::ledger::{IErc20, NOBODY};
use crate::model::STRANGER;

sol! {
    /// What is asked of a token that somebody spends.
    interface IAllowance {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function isApprovedForAll(address owner, address operator) external view returns (bool);
        function setApprovalForAll(address operator, bool approved) external;
    }
}

/// Gas of one view.
const VIEW_GAS: u64 = 1_000_000;

/// Holders at most whose allowances are looked at to find out who may take what.
const LOOKED_AT: usize = 64;

/// That holders let somebody take what they have in a token or a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Allowance {
    /// The token or the collection.
    pub token: Address,
    /// Who may take it.
    pub spender: Address,
    /// Whether it is one for everything in a collection.
    pub of_all: bool,
}

impl Allowance {
    fn question(&self, owner: Address) -> Vec<u8> {
        let (spender, operator) = (self.spender, self.spender);
        if self.of_all {
            IAllowance::isApprovedForAllCall { owner, operator }.abi_encode()
        } else {
            IAllowance::allowanceCall { owner, spender }.abi_encode()
        }
    }

    /// The transaction in which a holder takes it back.
    pub fn revoked(&self, holder: Address) -> Message {
        let data = if self.of_all {
            let (operator, approved) = (self.spender, false);
            IAllowance::setApprovalForAllCall { operator, approved }.abi_encode()
        } else {
            let (spender, amount) = (self.spender, U256::ZERO);
            IAllowance::approveCall { spender, amount }.abi_encode()
        };
        Message {
            from: holder,
            to: Some(self.token),
            data: data.into(),
            value: U256::ZERO,
            gas: TX_GAS_CAP,
        }
    }
}

/// The allowances that one of the first holders has given in one of these states.
pub fn allowances(
    machine: &mut Machine<Fork>,
    forks: &[&Fork],
    tokens: &[Address],
    holders: &[Address],
    spenders: &[Address],
) -> Vec<Allowance> {
    let mut found = Vec::new();
    for token in tokens {
        for spender in spenders.iter().filter(|spender| *spender != token) {
            for of_all in [false, true] {
                let allowance = Allowance {
                    token: *token,
                    spender: *spender,
                    of_all,
                };
                let mut is_given = |holder: &Address| {
                    let question = allowance.question(*holder);
                    let mut forks = forks.iter();
                    forks.any(|fork| {
                        let answer = ask(machine, fork, *token, &question);
                        answer.is_some_and(|(word, _)| !word.is_zero())
                    })
                };
                if holders.iter().take(LOOKED_AT).any(&mut is_given) {
                    found.push(allowance);
                }
            }
        }
    }
    found
}

/// Gives the stranger as much of each of these tokens as the contract has that holds most of it, and lets these
/// contracts take it; the words in which it stands. What no single word tells nobody is given.
///
/// Nothing is taken from anybody, and the supply stays what it was: it is as if the stranger had always been one of
/// those of whom the supply is.
pub fn give(
    machine: &mut Machine<Fork>,
    start: &mut Fork,
    tokens: &[Address],
    spenders: &[Address],
) -> Vec<Cell> {
    let mut found = Vec::new();
    for token in tokens {
        let held = spenders.iter().filter(|spender| *spender != token);
        let held = held.filter_map(|spender| balance(machine, start, *token, *spender));
        let Some(most) = held.max().filter(|most| !most.is_zero()) else {
            continue;
        };
        let own = IErc20::balanceOfCall { account: STRANGER }.abi_encode();
        let Some(cell) = write(machine, start, *token, &own, most) else {
            continue;
        };
        for spender in spenders.iter().filter(|spender| *spender != token) {
            let allowance = IAllowance::allowanceCall {
                owner: STRANGER,
                spender: *spender,
            };
            write(machine, start, *token, &allowance.abi_encode(), U256::MAX);
        }
        found.push(cell);
    }
    found
}

fn balance(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    token: Address,
    account: Address,
) -> Option<U256> {
    let data = IErc20::balanceOfCall { account }.abi_encode();
    ask(machine, fork, token, &data).map(|(word, _)| word)
}

/// Writes a word into the one place that makes a view answer it; where that is.
fn write(
    machine: &mut Machine<Fork>,
    fork: &mut Fork,
    token: Address,
    data: &[u8],
    word: U256,
) -> Option<Cell> {
    let (now, reads) = ask(machine, fork, token, data)?;
    for cell in reads {
        let Some(slot) = cell.1.filter(|slot| fork.word(cell.0, *slot) == now) else {
            continue;
        };
        let mut after = fork.clone();
        after.set_word(cell.0, slot, word);
        if ask(machine, &after, token, data).is_some_and(|(answer, _)| answer == word) {
            *fork = after;
            return Some(cell);
        }
    }
    None
}

fn ask(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    token: Address,
    data: &[u8],
) -> Option<(U256, Vec<Cell>)> {
    let message = Message {
        from: NOBODY,
        to: Some(token),
        data: data.to_vec().into(),
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &message);
    match done.ending {
        Ending::Returned(data) if data.len() == 32 => {
            Some((U256::from_be_slice(&data), done.reads))
        }
        _ => None,
    }
}
