//! Preparing: from what a user has to what is explored.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use alloy_json_abi::Function;
use alloy_primitives::map::HashSet;
use alloy_primitives::{Address, B256, Bytes, U256, b256};
use sealift_evm::{Cell, Machine, Message, TX_GAS_CAP};

use crate::explore::{ExploreError, Known};
use crate::fork::Fork;
use crate::hostile::{Domain, Gap, calls};
use crate::infer::{self, Inferred, Leftover};
use crate::input::{DeclarationError, Resolved};
use crate::input::{Scene, Step};
use crate::ledger::{Asset, ExitBy, Gift, Ledger, Reader, View};
use crate::model::{STRANGER, Subject};
use crate::send::{AGAIN_AT_ONCE, NONCES_A_RUN, Sender, first_nonce, with_cast};
use crate::spending;

/// Where ERC-1967 keeps the implementation: keccak256("eip1967.proxy.implementation") - 1.
const IMPLEMENTATION_SLOT: B256 =
    b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");

/// Seconds that waiting takes unless a declaration says otherwise: thirty days.
pub const WAIT_SECS: u64 = 30 * 86_400;

/// Calls of the script at most that a stranger sends, each of them; of more those of each function that tell the most.
const OVERHEARD: usize = 32;

/// Senders at most whose other calls are tried where the playbook leads to no end.
const SENDERS: usize = 4;

/// What is ready to be explored.
#[derive(Debug)]
pub struct Prepared {
    /// The subject.
    pub subject: Subject,
    /// Balances that stay behind.
    pub leftovers: Vec<Leftover>,
    /// Whether the ledgers were inferred.
    pub inferred: bool,
    /// What a stranger cannot try.
    pub gaps: Vec<Gap>,
    /// What was executed.
    pub known: Known,
}

/// Why a migration cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It cannot be executed.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// Nothing moves but what nobody is known to have a claim on, if anything.
    #[error(
        "the script moves no claim: no balance of an ERC-20 or ERC-1155, no owner of an ERC-721 and nobody's ether changes in the undisturbed run, nor anything that one of them depends on{0}"
    )]
    NothingMoves(String),
    /// The declaration does not fit what was inferred.
    #[error(transparent)]
    Declaration(#[from] Box<DeclarationError>),
    /// There is no script.
    #[error("the script has no steps")]
    NoSteps,
}

/// Prepares a check, on so many threads; `functions` gives the functions of a contract's ABI, `name` the names of
/// addresses.
pub fn prepare(
    scene: &Scene,
    steps: Vec<Step>,
    declared: &Resolved,
    functions: &dyn Fn(&Fork, Address) -> Vec<Function>,
    name: &dyn Fn(Address) -> String,
    threads: NonZeroUsize,
) -> Result<Prepared, PrepareError> {
    if steps.is_empty() {
        return Err(PrepareError::NoSteps);
    }
    let start = with_cast(Fork::of(scene));
    let mut sender = Sender::new(scene.chain_id);
    let run = infer::run(&mut sender, &start, &steps);
    if let Some((step, data)) = run.failed {
        return Err(ExploreError::Undisturbed { step, data }.into());
    }
    let mut machine = sender.machine;
    let mut found = infer::infer(&mut machine, &run, &steps, functions, name, threads)
        .map_err(ExploreError::from)?;
    let inferred = declared.ledgers.is_empty();
    let (ledgers, mut assets) = if inferred {
        (found.ledgers.clone(), found.assets.clone())
    } else {
        let assets = declared.assets.iter().map(|name| Asset {
            name: name.clone(),
            tolerance: found.tolerance(),
        });
        (declared.ledgers.clone(), assets.collect())
    };
    if let Some(tolerance) = declared.tolerance {
        // Nobody is owed a part of an id.
        let whole = |at: &usize| {
            let mut of = ledgers.iter().filter(|ledger| ledger.asset == *at);
            of.all(|ledger| matches!(ledger.view, View::Owner(_)))
        };
        for at in (0..assets.len()).filter(|at| !whole(at)) {
            assets[at].tolerance = tolerance;
        }
    }
    if ledgers.is_empty() && !found.leftovers.iter().any(|leftover| leftover.stays) {
        let moved = found
            .leftovers
            .iter()
            .map(|leftover| format!("; {leftover}"));
        return Err(PrepareError::NothingMoves(moved.collect()));
    }
    let end = run.forks.last().unwrap_or(&start);
    let accounts = if let Some(accounts) = &declared.accounts {
        accounts.clone()
    } else if inferred {
        found.accounts.clone()
    } else {
        holders(&mut machine, [&start, end], &ledgers, &found)?
    };
    let contracts = found.contracts.clone();
    found.ledgers.clone_from(&ledgers);
    found.accounts.clone_from(&accounts);
    let senders = senders(&steps, &accounts);
    let (start, wealth) = match declared.hostile_off {
        false => enriched(&mut machine, &start, &found),
        true => (start.clone(), Vec::new()),
    };
    let mut public = public(
        &mut machine,
        [&start, end],
        declared,
        &found,
        &senders,
        functions,
    )?;
    overheard(&steps, declared, &mut public);
    let tokens = declared
        .tokens
        .clone()
        .unwrap_or_else(|| changeable(&start, &ledgers));
    let mut books: Vec<Address> = ledgers.iter().map(|ledger| ledger.contract).collect();
    books.retain(|book| *book != Address::ZERO);
    books.sort_unstable();
    books.dedup();
    let custodians = declared.custodians(&ledgers).map_err(Box::new)?;
    let changing = steps.iter().zip(&run.forks[1..]);
    let changing = changing.filter(|(step, _)| books.iter().any(|book| step.to == Some(*book)));
    let forks: Vec<&Fork> = changing
        .map(|(_, fork)| fork)
        .chain([&start, end])
        .collect();
    let spenders = &found.contracts;
    let allowances = spending::allowances(&mut machine, &forks, &books, &accounts, spenders);
    let (ledgers, groups) = with_twins(&start, &steps, ledgers);
    let subject = Subject {
        start,
        groups,
        steps,
        assets,
        ledgers,
        accounts,
        contracts,
        custodians,
        resume: declared.resume.clone(),
        wait_secs: declared.wait_secs.unwrap_or(WAIT_SECS),
        recovery: declared.recovery.clone(),
        actions: declared.actions.clone(),
        hostile: public.stranger,
        operator: public.operator,
        tokens,
        off: declared.off.clone(),
        wealth,
        allowances,
    };
    let mut gaps = public.gaps;
    if inferred {
        gaps.extend(found.gaps);
    }
    Ok(Prepared {
        subject,
        leftovers: found.leftovers,
        inferred,
        gaps,
        known: Known {
            outcomes: sender.outcomes.into(),
            claims: found.known,
        },
    })
}

/// Adds the places where a ledger that the script creates would be created again: by a script that begins again, or
/// by a creation that is mined twice. They are the same book.
fn with_twins(start: &Fork, steps: &[Step], mut ledgers: Vec<Ledger>) -> (Vec<Ledger>, Vec<usize>) {
    let mut groups: Vec<usize> = (0..ledgers.len()).collect();
    for own in 0..ledgers.len() {
        let contract = ledgers[own].contract;
        for (index, step) in steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.to.is_none())
        {
            let first = first_nonce(start, steps, index);
            if step.from.create(first) != contract {
                continue;
            }
            for again in [1, 2, AGAIN_AT_ONCE, AGAIN_AT_ONCE + 1, AGAIN_AT_ONCE + 2] {
                let twin = step.from.create(first + again * NONCES_A_RUN);
                ledgers.push(Ledger {
                    contract: twin,
                    ..ledgers[own].clone()
                });
                groups.push(own);
            }
        }
    }
    (ledgers, groups)
}

/// Accounts that hold a declared claim before or after the undisturbed run; ether is no reason, everybody has some.
fn holders(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    ledgers: &[Ledger],
    found: &Inferred,
) -> Result<Vec<Address>, ExploreError> {
    let mut holders = Vec::new();
    for candidate in &found.candidates {
        let mut holds = false;
        for fork in forks {
            for ledger in ledgers
                .iter()
                .filter(|ledger| !ledger.is_ether() && ledger.is_there(fork))
            {
                let mut reader = Reader::new(vec![ledger.clone()], vec![*candidate]);
                holds |= !reader.claim(machine, fork, 0)?.recorded.is_zero();
            }
        }
        if holds && !found.contracts.contains(candidate) && !forks[0].has_code(*candidate) {
            holders.push(*candidate);
        }
    }
    Ok(holders)
}

/// What can be called: by a stranger, and by those who send the script.
#[derive(Default)]
struct Public {
    stranger: Vec<Message>,
    operator: Vec<Message>,
    /// What is not tried.
    gaps: Vec<Gap>,
}

fn public(
    machine: &mut Machine<Fork>,
    forks: [&Fork; 2],
    declared: &Resolved,
    found: &Inferred,
    senders: &[Address],
    functions: &dyn Fn(&Fork, Address) -> Vec<Function>,
) -> Result<Public, ExploreError> {
    let [start, end] = forks;
    let (ledgers, accounts) = (&found.ledgers, &found.accounts);
    let mut contracts = found.contracts.clone();
    contracts.extend(
        found
            .around
            .iter()
            .filter(|address| !found.contracts.contains(address)),
    );
    let mut domain = Domain {
        holders: accounts.clone(),
        contracts,
        ..Domain::default()
    };
    let mut amounts = Vec::new();
    for fork in [start, end] {
        let ledgers: Vec<Ledger> = ledgers
            .iter()
            .filter(|ledger| ledger.is_there(fork))
            .cloned()
            .collect();
        let some: Vec<Address> = accounts
            .iter()
            .copied()
            .take(2)
            .chain(found.contracts.iter().copied())
            .collect();
        let mut reader = Reader::new(ledgers, some);
        let claims = reader.all(machine, fork)?;
        amounts.extend(
            claims
                .iter()
                .map(|claim| claim.recorded)
                .filter(|amount| !amount.is_zero()),
        );
    }
    amounts.dedup();
    amounts.extend(ledgers.iter().filter_map(|ledger| match ledger.exit {
        ExitBy::Gift(Gift::Erc721(id) | Gift::Erc1155(id)) => Some(id),
        _ => ledger.view.id(),
    }));
    let ids = ledgers.iter().filter_map(|ledger| ledger.view.id());
    domain.words = ids.map(B256::from).collect();
    domain.amounts = amounts.into_iter().fold(Vec::new(), |mut kept, amount| {
        if !kept.contains(&amount) {
            kept.push(amount);
        }
        kept
    });
    let targets = declared.hostile.clone().unwrap_or_else(|| {
        let books = ledgers.iter().filter(|ledger| !ledger.is_ether());
        let ledgers: Vec<Address> = books.map(|ledger| ledger.contract).collect();
        found
            .contracts
            .iter()
            .copied()
            .chain(ledgers)
            .chain(found.around.iter().copied())
            .collect()
    });
    let mut seen = Vec::new();
    let mut public = Public::default();
    for target in targets {
        if seen.contains(&target) {
            continue;
        }
        seen.push(target);
        let mut known = functions(end, target);
        if let Some(behind) = implementation(end, target) {
            known.extend(functions(end, behind));
        }
        if known.is_empty() {
            public.gaps.push(Gap {
                contract: target,
                function: "*".into(),
                reason: "no function was found in it".into(),
            });
        }
        if !declared.hostile_off {
            let called = calls(STRANGER, target, &known, &domain, &mut public.gaps);
            public.stranger.extend(called);
        }
        for sender in senders {
            // What is left out here is left out for a stranger too, and named there.
            let called = calls(*sender, target, &known, &domain, &mut Vec::new());
            public.operator.extend(called);
        }
    }
    Ok(public)
}

/// The script's own calls, which anybody can read before they are mined, and send first or again.
fn overheard(steps: &[Step], declared: &Resolved, public: &mut Public) {
    if declared.hostile_off {
        return;
    }
    let is_target = |to: &Address| match &declared.hostile {
        Some(targets) => targets.contains(to),
        None => true,
    };
    let key = |call: &Message| (call.to, call.data.clone(), call.value);
    let mut known: HashSet<(Option<Address>, Bytes, U256)> =
        public.stranger.iter().map(key).collect();
    let own = steps
        .iter()
        .filter(|step| step.to.as_ref().is_some_and(is_target));
    let own = own.map(|step| Message {
        from: STRANGER,
        to: step.to,
        data: step.data.clone(),
        value: step.value,
        gas: TX_GAS_CAP,
    });
    let own: Vec<Message> = own.filter(|call| known.insert(key(call))).collect();
    let all = own.len();
    let sent = if all > OVERHEARD {
        ends_and_middles(own)
    } else {
        own
    };
    if sent.len() < all {
        public.gaps.push(Gap {
            contract: sent[0].to.unwrap_or_default(),
            function: "the script".into(),
            reason: format!("a stranger sends {} of its {all} calls", sent.len()),
        });
    }
    public.stranger.extend(sent);
}

/// Of the calls of each function the first, the last, and the one in the middle.
fn ends_and_middles(calls: Vec<Message>) -> Vec<Message> {
    let function = |call: &Message| (call.to, call.data.get(..4).map(<[u8]>::to_vec));
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        places.entry(function(call)).or_default().push(at);
    }
    let kept = places.values().flat_map(|places| {
        let last = places.len() - 1;
        [0, last / 2, last].map(|at| places[at])
    });
    let kept: BTreeSet<usize> = kept.collect();
    kept.into_iter().map(|at| calls[at].clone()).collect()
}

/// Tokens whose code somebody can change: it is in the state what the others do.
fn changeable(start: &Fork, ledgers: &[Ledger]) -> Vec<Address> {
    let books = ledgers.iter().filter(|ledger| !ledger.is_ether());
    let mut tokens: Vec<Address> = books.map(|ledger| ledger.contract).collect();
    tokens.retain(|token| implementation(start, *token).is_some());
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// The start with a stranger in it who has tokens of what is no claim, and the words in which they stand.
fn enriched(machine: &mut Machine<Fork>, start: &Fork, found: &Inferred) -> (Fork, Vec<Cell>) {
    let mut tokens = found.tokens.clone();
    let is_claim = |token: &Address| found.ledgers.iter().any(|own| own.contract == *token);
    tokens.retain(|token| start.has_code(*token) && !is_claim(token));
    let spenders: Vec<Address> = found
        .contracts
        .iter()
        .chain(&found.around)
        .copied()
        .collect();
    let mut rich = start.clone();
    let wealth = spending::give(machine, &mut rich, &tokens, &spenders);
    (rich, wealth)
}

/// Those who send the script and are no holders, at most a few.
fn senders(steps: &[Step], accounts: &[Address]) -> Vec<Address> {
    let mut senders: Vec<Address> = steps.iter().map(|step| step.from).collect();
    senders.retain(|sender| !accounts.contains(sender));
    senders.sort_unstable();
    senders.dedup();
    senders.truncate(SENDERS);
    senders
}

/// The implementation behind an ERC-1967 proxy.
fn implementation(fork: &Fork, proxy: Address) -> Option<Address> {
    use sealift_evm::Snapshot;
    let word = fork.word(proxy, IMPLEMENTATION_SLOT.into());
    (!word.is_zero()).then(|| Address::from_word(word.into()))
}

/// Revert data of a script that fails undisturbed.
pub fn undisturbed_failure(error: &PrepareError) -> Option<(usize, &Bytes)> {
    match error {
        PrepareError::Explore(ExploreError::Undisturbed { step, data }) => Some((*step, data)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_calls_the_first_the_middle_and_the_last_are_kept() {
        let call = |function: u8, word: u8| Message {
            from: STRANGER,
            to: Some(Address::ZERO),
            data: vec![function, 0, 0, 0, word].into(),
            value: U256::ZERO,
            gas: TX_GAS_CAP,
        };
        let mut calls = vec![call(7, 0)];
        calls.extend((0..9).map(|word| call(8, word)));
        calls.push(call(7, 1));
        let kept = ends_and_middles(calls);
        let kept: Vec<[u8; 2]> = kept
            .iter()
            .map(|call| [call.data[0], call.data[4]])
            .collect();
        assert_eq!(kept, [[7, 0], [8, 0], [8, 4], [8, 8], [7, 1]]);
    }
}
