//! Records that are asked for by id.

use std::collections::BTreeSet;

use alloy_json_abi::Function;
use alloy_primitives::{Address, U256};
use sealift_evm::Machine;

use super::Search;
use super::question::{Answers, Key, amount, figures, has_inputs, is_id, sum, width};
use crate::fork::Fork;
use crate::infer::custody::Unit;
use crate::infer::family::{Family, MAX_IDS, words};
use crate::interfaces::selector_of;
use crate::ledger::{Ask, ExitBy, Figure, Ledger, Side, View};

/// The first ids, which are tried beside those in calldata.
const FIRST_IDS: u64 = 33;

/// What a record by id is of.
#[derive(Clone, Copy, Debug)]
enum Owned {
    /// The id itself: the first word says whose it is.
    Id,
    /// An amount.
    Amount(Figure),
}

impl Search<'_, '_> {
    /// Records that are asked for by id.
    pub(super) fn ids(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        gained: U256,
    ) -> Vec<Family> {
        let mut ids: BTreeSet<U256> = (0..FIRST_IDS).map(U256::from).collect();
        ids.extend(words(self.known.steps));
        let ids: Vec<U256> = ids.into_iter().collect();
        for function in self.views(contract) {
            if !has_inputs(&function, &[is_id]) {
                continue;
            }
            let answers = self.by_id(machine, contract, &function, &ids);
            let column = self.column_of_token(&answers);
            let is_of_token = |words: &[U256]| match column {
                Some((at, token)) => words.get(at) == Some(&token),
                None => true,
            };
            for view in self.owned(&answers) {
                let units = |words: &Vec<U256>| match &view {
                    Owned::Id => {
                        let owner = words.first().is_some_and(|word| self.is_person(word));
                        Some(U256::from(owner))
                    }
                    Owned::Amount(figure) => {
                        let owner = words.get(figure.owner?)?;
                        if !self.is_person(owner) || !is_of_token(words) {
                            return Some(U256::ZERO);
                        }
                        amount(words, *figure)
                    }
                };
                let moved = answers.iter().map(|answer| self.gained(answer, units));
                let Some(moved) = moved.collect::<Option<Vec<U256>>>() else {
                    continue;
                };
                if sum(&moved) != gained {
                    continue;
                }
                let lost = self.custody.lost.iter().map(|(from, _)| *from);
                let has_it = |from: &Address| {
                    let mut all = self.views(*from).into_iter();
                    all.any(|own| selector_of(&own) == selector_of(&function))
                };
                let from = lost.into_iter().find(has_it);
                let olds = from.map(|from| self.by_id(machine, from, &function, &ids));
                // What the old contract owes at first may be paid out before it can be moved.
                let was_held = |at: usize| {
                    let old = olds.as_ref().and_then(|olds| units(&olds[at][0]));
                    old.is_some_and(|units| !units.is_zero())
                };
                let held: Vec<U256> = ids
                    .iter()
                    .zip(&moved)
                    .enumerate()
                    .filter(|(at, (_, moved))| !moved.is_zero() || was_held(*at))
                    .map(|(_, (id, _))| *id)
                    .collect();
                let successor = self.of_ids(machine, contract, &function, &view, &held);
                let legacy = from.map(|from| Family {
                    became: Some(self.became(&successor)),
                    ..self.of_ids(machine, from, &function, &view, &held)
                });
                let mut known = legacy.iter();
                if known.any(|legacy| self.is_history(machine, legacy)) {
                    return Vec::new();
                }
                return legacy.into_iter().chain([successor]).collect();
            }
        }
        Vec::new()
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

    /// Where records by id name the token that they are of, and its address.
    fn column_of_token(&self, answers: &[Answers]) -> Option<(usize, U256)> {
        let token = self.token()?.word();
        let is_it = |at: &usize| {
            let mut words = answers.iter().filter_map(|answer| answer[1].get(*at));
            words.any(|word| *word == token)
        };
        let column = (0..width(answers)).find(is_it)?;
        Some((column, token))
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
        let mut books: Vec<Ledger> = books.collect();
        share_exit(&mut books, &ids);
        Family {
            books,
            ids,
            left_out,
            contract,
            pays: None,
            became: None,
        }
    }
}

/// What has no exit of its own has that of the first other id: nobody had it when exits were tried.
fn share_exit(books: &mut [Ledger], ids: &[U256]) {
    let mut all = books.iter().zip(ids);
    let known = all.find_map(|(book, id)| match &book.exit {
        ExitBy::Call(ask) => Some((ask.clone(), book.lock_secs, *id)),
        _ => None,
    });
    let Some((ask, lock_secs, known)) = known else {
        return;
    };
    for (book, id) in books.iter_mut().zip(ids) {
        if book.exit == ExitBy::Always {
            (book.exit, book.lock_secs) = (ExitBy::Call(ask.of_id(known, *id)), lock_secs);
        }
    }
}
