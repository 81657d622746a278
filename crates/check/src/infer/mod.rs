//! Inferring the ledgers of a migration from its undisturbed run.

mod custody;
mod ether;
mod exits;
mod family;
mod leftovers;
mod people;
mod rates;
mod records;
mod rounding;
mod sides;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

use alloy_json_abi::Function;
use alloy_primitives::{Address, Log, U256, address};
use sealift_evm::{Cell, Executed, Machine, Message, Snapshot, TX_GAS_CAP};

use self::family::{Family, Holdings};
use self::sides::Sides;
use crate::fork::Fork;
use crate::hostile::Gap;
use crate::input::Step;
use crate::ledger::{Asset, Claim, ExitBy, Ledger, Reader, Side, SilentView};
use crate::memo::Memo;
use crate::model::Record;
use crate::send::{Sender, first_nonce, message_of};

pub use self::leftovers::Leftover;

/// Contracts of the protocol itself: EIP-4788, EIP-2935, EIP-7002, EIP-7251.
const SYSTEM_CONTRACTS: [Address; 4] = [
    address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
    address!("0000F90827F1C53a10cb7A02335B175320002935"),
    address!("00000961Ef480Eb55e80D19ad83579A64c007002"),
    address!("0000BBdDc7CE488642fb579F8B00f3a590007251"),
];

/// The functions of a contract in a state.
pub type Functions<'a> = &'a dyn Fn(&Fork, Address) -> Vec<Function>;

/// What an undisturbed run shows.
#[derive(Clone, Debug, Default)]
pub struct Inferred {
    /// Where claims are held.
    pub ledgers: Vec<Ledger>,
    /// What they are of.
    pub assets: Vec<Asset>,
    /// Whose claims are judged.
    pub accounts: Vec<Address>,
    /// Contracts that the script calls or creates, and the ledgers.
    pub contracts: Vec<Address>,
    /// Other contracts of the state that were there before: their code may be called as well.
    pub around: Vec<Address>,
    /// All ERC-20s of the state, whoever holds them.
    pub tokens: Vec<Address>,
    /// Everybody who may hold something.
    pub candidates: Vec<Address>,
    /// What stays behind.
    pub leftovers: Vec<Leftover>,
    /// Ids that are too many to be judged.
    pub gaps: Vec<Gap>,
    /// Claims that were read.
    pub known: Arc<Memo<Claim>>,
}

impl Inferred {
    /// What rounding may cost in any of the assets, in units of entitlement.
    pub fn tolerance(&self) -> U256 {
        let all = self.assets.iter().map(|asset| asset.tolerance);
        all.max().unwrap_or_default()
    }
}

/// The undisturbed run: states after each step, and what was logged.
#[derive(Debug)]
pub struct Run {
    /// The state before the first step and after each.
    pub forks: Vec<Fork>,
    /// All events.
    pub logs: Vec<Log>,
    /// For each step, the accounts whose ether it changed.
    pub paid: Vec<Vec<Address>>,
    /// Why a step failed: its index and revert data.
    pub failed: Option<(usize, alloy_primitives::Bytes)>,
}

impl Run {
    /// Whether a step writes a cell.
    fn writes(&self, cell: &Cell) -> bool {
        let mut steps = self.forks.windows(2);
        steps.any(|step| step[0].value(cell) != step[1].value(cell))
    }
}

/// Runs a script once.
pub fn run(sender: &mut Sender, start: &Fork, steps: &[Step]) -> Run {
    let mut run = Run {
        forks: vec![start.clone()],
        logs: Vec::new(),
        paid: Vec::new(),
        failed: None,
    };
    let record = Record::new(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let before = &run.forks[index];
        let nonce = (step.to.is_none()).then(|| first_nonce(start, steps, index));
        let sent = sender.send(before, &message_of(step, &record, step.from), nonce);
        if let Some(data) = &sent.failed {
            run.failed = Some((index, data.clone()));
            return run;
        }
        let seen = sent.inside.iter();
        run.logs
            .extend(seen.flat_map(|seen| seen.logs.iter().cloned()));
        let changed = sent.effect.cells().filter(|(_, slot)| slot.is_none());
        let accounts = changed.map(|(account, _)| account);
        let is_paid =
            |account: &Address| ether_of(before, *account) != ether_of(&sent.fork, *account);
        run.paid.push(accounts.filter(is_paid).collect());
        run.forks.push(sent.fork);
    }
    run
}

/// What a call of somebody does in a state.
fn call(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    from: Address,
    to: Address,
    data: Vec<u8>,
) -> Executed {
    let message = Message {
        from,
        to: Some(to),
        data: data.into(),
        value: U256::ZERO,
        gas: TX_GAS_CAP,
    };
    machine.execute(fork.clone(), fork.moment(), &message)
}

/// The ether of an account.
fn ether_of(fork: &Fork, account: Address) -> U256 {
    fork.account(account).map_or(U256::ZERO, |own| own.balance)
}

/// Infers ledgers, accounts and custody, on so many threads.
pub fn infer(
    machine: &mut Machine<Fork>,
    run: &Run,
    steps: &[Step],
    functions: Functions<'_>,
    name: &dyn Fn(Address) -> String,
    threads: NonZeroUsize,
) -> Result<Inferred, SilentView> {
    let (start, end) = (&run.forks[0], run.forks.last().unwrap_or(&run.forks[0]));
    let contracts = script_contracts(run, steps);
    let candidates = people::candidates(run, steps, &contracts);
    // A contract that was there before is custody or code; an account of a person has none.
    let mut people = candidates.clone();
    people.retain(|account| !start.has_code(*account));
    let mut families = family::find(machine, run, steps, &people, name);
    exits::choose(machine, [start, end], &people, &mut families);
    let plain = families.iter().filter(|family| family.ids.is_empty());
    let tokens: Vec<Address> = plain.map(|family| family.contract).collect();
    let moved = custody::moved(machine, run, &families);
    let records = records::Known {
        moved: &moved,
        run,
        steps,
        people: &people,
        families: &families,
        functions,
        name,
    };
    let (records, rests) = records::find(machine, &records);
    families.extend(records);
    let (holdings, known) = Holdings::read([start, end], &people, &families, threads)?;
    let is_paid_out = families.iter().any(|family| family.pays.is_some());
    let ether = ether::flow(run, steps, &people)
        .or_else(|| is_paid_out.then(|| ether::Flow::none(people.len())));
    let sides = Sides::find(&families, &holdings, ether.as_ref());
    let (mut ledgers, mut assets) = sides.ledgers(&families, &holdings, ether.as_ref());
    let wei = |person: usize| [start, end].map(|fork| ether_of(fork, people[person]));
    if ether::is_charged((&ledgers, &assets), &families, &holdings, wei) {
        ledgers.retain(|ledger| !ledger.is_ether());
    }
    if ledgers.is_empty() {
        (ledgers, assets) = watched(machine, run, &people, &families, &holdings)?;
    }
    judge_records(&mut ledgers, &families, &holdings);
    rounding::allow(machine, [start, end], &people, &ledgers, &mut assets);
    let accounts = sides.accounts(&ledgers, &families, &holdings, ether.as_ref(), &people);
    let mut all = contracts.clone();
    let records = ledgers.iter().filter(|ledger| !ledger.is_ether());
    all.extend(records.map(|ledger| ledger.contract));
    all.sort_unstable();
    all.dedup();
    let found = leftovers::Found {
        run,
        contracts: &contracts,
        families: &families,
        holdings: &holdings,
        sides: &sides,
    };
    let mut leftovers = leftovers::find(machine, found, name);
    let judged = (ledgers.as_slice(), &holdings);
    leftovers.extend(records::unknown(&rests, &families, judged, name));
    let mut gaps: Vec<Gap> = families.iter().filter_map(Family::gap).collect();
    gaps.extend(leftovers::given_away(machine, found, &ledgers));
    Ok(Inferred {
        gaps,
        known: known.into(),
        ledgers,
        assets,
        accounts,
        around: around(start, &all),
        tokens,
        contracts: all,
        candidates,
        leftovers,
    })
}

/// Where nobody's balance moves: what people hold is watched where it is, each by itself, where the run writes anything
/// that it depends on. Of what it leaves alone nothing can be learned about the migration.
fn watched(
    machine: &mut Machine<Fork>,
    run: &Run,
    people: &[Address],
    families: &[Family],
    holdings: &Holdings,
) -> Result<(Vec<Ledger>, Vec<Asset>), SilentView> {
    let (mut ledgers, mut assets) = (Vec::new(), Vec::new());
    for (at, family) in families.iter().enumerate() {
        for (book, ledger) in family.books.iter().enumerate() {
            let held = holdings.of(at, book).iter().zip(people);
            let holders = held.filter(|(held, _)| !held.before.recorded.is_zero());
            let holders: Vec<Address> = holders.map(|(_, account)| *account).collect();
            let mut reader = Reader::new(vec![ledger.clone()], holders);
            reader.all(machine, &run.forks[0])?;
            let mut cells = reader.readers.keys();
            if !cells.any(|cell| run.writes(cell)) {
                continue;
            }
            assets.push(Asset {
                name: ledger.name.clone(),
                tolerance: U256::ZERO,
            });
            ledgers.push(Ledger {
                side: Side::Wallet,
                asset: assets.len() - 1,
                ..ledger.clone()
            });
        }
    }
    Ok((ledgers, assets))
}

/// Where nobody can move anything anywhere, before the run or after it, claims are live wherever they are recorded:
/// else there would be nothing to judge.
fn judge_records(ledgers: &mut [Ledger], families: &[Family], holdings: &Holdings) {
    let is_frozen = |ledger: &Ledger| {
        let own = families.iter().position(|family| family.has(ledger));
        own.is_some_and(|at| holdings.is_frozen(at))
    };
    if ledgers.iter().all(is_frozen) {
        for ledger in ledgers {
            (ledger.exit, ledger.gift) = (ExitBy::Always, None);
        }
    }
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
