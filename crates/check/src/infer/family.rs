//! Families: the ledgers of one contract, that may be one for each id, and what people have in them.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::{SolCall, SolEvent, sol};
use sealift_evm::{Ending, Machine, Message, TX_GAS_CAP};

use super::custody::Unit;
use super::{Run, call};
use crate::fork::Fork;
use crate::hostile::Gap;
use crate::input::Step;
use crate::ledger::{
    Ask, Claim, IErc20, IErc1155, Ledger, NOBODY, Reader, Side, SilentView, View, view,
};
use crate::memo::Memo;
use crate::model::Record;
use crate::send::message_of;

sol! {
    /// ERC-165.
    interface IErc165 {
        function supportsInterface(bytes4 id) external view returns (bool);
    }
}

/// What an ERC-721 and an ERC-1155 say that they support.
const ERC721: [u8; 4] = [0x80, 0xac, 0x58, 0xcd];
const ERC1155: [u8; 4] = [0xd9, 0xb6, 0x7a, 0x26];

/// A selector that no function has.
pub(super) const NO_FUNCTION: [u8; 4] = [0xfe, 0xed, 0xfa, 0xce];

/// Ids of a collection that are judged at most; those of which there are more are a named gap.
pub(super) const MAX_IDS: usize = 128;

/// People whose claims are read by one thread at a time.
const A_GROUP: usize = 64;

/// Words of calldata at most that are tried as ids.
const MAX_WORDS: usize = 1_024;

/// The ledgers of one contract.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) contract: Address,
    /// One, or one for each id; all of them legacies of one asset until that is found out.
    pub(super) books: Vec<Ledger>,
    /// The ids of the books, in order; none for a token without ids.
    pub(super) ids: Vec<U256>,
    /// What its exit pays out in ether: units, and the wei for them.
    pub(super) pays: Option<(U256, U256)>,
    /// How many ids are not judged.
    pub(super) left_out: usize,
    /// The records that these became, where that is known.
    pub(super) became: Option<Became>,
}

/// What records became: other ones, or what they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Became {
    /// The contract and the first view of the others.
    pub(super) first: (Address, View),
    /// What they are of.
    pub(super) unit: Unit,
}

impl Family {
    pub(super) fn token(ledger: Ledger) -> Self {
        Self {
            contract: ledger.contract,
            books: vec![ledger],
            ids: Vec::new(),
            pays: None,
            left_out: 0,
            became: None,
        }
    }

    /// Contract and view of the first of its books.
    pub(super) fn first(&self) -> (Address, View) {
        (self.contract, self.books[0].view.clone())
    }

    /// Whether a ledger is one of its books.
    pub(super) fn has(&self, ledger: &Ledger) -> bool {
        let mut books = self.books.iter();
        self.contract == ledger.contract && books.any(|book| book.view == ledger.view)
    }

    /// What is said of ids that are not judged.
    pub(super) fn gap(&self) -> Option<Gap> {
        (self.left_out > 0).then(|| Gap {
            contract: self.contract,
            function: "ids".to_owned(),
            reason: format!("{MAX_IDS} of {} ids are judged", MAX_IDS + self.left_out),
        })
    }
}

/// What somebody has in a ledger, before the first step and after the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) before: Claim,
    pub(super) after: Claim,
}

impl Held {
    /// What it can move at the end and could not at the start.
    pub(super) fn gained(&self) -> U256 {
        self.after.live.saturating_sub(self.before.live)
    }

    /// What it could move at the start and cannot at the end.
    pub(super) fn lost(&self) -> U256 {
        self.before.live.saturating_sub(self.after.live)
    }
}

/// What people have, by family, book and person.
#[derive(Debug)]
pub(super) struct Holdings {
    all: Vec<Vec<Vec<Held>>>,
    /// Of each family, whether nobody can move anything of it at either end.
    frozen: Vec<bool>,
    pub(super) people: usize,
}

impl Holdings {
    /// Reads them on so many threads, and what was found out of claims; neither depends on the threads.
    pub(super) fn read(
        forks: [&Fork; 2],
        people: &[Address],
        families: &[Family],
        threads: NonZeroUsize,
    ) -> Result<(Self, Memo<Claim>), SilentView> {
        let groups: Vec<&[Address]> = people.chunks(A_GROUP).collect();
        let threads = threads.get().min(groups.len()).max(1);
        let of_thread = |first: usize| -> Vec<(usize, Result<Group, SilentView>)> {
            let mut machine = Machine::new(forks[0].moment().chain_id);
            let groups = groups.iter().enumerate().skip(first).step_by(threads);
            let read =
                groups.map(|(at, people)| (at, group(&mut machine, forks, people, families)));
            read.collect()
        };
        let mut parts = std::thread::scope(|scope| {
            let others = (1..threads).map(|first| scope.spawn(move || of_thread(first)));
            let others: Vec<_> = others.collect();
            let mut parts = of_thread(0);
            for other in others {
                match other.join() {
                    Ok(part) => parts.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        });
        parts.sort_unstable_by_key(|(at, _)| *at);
        let none = |family: &Family| vec![Vec::new(); family.books.len()];
        let mut all: Vec<Vec<Vec<Held>>> = families.iter().map(none).collect();
        let mut known = Memo::default();
        for (_, part) in parts {
            let (held, of_group) = part?;
            let books = all.iter_mut().flatten();
            books.zip(held).for_each(|(book, held)| book.extend(held));
            known.join(of_group);
        }
        let frozen = all.iter_mut().map(|books| take_frozen(books)).collect();
        let people = people.len();
        let holdings = Self {
            all,
            frozen,
            people,
        };
        Ok((holdings, known))
    }

    /// What people have who have this.
    #[cfg(test)]
    pub(super) fn of_rows(all: Vec<Vec<Vec<Held>>>) -> Self {
        let mut rows = all.iter().flatten();
        let people = rows.next().map_or(0, Vec::len);
        Self {
            frozen: vec![false; all.len()],
            all,
            people,
        }
    }

    /// Whether nobody can move anything of a family at either end; what is recorded is in place of that then.
    pub(super) fn is_frozen(&self, family: usize) -> bool {
        self.frozen[family]
    }

    /// What people have in a book.
    pub(super) fn of(&self, family: usize, book: usize) -> &[Held] {
        &self.all[family][book]
    }

    /// What somebody has in each book of a family.
    pub(super) fn by_book(&self, family: usize, person: usize) -> impl Iterator<Item = &Held> {
        self.all[family].iter().map(move |book| &book[person])
    }

    /// A figure of somebody, over all books of a family.
    pub(super) fn sum(&self, family: usize, person: usize, of: fn(&Held) -> U256) -> U256 {
        let books = self.by_book(family, person);
        books.fold(U256::ZERO, |sum, held| sum.saturating_add(of(held)))
    }
}

/// Where nobody can move anything at either end, what is recorded shows what becomes of it; whether that is so.
fn take_frozen(books: &mut [Vec<Held>]) -> bool {
    let mut all = books.iter().flatten();
    if all.any(|held| !(held.before.live | held.after.live).is_zero()) {
        return false;
    }
    for held in books.iter_mut().flatten() {
        held.before.live = held.before.recorded;
        held.after.live = held.after.recorded;
    }
    true
}

/// What a few people have, book by book, and what was found out of claims.
type Group = (Vec<Vec<Held>>, Memo<Claim>);

/// Reads what a few people have.
fn group(
    machine: &mut Machine<Fork>,
    [start, end]: [&Fork; 2],
    people: &[Address],
    families: &[Family],
) -> Result<Group, SilentView> {
    let (mut all, mut known) = (Vec::new(), Memo::default());
    for family in families {
        for ledger in &family.books {
            let mut reader = Reader::new(vec![ledger.clone()], people.to_vec());
            reader.silence_is_nothing =
                !family.ids.is_empty() || matches!(ledger.view, View::Record(..));
            reader.known = known;
            let held = (0..people.len() as u32).map(|person| {
                // A contract that the script makes is no token yet at the start.
                Ok(Held {
                    before: reader.claim(machine, start, person)?,
                    after: reader.claim(machine, end, person)?,
                })
            });
            all.push(held.collect::<Result<Vec<Held>, SilentView>>()?);
            known = reader.known;
        }
    }
    Ok((all, known))
}

/// All that is found in the state after the run: tokens first, then collections, each in order of address.
pub(super) fn find(
    machine: &mut Machine<Fork>,
    run: &Run,
    steps: &[Step],
    people: &[Address],
    name: &dyn Fn(Address) -> String,
) -> Vec<Family> {
    let end = run.forks.last().unwrap_or(&run.forks[0]);
    let (mut tokens, mut collections) = (Vec::new(), Vec::new());
    for contract in end.contracts() {
        if supports(machine, end, contract, ERC721)
            || logs_ids(&run.logs, contract, Standard::Erc721)
        {
            collections.push((contract, Standard::Erc721));
        } else if supports(machine, end, contract, ERC1155)
            || logs_ids(&run.logs, contract, Standard::Erc1155)
        {
            collections.push((contract, Standard::Erc1155));
        } else if is_token(machine, end, contract) {
            let ledger = Ledger::erc20(name(contract), contract, Side::Legacy);
            tokens.push(Family::token(ledger));
        }
    }
    if collections.is_empty() {
        return tokens;
    }
    let mut logs = run.logs.clone();
    logs.extend(again(machine, run, steps));
    let logged: BTreeSet<U256> = logs.iter().flat_map(|log| ids_of(log).1).collect();
    for (contract, standard) in collections {
        let own = logs.iter().filter(|log| log.address == contract);
        let mut ids: BTreeSet<U256> = own.flat_map(|log| ids_of(log).1).collect();
        // What another collection logged, or calldata names, may be an id of this one.
        let mut others = logged.clone();
        if standard == Standard::Erc721 {
            others.extend(words(steps));
        }
        for id in others {
            if !ids.contains(&id) && is_held(machine, run, people, contract, standard, id) {
                ids.insert(id);
            }
        }
        let left_out = ids.len().saturating_sub(MAX_IDS);
        let ids: Vec<U256> = ids.into_iter().take(MAX_IDS).collect();
        let named = |id: &U256| Ledger {
            name: format!("{} #{id}", name(contract)),
            ..book(contract, standard, *id)
        };
        tokens.push(Family {
            contract,
            books: ids.iter().map(named).collect(),
            ids,
            pays: None,
            left_out,
            became: None,
        });
    }
    tokens.retain(|family| !family.books.is_empty());
    tokens
}

/// What a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    Erc721,
    Erc1155,
}

fn book(contract: Address, standard: Standard, id: U256) -> Ledger {
    let name = String::new();
    match standard {
        Standard::Erc721 => Ledger::erc721(name, contract, Side::Legacy, id),
        Standard::Erc1155 => Ledger::erc1155(name, contract, Side::Legacy, id),
    }
}

/// Whether somebody has something of an id, before or after the run.
fn is_held(
    machine: &mut Machine<Fork>,
    run: &Run,
    people: &[Address],
    contract: Address,
    standard: Standard,
    id: U256,
) -> bool {
    let book = book(contract, standard, id);
    let ends = [run.forks.first(), run.forks.last()];
    let mut there = ends
        .into_iter()
        .flatten()
        .filter(|fork| book.is_there(fork));
    there.any(|fork| match standard {
        Standard::Erc721 => {
            let owner = asked(machine, fork, contract, Ask::owner_of(id).data.to_vec());
            matches!(owner, Ending::Returned(data) if data.len() == 32
                && people.binary_search(&Address::from_slice(&data[12..])).is_ok())
        }
        Standard::Erc1155 => people.iter().any(|person| {
            let (recorded, _) = view(machine, fork, &book, *person);
            recorded.is_ok_and(|recorded| !recorded.is_zero())
        }),
    })
}

/// The ids that a log moves, and by which standard.
pub(super) fn ids_of(log: &Log) -> (Option<Standard>, Vec<U256>) {
    let topics = log.topics();
    let Some(first) = topics.first() else {
        return (None, Vec::new());
    };
    if *first == IErc20::Transfer::SIGNATURE_HASH && topics.len() == 4 {
        return (Some(Standard::Erc721), vec![topics[3].into()]);
    }
    if let Ok(one) = IErc1155::TransferSingle::decode_log(log) {
        return (Some(Standard::Erc1155), vec![one.id]);
    }
    match IErc1155::TransferBatch::decode_log(log) {
        Ok(batch) => (Some(Standard::Erc1155), batch.data.ids),
        Err(_) => (None, Vec::new()),
    }
}

fn logs_ids(logs: &[Log], contract: Address, standard: Standard) -> bool {
    let mut own = logs.iter().filter(|log| log.address == contract);
    own.any(|log| ids_of(log).0 == Some(standard))
}

/// Words of calldata that may be ids.
pub(super) fn words(steps: &[Step]) -> impl Iterator<Item = U256> {
    let calls = steps.iter().filter(|step| step.to.is_some());
    let words = calls.flat_map(|step| step.data.get(4..).unwrap_or_default().chunks_exact(32));
    let words: BTreeSet<U256> = words.map(U256::from_be_slice).collect();
    words.into_iter().take(MAX_WORDS)
}

/// What is logged when a step is sent again at once, or after all others: a collection that counts gives other ids.
fn again(machine: &mut Machine<Fork>, run: &Run, steps: &[Step]) -> Vec<Log> {
    let record = Record::new(steps.len());
    let mut logs = Vec::new();
    for (step, after) in steps.iter().zip(&run.forks[1..]) {
        if step.to.is_none() {
            continue;
        }
        let message = Message {
            gas: TX_GAS_CAP,
            ..message_of(step, &record, step.from)
        };
        for fork in [Some(after), run.forks.last()].into_iter().flatten() {
            let done = machine.execute(fork.clone(), fork.moment(), &message);
            if done.succeeded() {
                logs.extend(done.logs);
            }
        }
    }
    logs
}

/// Whether a contract says that it supports an interface, and not that it supports every one (ERC-165).
fn supports(machine: &mut Machine<Fork>, fork: &Fork, contract: Address, id: [u8; 4]) -> bool {
    let mut says = |id: [u8; 4]| {
        let id = id.into();
        let data = IErc165::supportsInterfaceCall { id }.abi_encode();
        let answer = asked(machine, fork, contract, data);
        matches!(answer, Ending::Returned(data) if data.len() == 32 && data[31] == 1)
    };
    says(id) && !says([0xff; 4])
}

/// Whether a contract answers as an ERC-20 does.
fn is_token(machine: &mut Machine<Fork>, fork: &Fork, contract: Address) -> bool {
    let ledger = Ledger::erc20(String::new(), contract, Side::Wallet);
    if view(machine, fork, &ledger, NOBODY).0.is_err() {
        return false;
    }
    let supply = asked(
        machine,
        fork,
        contract,
        IErc20::totalSupplyCall {}.abi_encode(),
    );
    let is_word = matches!(&supply, Ending::Returned(data) if data.len() == 32);
    // What answers everything alike is no token.
    let odd = asked(machine, fork, contract, NO_FUNCTION.to_vec());
    is_word && !matches!(odd, Ending::Returned(_))
}

fn asked(machine: &mut Machine<Fork>, fork: &Fork, contract: Address, data: Vec<u8>) -> Ending {
    call(machine, fork, NOBODY, contract, data).ending
}
