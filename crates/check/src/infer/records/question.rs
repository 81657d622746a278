//! Questions to the views of a contract, and the amounts in what they answer.

use alloy_json_abi::{Function, StateMutability};
use alloy_primitives::{Address, U256};

use crate::interfaces::selector_of;
use crate::ledger::{Ask, Figure};

/// What can be asked of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) function: Function,
    /// The calldata, where it is of accounts.
    pub(super) ask: Ask,
    /// What stands beside the account.
    pub(super) key: Option<Key>,
}

/// What a record is asked for by, beside the account or in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A number, or an id.
    Word(U256),
    /// A token.
    Token(Address),
}

impl Key {
    pub(super) fn word(self) -> U256 {
        match self {
            Self::Word(word) => word,
            Self::Token(token) => token.into_word().into(),
        }
    }
}

/// What a view says of something: before the first step, after the last one.
pub(super) type Answers = [Vec<U256>; 2];

impl Question {
    /// The question whose argument at a place is the account, and any other one the key.
    pub(super) fn new(function: &Function, place: usize, key: Option<Key>) -> Self {
        let mut data = selector_of(function).to_vec();
        let beside = key.map_or(U256::ZERO, Key::word);
        for at in 0..function.inputs.len() {
            let word = if at == place { U256::ZERO } else { beside };
            data.extend(word.to_be_bytes::<32>());
        }
        Self {
            function: function.clone(),
            ask: Ask {
                data: data.into(),
                account: vec![4 + 32 * place],
                amount: Vec::new(),
            },
            key,
        }
    }

    /// Whether it is the same view, asked for by another number.
    pub(super) fn is_but_for_its_key(&self, other: &Self) -> bool {
        self.function == other.function && self.ask.account == other.ask.account
    }

    /// Whether it is the same question to another contract.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.ask == other.ask
    }
}

pub(super) fn is_account(kind: &str) -> bool {
    kind == "address"
}

pub(super) fn is_number(kind: &str) -> bool {
    kind.starts_with("uint") && !kind.ends_with(']')
}

pub(super) fn is_id(kind: &str) -> bool {
    is_number(kind) || kind == "bytes32"
}

pub(super) fn has_inputs(function: &Function, kinds: &[fn(&str) -> bool]) -> bool {
    function.inputs.len() == kinds.len()
        && function
            .inputs
            .iter()
            .zip(kinds)
            .all(|(input, is_it)| is_it(&input.ty))
}

pub(super) fn only_answers(function: &Function) -> bool {
    [StateMutability::View, StateMutability::Pure].contains(&function.state_mutability)
}

/// The calls of a function by a holder: its arguments are the account, the amount, or what stands beside the account.
pub(super) fn asks(function: &Function, key: Option<Key>) -> Vec<Ask> {
    let mut all = vec![Ask {
        data: selector_of(function).to_vec().into(),
        ..Ask::default()
    }];
    for input in &function.inputs {
        let mut next = Vec::new();
        for ask in all {
            let at = ask.data.len();
            let with = |word: U256| Ask {
                data: [ask.data.as_ref(), &word.to_be_bytes::<32>()]
                    .concat()
                    .into(),
                ..ask.clone()
            };
            if is_account(&input.ty) {
                let mut ask = with(U256::ZERO);
                ask.account.push(at);
                next.push(ask);
            }
            if is_number(&input.ty) {
                let mut ask = with(U256::ZERO);
                ask.amount.push(at);
                next.push(ask);
            }
            let fits = match key {
                None => false,
                Some(Key::Word(_)) => is_id(&input.ty),
                Some(Key::Token(_)) => is_account(&input.ty),
            };
            next.extend(key.filter(|_| fits).map(|key| with(key.word())));
        }
        all = next;
    }
    all
}

pub(super) fn width(answers: &[Answers]) -> usize {
    let all = answers.iter().flatten().map(Vec::len);
    all.max().unwrap_or_default()
}

/// Each word, and then each difference of two.
pub(super) fn figures(answers: &[Answers]) -> impl Iterator<Item = Figure> {
    let width = width(answers);
    let single = (0..width).map(|word| Figure {
        word,
        ..Figure::default()
    });
    let pairs = (0..width).flat_map(move |word| {
        let others = (0..width).filter(move |less| *less != word);
        others.map(move |less| Figure {
            word,
            less: Some(less),
            owner: None,
        })
    });
    single.chain(pairs)
}

/// The amount in an answer; of no answer it is nothing.
pub(super) fn amount(words: &[U256], figure: Figure) -> Option<U256> {
    if words.is_empty() {
        return Some(U256::ZERO);
    }
    let less = match figure.less {
        Some(less) => *words.get(less)?,
        None => U256::ZERO,
    };
    Some(words.get(figure.word)?.saturating_sub(less))
}

/// What everybody gets, where nobody loses any.
pub(super) fn gains(answers: &[Answers], figure: Figure) -> Option<Vec<U256>> {
    let all = answers.iter().map(|answer| {
        let [before, after] = [&answer[0], &answer[1]].map(|words| amount(words, figure));
        after?.checked_sub(before?)
    });
    all.collect()
}

pub(super) fn sum(all: &[U256]) -> U256 {
    all.iter()
        .fold(U256::ZERO, |sum, one| sum.saturating_add(*one))
}
