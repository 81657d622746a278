//! Records: claims that are in no token. What the views of a contract say of people must move as what it holds moves.

mod accounts;
mod exit;
mod ids;
mod question;

use alloy_json_abi::Function;
use alloy_primitives::{Address, U256};
use sealift_evm::{Ending, Machine};

use self::accounts::whole;
use self::question::{Answers, Key, only_answers};
use super::custody::{Custody, Unit};
use super::family::{Became, Family, Held, Holdings};
use super::{Functions, Leftover, Run, call};
use crate::fork::Fork;
use crate::input::Step;
use crate::ledger::{Ledger, NOBODY};

/// Words of an answer that are looked at.
const WORDS: usize = 12;
/// Views of one contract that are asked.
const VIEWS: usize = 64;

/// What is known of a run before its records are looked for.
pub(super) struct Known<'a> {
    pub(super) run: &'a Run,
    pub(super) steps: &'a [Step],
    pub(super) people: &'a [Address],
    /// Tokens and collections.
    pub(super) families: &'a [Family],
    /// What moved from contract to contract of these, and of ether.
    pub(super) moved: &'a [Custody],
    pub(super) functions: Functions<'a>,
    pub(super) name: &'a dyn Fn(Address) -> String,
}

/// What a contract got of which nobody has a claim that was found.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    pub(super) unit: Unit,
    pub(super) contract: Address,
    pub(super) amount: U256,
    /// Whether claims were found on some of what it got.
    pub(super) is_part: bool,
}

/// Finds records on both sides of what moves from contract to contract, and how claims are taken out of them; with them
/// comes what they leave unexplained.
pub(super) fn find(machine: &mut Machine<Fork>, known: &Known<'_>) -> (Vec<Family>, Vec<Rest>) {
    let mut found: Vec<Family> = Vec::new();
    let mut rests = Vec::new();
    for custody in known.moved {
        for (contract, gained) in &custody.gained {
            let mut tokens = known.families.iter();
            let search = Search { known, custody };
            let (families, amount) = match tokens.any(|own| own.contract == *contract) {
                true => (Vec::new(), *gained),
                false => search.claims(machine, *contract, *gained),
            };
            if !amount.is_zero() {
                rests.push(Rest {
                    unit: custody.unit,
                    contract: *contract,
                    amount,
                    is_part: !families.is_empty(),
                });
            }
            for family in families {
                let book = &family.books[0];
                let mut same = found.iter().map(|own| &own.books[0]);
                if !same.any(|own| own.contract == book.contract && own.view == book.view) {
                    found.push(family);
                }
            }
        }
    }
    (found, rests)
}

/// What contracts got of which nobody has a claim that was found: who is owed it is not judged. What shares are worth as
/// much as is theirs, wherever a vault keeps it.
pub(super) fn unknown(
    rests: &[Rest],
    families: &[Family],
    (ledgers, holdings): (&[Ledger], &Holdings),
    name: &dyn Fn(Address) -> String,
) -> Vec<Leftover> {
    let is_judged = |book: &Ledger| {
        let mut own = ledgers.iter();
        book.price.is_some() && own.any(|own| own.contract == book.contract)
    };
    let shares = families.iter().enumerate().flat_map(|(at, family)| {
        let books = family.books.iter().enumerate();
        let judged = books.filter(|(_, book)| is_judged(book));
        judged.map(move |(book, _)| holdings.of(at, book))
    });
    let worth = |held: &[Held]| {
        let all = held.iter().map(|own| own.after.worth);
        all.fold(U256::ZERO, U256::saturating_add)
    };
    let worths: Vec<U256> = shares.map(worth).collect();
    // Each share is rounded.
    let slack = U256::from(2 * holdings.people);
    let mut found = Vec::new();
    for rest in rests {
        let is_shared = matches!(rest.unit, Unit::Token(_))
            && worths
                .iter()
                .any(|worth| worth.abs_diff(rest.amount) <= slack);
        let has_ledger = ledgers.iter().any(|own| own.contract == rest.contract);
        if is_shared || (has_ledger && !rest.is_part) {
            continue;
        }
        found.push(Leftover {
            asset: match rest.unit {
                Unit::Token(at) => families[at].books[0].name.clone(),
                Unit::Collection(_) => "ids".to_owned(),
                Unit::Ether => "wei".to_owned(),
            },
            holder: name(rest.contract),
            amount: rest.amount,
            stays: false,
        });
    }
    found
}

/// A search for the records behind what one contract got.
struct Search<'a, 'k> {
    known: &'a Known<'k>,
    custody: &'a Custody,
}

impl<'k> Search<'_, 'k> {
    /// The records behind what a contract got, and how much of it they leave unexplained. They explain all of it, or
    /// they are what holders can take out, unit for unit.
    fn claims(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        gained: U256,
    ) -> (Vec<Family>, U256) {
        let none = U256::ZERO;
        if matches!(self.custody.unit, Unit::Collection(_)) {
            let families = self.ids(machine, contract, gained);
            let rest = if families.is_empty() { gained } else { none };
            return (families, rest);
        }
        let matches = self.matches(machine, contract, gained);
        if let Some(whole) = whole(&matches, gained) {
            let (families, explained) = self.of_matches(machine, contract, &whole);
            if explained == gained {
                return (families, none);
            }
        }
        let families = self.ids(machine, contract, gained);
        if !families.is_empty() {
            return (families, none);
        }
        let part = self.paid_out(machine, contract, matches, gained);
        let (mut families, explained) = self.of_matches(machine, contract, &part);
        let rest = gained - explained;
        let of_ids = match families.is_empty() || rest.is_zero() {
            true => Vec::new(),
            false => self.ids(machine, contract, rest),
        };
        let rest = if of_ids.is_empty() { rest } else { none };
        families.extend(of_ids);
        (families, rest)
    }

    fn ends(&self) -> [&'k Fork; 2] {
        let forks = &self.known.run.forks;
        [&forks[0], forks.last().unwrap_or(&forks[0])]
    }

    fn became(&self, successor: &Family) -> Became {
        Became {
            first: successor.first(),
            unit: self.custody.unit,
        }
    }

    fn is_person(&self, word: &U256) -> bool {
        let account = Address::from_word((*word).into());
        word.bit_len() <= 160 && self.known.people.binary_search(&account).is_ok()
    }

    fn gained(&self, answer: &Answers, of: impl Fn(&Vec<U256>) -> Option<U256>) -> Option<U256> {
        let [before, after] = [&answer[0], &answer[1]].map(|words| match words.is_empty() {
            true => Some(U256::ZERO),
            false => of(words),
        });
        after?.checked_sub(before?)
    }

    /// Functions of a contract that only answer.
    fn views(&self, contract: Address) -> Vec<Function> {
        let mut all = (self.known.functions)(self.ends()[1], contract);
        all.retain(only_answers);
        all.truncate(VIEWS);
        all
    }

    /// The answer to a call at both ends; nothing where there is no contract yet, `None` where one does not answer.
    fn answers(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        data: Vec<u8>,
    ) -> Option<Answers> {
        let [start, end] = self.ends();
        let mut ask = |fork: &Fork| {
            if !fork.has_code(contract) {
                return Some(Vec::new());
            }
            match call(machine, fork, NOBODY, contract, data.clone()).ending {
                Ending::Returned(data) if data.len() >= 32 => {
                    let words = data.chunks_exact(32).take(WORDS);
                    Some(words.map(U256::from_be_slice).collect())
                }
                _ => None,
            }
        };
        Some([ask(start)?, ask(end)?])
    }

    /// The token that is held.
    fn token(&self) -> Option<Key> {
        let Unit::Token(at) = self.custody.unit else {
            return None;
        };
        Some(Key::Token(self.known.families[at].contract))
    }
}
