//! Records that are asked for by account.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};
use sealift_evm::Machine;

use super::Search;
use super::question::{
    Answers, Key, Question, amount, figures, gains, has_inputs, is_account, is_number, sum,
};
use crate::fork::Fork;
use crate::infer::family::{Family, words};
use crate::ledger::{ExitBy, Figure, Ledger, Side, View};

/// Numbers that are tried beside an account, as that of a pool.
const KEYS: usize = 16;

/// What is found: where claims are recorded that move with what is held.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) question: Question,
    pub(super) figure: Figure,
    /// What each person has got.
    pub(super) gains: Vec<U256>,
}

impl Match {
    /// Where a contract that gave what is held has recorded the same before: of each who got something, as much.
    fn was(&self, answers: &[(Question, Vec<Answers>)]) -> Option<(Question, Figure)> {
        let mut answers: Vec<&(Question, Vec<Answers>)> = answers.iter().collect();
        // The view of the same name first.
        answers.sort_by_key(|(question, _)| !question.is_like(&self.question));
        answers.into_iter().find_map(|(question, answers)| {
            let same = Some(self.figure).filter(|_| question.is_like(&self.question));
            let mut choices = same.into_iter().chain(figures(answers));
            let fits = |figure: &Figure| {
                let mut all = answers.iter().zip(&self.gains);
                all.all(|(answer, gain)| {
                    gain.is_zero() || amount(&answer[0], *figure) == Some(*gain)
                })
            };
            Some((question.clone(), choices.find(fits)?))
        })
    }
}

/// What explains all that was got: one view, or one view by several numbers.
pub(super) fn whole(matches: &[Match], gained: U256) -> Option<Vec<Match>> {
    let got = |own: &Match| sum(&own.gains);
    if let Some(one) = matches.iter().find(|own| got(own) == gained) {
        return Some(vec![one.clone()]);
    }
    matches.iter().find_map(|first| {
        let is_one_of = |own: &&Match| {
            own.figure == first.figure && own.question.is_but_for_its_key(&first.question)
        };
        let group = matches.iter().filter(is_one_of);
        let all = group.clone().map(got);
        let all = all.fold(U256::ZERO, U256::saturating_add);
        (all == gained).then(|| group.cloned().collect())
    })
}

impl Search<'_, '_> {
    /// What views say of people that moves as what is held, up to what a contract got.
    pub(super) fn matches(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        gained: U256,
    ) -> Vec<Match> {
        let mut found = Vec::new();
        for (question, answers) in self.by_account(machine, contract) {
            found.extend(figures(&answers).filter_map(|figure| {
                let gains = gains(&answers, figure)?;
                let sum = sum(&gains);
                (!sum.is_zero() && sum <= gained).then(|| Match {
                    question: question.clone(),
                    figure,
                    gains,
                })
            }));
        }
        found
    }

    /// Those of which a call of the holder pays exactly what is recorded, each claim once.
    pub(super) fn paid_out(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        matches: Vec<Match>,
        gained: U256,
    ) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        let mut rest = gained;
        for own in matches {
            let sum = sum(&own.gains);
            let is_known = found.iter().any(|known| known.gains == own.gains);
            if own.figure.less.is_some() || sum > rest || is_known {
                continue;
            }
            let book = self.book(contract, &own.question, own.figure);
            if self.pays_exactly(machine, &book, own.question.key) {
                rest -= sum;
                found.push(own);
            }
        }
        found
    }

    /// The ledgers of such records, and those of the same claims in the contracts that gave what is held; and how much they
    /// explain. Where nothing shows what is due of what the old contract says, neither ledger is taken.
    pub(super) fn of_matches(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        matches: &[Match],
    ) -> (Vec<Family>, U256) {
        let is_token = |at: &Address| self.known.families.iter().any(|own| own.contract == *at);
        let lost = self.custody.lost.iter().map(|(from, _)| *from);
        let lost: Vec<Address> = lost.filter(|from| !is_token(from)).collect();
        let mut olds = Vec::new();
        for from in lost.into_iter().filter(|_| !matches.is_empty()) {
            olds.push((from, self.by_account(machine, from)));
        }
        let (mut families, mut explained) = (Vec::new(), U256::ZERO);
        for own in matches {
            let successor = self.of_accounts(machine, contract, &own.question, own.figure);
            let legacy = olds
                .iter()
                .find_map(|(from, answers)| Some((*from, own.was(answers)?)));
            let legacy = legacy.map(|(from, (question, figure))| Family {
                became: Some(self.became(&successor)),
                ..self.of_accounts(machine, from, &question, figure)
            });
            if let Some(legacy) = legacy {
                if self.is_history(machine, &legacy) {
                    continue;
                }
                families.push(legacy);
            }
            families.push(successor);
            explained = explained.saturating_add(sum(&own.gains));
        }
        (families, explained)
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

    /// Small numbers that the script names, and 0.
    fn keys(&self) -> impl Iterator<Item = U256> {
        let small = words(self.known.steps).filter(|word| word.bit_len() <= 32);
        let all: BTreeSet<U256> = small.chain([U256::ZERO]).collect();
        all.into_iter().take(KEYS)
    }

    fn of_accounts(
        &self,
        machine: &mut Machine<Fork>,
        contract: Address,
        question: &Question,
        figure: Figure,
    ) -> Family {
        let mut ledger = self.book(contract, question, figure);
        self.choose_exit(machine, &mut ledger, question.key);
        Family::token(ledger)
    }

    /// The ledger of such records, live wherever they are recorded.
    fn book(&self, contract: Address, question: &Question, figure: Figure) -> Ledger {
        let beside = match question.key {
            None => String::new(),
            Some(Key::Word(word)) => format!("({word})"),
            Some(Key::Token(token)) => format!("({})", (self.known.name)(token)),
        };
        let name = (self.known.name)(contract);
        Ledger {
            name: format!("{name}.{}{beside}", question.function.name),
            view: View::Record(question.ask.clone(), figure),
            exit: ExitBy::Always,
            gift: None,
            ..Ledger::erc20(String::new(), contract, Side::Legacy)
        }
    }
}
