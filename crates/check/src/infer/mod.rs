//! Inferring the ledgers of a migration from its undisturbed run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use alloy_primitives::{Address, Log, U256, address};
use alloy_sol_types::{SolCall, SolEvent};
use sealift_evm::{Machine, Message, Snapshot, TX_GAS_CAP};

use crate::fork::Fork;
use crate::input::Step;
use crate::ledger::{Claim, ExitBy, IErc20, Ledger, NOBODY, Reader, Side, SilentView, view};
use crate::model::Record;
use crate::send::{first_nonce, message_of};

/// Contracts of the protocol itself: EIP-4788, EIP-2935, EIP-7002, EIP-7251.
const SYSTEM_CONTRACTS: [Address; 4] = [
    address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
    address!("0000F90827F1C53a10cb7A02335B175320002935"),
    address!("00000961Ef480Eb55e80D19ad83579A64c007002"),
    address!("0000BBdDc7CE488642fb579F8B00f3a590007251"),
];

/// An old contract's balance that no claim covers and that stays behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The asset.
    pub asset: String,
    /// Who holds it.
    pub holder: String,
    /// How much, in the asset's units.
    pub amount: U256,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} still holds {} {}, which no step moves and no claim covers",
            self.holder, self.amount, self.asset
        )
    }
}

/// What an undisturbed run shows.
#[derive(Clone, Debug, Default)]
pub struct Inferred {
    /// Where claims are held.
    pub ledgers: Vec<Ledger>,
    /// Whose claims are judged.
    pub accounts: Vec<Address>,
    /// Contracts that the script calls or creates, and the ledgers.
    pub contracts: Vec<Address>,
    /// Other contracts of the state that were there before: their code may be called as well.
    pub around: Vec<Address>,
    /// Everybody who may hold something.
    pub candidates: Vec<Address>,
    /// What stays behind.
    pub leftovers: Vec<Leftover>,
    /// Units of entitlement that rounding may cost.
    pub tolerance: U256,
}

/// The undisturbed run: states after each step, and what was logged.
#[derive(Debug)]
pub struct Run {
    /// The state before the first step and after each.
    pub forks: Vec<Fork>,
    /// All events.
    pub logs: Vec<Log>,
    /// Why a step failed: its index and revert data.
    pub failed: Option<(usize, alloy_primitives::Bytes)>,
}

/// Runs a script once.
pub fn run(machine: &mut Machine<Fork>, start: &Fork, steps: &[Step]) -> Run {
    let mut forks = vec![start.clone()];
    let mut logs = Vec::new();
    let record = Record::new(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let mut fork = forks[index].clone();
        let own = fork.account(step.from).map_or(0, |account| account.nonce);
        if step.to.is_none() {
            fork.set_nonce(step.from, first_nonce(start, steps, index));
        }
        let message: Message = message_of(step, &record, step.from);
        let done = machine.execute(
            fork.clone(),
            fork.moment(),
            &Message {
                gas: TX_GAS_CAP,
                ..message
            },
        );
        if !done.succeeded() {
            let data = match done.ending {
                sealift_evm::Ending::Reverted(data) => data,
                other => format!("{other:?}").into_bytes().into(),
            };
            return Run {
                forks,
                logs,
                failed: Some((index, data)),
            };
        }
        logs.extend(done.logs.iter().cloned());
        let effect = fork.effect(&done, step.from);
        fork.put(&effect);
        fork.set_nonce(step.from, own);
        forks.push(fork);
    }
    Run {
        forks,
        logs,
        failed: None,
    }
}

/// Infers ledgers, accounts and custody.
pub fn infer(
    machine: &mut Machine<Fork>,
    run: &Run,
    steps: &[Step],
    name: &dyn Fn(Address) -> String,
) -> Result<Inferred, SilentView> {
    let (start, end) = (&run.forks[0], run.forks.last().unwrap_or(&run.forks[0]));
    let contracts = script_contracts(run, steps);
    let tokens = tokens(machine, end);
    let candidates = candidates(run, steps, &contracts);
    let book = |address: &Address| Ledger::erc20(name(*address), *address, Side::Legacy);
    // A contract that the script makes is no token yet at the start.
    let at_start: BTreeSet<Address> = tokens
        .iter()
        .copied()
        .filter(|token| start.has_code(*token))
        .collect();
    let mut before: BTreeMap<(Address, Address), Claim> = BTreeMap::new();
    let mut after = before.clone();
    for token in &tokens {
        let mut reader = Reader::new(vec![book(token)], candidates.clone());
        for (index, account) in candidates.iter().enumerate() {
            let index = index as u32;
            if at_start.contains(token) {
                before.insert((*token, *account), reader.claim(machine, start, index)?);
            }
            after.insert((*token, *account), reader.claim(machine, end, index)?);
        }
    }
    let amount = |map: &BTreeMap<(Address, Address), Claim>, token: Address, account: Address| {
        map.get(&(token, account)).copied().unwrap_or_default()
    };
    // A contract that was there before is custody or code; an account of a person has none.
    let is_person = |account: &Address| {
        !contracts.contains(account) && !tokens.contains(account) && !start.has_code(*account)
    };
    let people: Vec<Address> = candidates.iter().copied().filter(is_person).collect();
    let (mut grown, mut shrunk) = (BTreeSet::new(), BTreeSet::new());
    for token in &tokens {
        for person in &people {
            let (old, new) = (
                amount(&before, *token, *person).live,
                amount(&after, *token, *person).live,
            );
            if new > old {
                grown.insert(*token);
            }
            if new < old {
                shrunk.insert(*token);
            }
        }
    }
    // What grows for anybody is a successor; what only shrinks is a legacy.
    let successors: Vec<Address> = grown.iter().copied().collect();
    let mut legacies: Vec<Address> = shrunk.difference(&grown).copied().collect();
    let growth = |person: &Address| {
        successors.iter().fold(U256::ZERO, |sum, token| {
            let (old, new) = (
                amount(&before, *token, *person).live,
                amount(&after, *token, *person).live,
            );
            sum.saturating_add(new.saturating_sub(old))
        })
    };
    for token in tokens
        .iter()
        .filter(|token| at_start.contains(*token) && !grown.contains(*token))
    {
        let mirrored = people.iter().filter(|person| !growth(person).is_zero());
        let pairs: Vec<(U256, U256)> = mirrored
            .map(|person| (amount(&before, *token, *person).live, growth(person)))
            .collect();
        let distinct: BTreeSet<U256> = pairs.iter().map(|(old, _)| *old).collect();
        let same_ratio = pairs
            .windows(2)
            .all(|two| two[0].0.checked_mul(two[1].1) == two[1].0.checked_mul(two[0].1));
        let all_had = pairs.iter().all(|(old, _)| !old.is_zero());
        if pairs.len() >= 2
            && distinct.len() >= 2
            && all_had
            && same_ratio
            && !legacies.contains(token)
        {
            legacies.push(*token);
        }
    }
    let mut ledgers: Vec<Ledger> = Vec::new();
    let mut tolerance = U256::ZERO;
    for token in &legacies {
        let pairs: Vec<(U256, U256)> = people
            .iter()
            .map(|person| (amount(&before, *token, *person).live, growth(person)))
            .filter(|(old, new)| !old.is_zero() && !new.is_zero())
            .collect();
        let rate = rate_of(&pairs);
        if rate.1 != U256::ONE || rate.0 != U256::ONE {
            tolerance = tolerance.max(U256::ONE + rate.0 / rate.1);
        }
        ledgers.push(Ledger {
            rate,
            ..book(token)
        });
    }
    ledgers.extend(successors.iter().map(|token| Ledger {
        side: Side::Successor,
        ..book(token)
    }));
    if ledgers.is_empty() {
        // Nobody's balance moves: what people hold is watched where it is.
        let held = |token: &&Address| {
            let recorded = |person: &Address| amount(&before, **token, *person).recorded;
            people.iter().any(|person| !recorded(person).is_zero())
        };
        let books = tokens.iter().filter(held).map(book);
        ledgers.extend(books.map(|ledger| Ledger {
            side: Side::Wallet,
            ..ledger
        }));
    }
    let holds = |person: &Address| {
        let any = |map| {
            ledgers
                .iter()
                .any(|ledger| !amount(map, ledger.contract, *person).recorded.is_zero())
        };
        let funds = successors.iter().any(|token| {
            amount(&after, *token, *person).live < amount(&before, *token, *person).live
        });
        (any(&before) || any(&after)) && !funds
    };
    let accounts: Vec<Address> = people.iter().copied().filter(holds).collect();
    let mut all = contracts.clone();
    all.extend(ledgers.iter().map(|ledger| ledger.contract));
    all.sort_unstable();
    all.dedup();
    let leftovers = leftovers(machine, run, &tokens, &legacies, name);
    Ok(Inferred {
        ledgers,
        accounts,
        around: around(start, &all),
        contracts: all,
        candidates,
        leftovers,
        tolerance,
    })
}

/// Contracts of the scene that are neither called nor ledgers, but for the checker's own cast and the deployer of CREATE2.
fn around(start: &Fork, contracts: &[Address]) -> Vec<Address> {
    use crate::model::{ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, REFUSES};
    let own = [
        ACCEPTS,
        ANSWERS_MUCH,
        ANSWERS_ONE,
        REFUSES,
        sealift_evm::CREATE2_DEPLOYER,
    ];
    let mut found = start.contracts();
    found.retain(|address| {
        !contracts.contains(address)
            && !own.contains(address)
            && !SYSTEM_CONTRACTS.contains(address)
    });
    found
}

/// Contracts that the script calls or creates, in order.
pub fn script_contracts(run: &Run, steps: &[Step]) -> Vec<Address> {
    let end = run.forks.last().unwrap_or(&run.forks[0]);
    let mut found: Vec<Address> = steps.iter().filter_map(|step| step.to).collect();
    let old = run.forks[0].contracts();
    found.extend(
        end.contracts()
            .into_iter()
            .filter(|contract| !old.contains(contract)),
    );
    found.retain(|address| end.has_code(*address));
    found.sort_unstable();
    found.dedup();
    found
}

/// Contracts that answer as an ERC-20 does; of several that keep one book, the first.
fn tokens(machine: &mut Machine<Fork>, fork: &Fork) -> Vec<Address> {
    let mut found = Vec::new();
    for contract in fork.contracts() {
        let ledger = Ledger::erc20(String::new(), contract, Side::Wallet);
        if view(machine, fork, &ledger, NOBODY).0.is_err() {
            continue;
        }
        let supply = Message {
            from: NOBODY,
            to: Some(contract),
            data: IErc20::totalSupplyCall {}.abi_encode().into(),
            value: U256::ZERO,
            gas: 1_000_000,
        };
        let answer = machine.execute(fork.clone(), fork.moment(), &supply).ending;
        let is_word = matches!(&answer, sealift_evm::Ending::Returned(data) if data.len() == 32);
        // What answers everything alike is no token.
        let odd = Message {
            data: vec![0xfe, 0xed, 0xfa, 0xce].into(),
            ..supply
        };
        let answers_all = machine
            .execute(fork.clone(), fork.moment(), &odd)
            .succeeded();
        if is_word && !answers_all {
            found.push(contract);
        }
    }
    found
}

/// Accounts that may hold something: those without code in the state, of transfers, and in calldata.
fn candidates(run: &Run, steps: &[Step], contracts: &[Address]) -> Vec<Address> {
    let mut found: BTreeSet<Address> = run.forks[0].people().into_iter().collect();
    for log in &run.logs {
        if log.topics().first() == Some(&IErc20::Transfer::SIGNATURE_HASH) {
            found.extend(
                log.topics()[1..]
                    .iter()
                    .map(|topic| Address::from_word(*topic)),
            );
        }
    }
    for step in steps {
        found.insert(step.from);
        let start = if step.to.is_some() {
            4
        } else {
            step.data.len() % 32
        };
        let words = step.data.get(start..).unwrap_or_default().chunks_exact(32);
        let addresses =
            words.filter(|word| word[..12].iter().all(|byte| *byte == 0) && word[12..16] != [0; 4]);
        found.extend(addresses.map(|word| Address::from_slice(&word[12..])));
    }
    found.remove(&Address::ZERO);
    let cast = [
        crate::model::STRANGER,
        crate::model::ANYONE,
        crate::model::NEWCOMER,
        NOBODY,
    ];
    found.retain(|account| !cast.contains(account) && !contracts.contains(account));
    found.into_iter().collect()
}

/// The rate that most holders got, as a fraction in lowest terms; one to one where nobody got anything.
fn rate_of(pairs: &[(U256, U256)]) -> (U256, U256) {
    let mut votes: BTreeMap<(U256, U256), usize> = BTreeMap::new();
    let candidates: BTreeSet<(U256, U256)> =
        pairs.iter().map(|(old, new)| simple(*old, *new)).collect();
    for (num, den) in candidates {
        let agree = pairs.iter().filter(|(old, new)| {
            old.checked_mul(num)
                .is_some_and(|product| (product / den).abs_diff(*new) <= U256::ONE)
        });
        votes.insert((num, den), agree.count());
    }
    let best = votes
        .into_iter()
        .max_by_key(|((num, den), count)| (*count, std::cmp::Reverse((*den, *num))));
    best.map_or((U256::ONE, U256::ONE), |(rate, _)| rate)
}

/// A whole multiple or a whole divisor where rounding down explains it, else the fraction itself.
fn simple(old: U256, new: U256) -> (U256, U256) {
    let (times, divided) = (new / old, old / new);
    if !times.is_zero() && old * times == new {
        return (times, U256::ONE);
    }
    if !divided.is_zero() && old / divided == new {
        return (U256::ONE, divided);
    }
    let mut gcd = (old, new);
    while !gcd.1.is_zero() {
        gcd = (gcd.1, gcd.0 % gcd.1);
    }
    (new / gcd.0, old / gcd.0)
}

/// Balances of contracts on the legacy side that are there before and after.
fn leftovers(
    machine: &mut Machine<Fork>,
    run: &Run,
    tokens: &[Address],
    legacies: &[Address],
    name: &dyn Fn(Address) -> String,
) -> Vec<Leftover> {
    let (start, end) = (&run.forks[0], run.forks.last().unwrap_or(&run.forks[0]));
    let mut balance = |fork: &Fork, token: Address, holder: Address| {
        let ledger = Ledger {
            exit: ExitBy::Always,
            ..Ledger::erc20(String::new(), token, Side::Legacy)
        };
        if !fork.has_code(token) {
            return U256::ZERO;
        }
        view(machine, fork, &ledger, holder).0.unwrap_or_default()
    };
    let mut found = Vec::new();
    for holder in start.contracts() {
        let balances: Vec<(Address, U256, U256)> = tokens
            .iter()
            .map(|token| {
                (
                    *token,
                    balance(start, *token, holder),
                    balance(end, *token, holder),
                )
            })
            .collect();
        let drained = balances
            .iter()
            .any(|(_, old, new)| !old.is_zero() && new.is_zero());
        for (token, old, new) in &balances {
            let left = !old.is_zero() && old == new;
            if left && (drained || (*token == holder && legacies.contains(token))) {
                found.push(Leftover {
                    asset: name(*token),
                    holder: name(holder),
                    amount: *new,
                });
            }
        }
    }
    found
}
