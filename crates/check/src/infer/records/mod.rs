//! Records: claims that are in no token. What the views of a contract say of people must move as what it holds moves.

mod exit;
mod question;

use std::collections::BTreeSet;

use alloy_json_abi::Function;
use alloy_primitives::{Address, U256};
use sealift_evm::{Ending, Machine};

use self::question::{
    Answers, Key, Question, amount, figures, gains, has_inputs, is_account, is_id, is_number,
    only_answers, sum, width,
};
use super::custody::{Custody, Unit};
use super::family::{Became, Family, MAX_IDS, words};
use super::{Functions, Leftover, Run, call};
use crate::fork::Fork;
use crate::input::Step;
use crate::interfaces::selector_of;
use crate::ledger::{Ask, ExitBy, Figure, Ledger, NOBODY, Side, View};

/// Words of an answer that are looked at.
const WORDS: usize = 12;
/// Views of one contract that are asked.
const VIEWS: usize = 64;
/// Numbers that are tried beside an account, as that of a pool.
const KEYS: usize = 8;
/// The first ids, which are tried beside those in calldata.
const FIRST_IDS: u64 = 33;

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

/// What is found: where claims are recorded that move with what is held.
#[derive(Clone, Debug)]
struct Match {
    question: Question,
    figure: Figure,
    /// What each person, or each id, has got.
    gains: Vec<U256>,
}

/// Finds records on both sides of what moves from contract to contract, and how claims are taken out of them.
pub(super) fn find(machine: &mut Machine<Fork>, known: &Known<'_>) -> Vec<Family> {
    let mut found: Vec<Family> = Vec::new();
    for custody in known.moved {
        for (contract, gained) in &custody.gained {
            let is_token = |at: &Address| known.families.iter().any(|own| own.contract == *at);
            if is_token(contract) {
                continue;
            }
            let of_accounts = Search::accounts(known, machine, custody, *contract, *gained);
            let families = match of_accounts {
                families if families.is_empty() => {
                    Search::ids(known, machine, custody, *contract, *gained)
                }
                families => families,
            };
            for family in families {
                let book = &family.books[0];
                let mut same = found.iter().map(|own| &own.books[0]);
                if !same.any(|own| own.contract == book.contract && own.view == book.view) {
                    found.push(family);
                }
            }
        }
    }
    found
}

/// What contracts got of which nobody has a claim that was found: who is owed it is not judged.
pub(super) fn unknown(
    moved: &[Custody],
    families: &[Family],
    ledgers: &[Ledger],
    name: &dyn Fn(Address) -> String,
) -> Vec<Leftover> {
    let mut found = Vec::new();
    for custody in moved {
        for (contract, gained) in &custody.gained {
            if ledgers.iter().any(|own| own.contract == *contract) {
                continue;
            }
            let what = match custody.unit {
                Unit::Token(at) => families[at].books[0].name.clone(),
                Unit::Collection(_) => "ids".to_owned(),
                Unit::Ether => "wei".to_owned(),
            };
            found.push(Leftover {
                asset: what,
                holder: name(*contract),
                amount: *gained,
                stays: false,
            });
        }
    }
    found
}

/// A search for the records behind what one contract got.
struct Search<'a, 'k> {
    known: &'a Known<'k>,
    custody: &'a Custody,
}

impl<'a, 'k> Search<'a, 'k> {
    /// Records that are asked for by account.
    fn accounts(
        known: &'a Known<'k>,
        machine: &mut Machine<Fork>,
        custody: &'a Custody,
        contract: Address,
        gained: U256,
    ) -> Vec<Family> {
        let search = Self { known, custody };
        if matches!(custody.unit, Unit::Collection(_)) {
            return Vec::new();
        }
        let answers = search.by_account(machine, contract);
        let successor = answers.iter().find_map(|(question, answers)| {
            figures(answers).find_map(|figure| {
                let gains = gains(answers, figure)?;
                (sum(&gains) == gained).then(|| Match {
                    question: question.clone(),
                    figure,
                    gains,
                })
            })
        });
        let Some(successor) = successor else {
            return Vec::new();
        };
        let mut families = Vec::new();
        for (from, _) in &custody.lost {
            if known.families.iter().any(|own| own.contract == *from) {
                continue;
            }
            let mut answers = search.by_account(machine, *from);
            // The view of the same name first.
            answers.sort_by_key(|(question, _)| !question.is_like(&successor.question));
            let legacy = answers.iter().find_map(|(question, answers)| {
                let same = Some(successor.figure).filter(|_| question.is_like(&successor.question));
                let mut choices = same.into_iter().chain(figures(answers));
                let fits = |figure: &Figure| {
                    let mut all = answers.iter().zip(&successor.gains);
                    all.all(|(answer, gain)| {
                        gain.is_zero() || amount(&answer[0], *figure) == Some(*gain)
                    })
                };
                Some((question.clone(), choices.find(fits)?))
            });
            if let Some((question, figure)) = legacy {
                families.push(search.of_accounts(machine, *from, &question, figure));
                break;
            }
        }
        let successor =
            search.of_accounts(machine, contract, &successor.question, successor.figure);
        for legacy in &mut families {
            legacy.became = Some(search.became(&successor));
        }
        families.push(successor);
        families
    }

    /// Records that are asked for by id.
    fn ids(
        known: &'a Known<'k>,
        machine: &mut Machine<Fork>,
        custody: &'a Custody,
        contract: Address,
        gained: U256,
    ) -> Vec<Family> {
        let search = Self { known, custody };
        let mut ids: BTreeSet<U256> = (0..FIRST_IDS).map(U256::from).collect();
        ids.extend(words(known.steps));
        let ids: Vec<U256> = ids.into_iter().collect();
        for function in search.views(contract) {
            if !has_inputs(&function, &[is_id]) {
                continue;
            }
            let answers = search.by_id(machine, contract, &function, &ids);
            for view in search.owned(&answers) {
                let moved = answers.iter().map(|answer| match &view {
                    Owned::Id => search.gained(answer, |words| {
                        let owner = words.first().is_some_and(|word| search.is_person(word));
                        Some(U256::from(owner))
                    }),
                    Owned::Amount(figure) => search.gained(answer, |words| {
                        let owner = words.get(figure.owner?)?;
                        if !search.is_person(owner) {
                            return Some(U256::ZERO);
                        }
                        amount(words, *figure)
                    }),
                });
                let Some(moved) = moved.collect::<Option<Vec<U256>>>() else {
                    continue;
                };
                if sum(&moved) != gained {
                    continue;
                }
                let held: Vec<U256> = ids
                    .iter()
                    .zip(&moved)
                    .filter(|(_, moved)| !moved.is_zero())
                    .map(|(id, _)| *id)
                    .collect();
                let lost = custody.lost.iter().map(|(from, _)| *from);
                let has_it = |from: &Address| {
                    let mut all = search.views(*from).into_iter();
                    all.any(|own| selector_of(&own) == selector_of(&function))
                };
                let mut lost = lost.filter(has_it);
                let successor = search.of_ids(machine, contract, &function, &view, &held);
                let legacy = lost.next().map(|from| Family {
                    became: Some(search.became(&successor)),
                    ..search.of_ids(machine, from, &function, &view, &held)
                });
                return legacy.into_iter().chain([successor]).collect();
            }
        }
        Vec::new()
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

    /// What the views of a contract say of each person.
    fn by_account(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
    ) -> Vec<(Question, Vec<Answers>)> {
        let mut questions = Vec::new();
        for function in self.views(contract) {
            let numbers = || self.keys().map(Key::Word);
            let ask = |place: usize| {
                let function = &function;
                move |key: Key| Question::new(function, place, Some(key))
            };
            if has_inputs(&function, &[is_account]) {
                questions.push(Question::new(&function, 0, None));
            } else if has_inputs(&function, &[is_account, is_number]) {
                questions.extend(numbers().map(ask(0)));
            } else if has_inputs(&function, &[is_number, is_account]) {
                questions.extend(numbers().map(ask(1)));
            } else if has_inputs(&function, &[is_account, is_account]) {
                questions.extend(self.token().map(ask(0)));
                questions.extend(self.token().map(ask(1)));
            }
        }
        let mut found = Vec::new();
        for question in questions {
            let people = self.known.people.iter();
            let answers: Option<Vec<Answers>> = people
                .map(|who| {
                    let data = question.ask.with(*who, U256::ZERO);
                    self.answers(machine, contract, data.to_vec())
                })
                .collect();
            found.extend(answers.map(|answers| (question, answers)));
        }
        found
    }

    /// What a view says of each id; of one that it does not know, nothing.
    fn by_id(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        function: &Function,
        ids: &[U256],
    ) -> Vec<Answers> {
        let data = |id: &U256| [&selector_of(function), id.to_be_bytes::<32>().as_slice()].concat();
        let answers = ids.iter().map(|id| {
            let answers = self.answers(machine, contract, data(id));
            answers.unwrap_or_default()
        });
        answers.collect()
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

    /// Small numbers that the script names, and 0.
    fn keys(&self) -> impl Iterator<Item = U256> {
        let small = words(self.known.steps).filter(|word| word.bit_len() <= 32);
        let all: BTreeSet<U256> = small.chain([U256::ZERO]).collect();
        all.into_iter().take(KEYS)
    }

    /// How records by id may name an owner and an amount.
    fn owned(&self, answers: &[Answers]) -> Vec<Owned> {
        if matches!(self.custody.unit, Unit::Collection(_)) {
            return vec![Owned::Id];
        }
        let width = width(answers);
        let is_owner = |at: &usize| {
            let words = answers.iter().filter_map(|answer| answer[1].get(*at));
            let mut known = words.filter(|word| !word.is_zero()).peekable();
            known.peek().is_some() && known.all(|word| self.is_person(word))
        };
        let owners: Vec<usize> = (0..width).filter(is_owner).collect();
        let with = |owner: usize| {
            let all = figures(answers).map(move |figure| Figure {
                owner: Some(owner),
                ..figure
            });
            all.map(Owned::Amount).collect::<Vec<_>>()
        };
        owners.into_iter().flat_map(with).collect()
    }

    fn of_accounts(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        question: &Question,
        figure: Figure,
    ) -> Family {
        let beside = match question.key {
            None => String::new(),
            Some(Key::Word(word)) => format!("({word})"),
            Some(Key::Token(token)) => format!("({})", (self.known.name)(token)),
        };
        let name = (self.known.name)(contract);
        let mut ledger = Ledger {
            name: format!("{name}.{}{beside}", question.function.name),
            view: View::Record(question.ask.clone(), figure),
            exit: ExitBy::Always,
            gift: None,
            ..Ledger::erc20(String::new(), contract, Side::Legacy)
        };
        self.choose_exit(machine, &mut ledger, question.key);
        Family::token(ledger)
    }

    fn of_ids(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        function: &Function,
        view: &Owned,
        ids: &[U256],
    ) -> Family {
        let left_out = ids.len().saturating_sub(MAX_IDS);
        let ids: Vec<U256> = ids.iter().take(MAX_IDS).copied().collect();
        let name = (self.known.name)(contract);
        let books = ids.iter().map(|id| {
            let ask = Ask {
                data: [&selector_of(function), id.to_be_bytes::<32>().as_slice()]
                    .concat()
                    .into(),
                ..Ask::default()
            };
            let shown = match id.bit_len() {
                0..=64 => id.to_string(),
                _ => format!("{:#x}..", *id >> 224),
            };
            let mut ledger = Ledger {
                name: format!("{name}.{} #{shown}", function.name),
                view: match view {
                    Owned::Id => View::Owner(ask),
                    Owned::Amount(figure) => View::Record(ask, *figure),
                },
                exit: ExitBy::Always,
                gift: None,
                ..Ledger::erc20(String::new(), contract, Side::Legacy)
            };
            self.choose_exit(machine, &mut ledger, Some(Key::Word(*id)));
            ledger
        });
        Family {
            books: books.collect(),
            ids,
            left_out,
            contract,
            pays: None,
            became: None,
        }
    }
}

/// What a record by id is of.
#[derive(Clone, Copy, Debug)]
enum Owned {
    /// The id itself: the first word says whose it is.
    Id,
    /// An amount.
    Amount(Figure),
}
