//! What a stranger may call: every public function, with arguments from a small domain.

use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt, Specifier};
use alloy_json_abi::{Function, StateMutability};
use alloy_primitives::{Address, B256, I256, U256};
use sealift_evm::{Message, TX_GAS_CAP};

use crate::interfaces::calldata;
use crate::model::{ANSWERS_MUCH, ANSWERS_ONE};

/// Calls of one function at most; what is cut off is a named gap.
pub const CALLS_A_FUNCTION: usize = 1_000;

/// Where arguments are taken from, the most telling first.
#[derive(Clone, Debug, Default)]
pub struct Domain {
    /// Holders.
    pub holders: Vec<Address>,
    /// Contracts.
    pub contracts: Vec<Address>,
    /// Amounts seen.
    pub amounts: Vec<U256>,
    /// Words seen.
    pub words: Vec<B256>,
}

/// A function whose arguments were not all tried.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The contract.
    pub contract: Address,
    /// The signature.
    pub function: String,
    /// Why.
    pub reason: String,
}

/// All calls that somebody can make of one contract's functions that may change something.
pub fn calls(
    from: Address,
    contract: Address,
    functions: &[Function],
    domain: &Domain,
    gaps: &mut Vec<Gap>,
) -> Vec<Message> {
    let mut found = Vec::new();
    for function in functions {
        if matches!(
            function.state_mutability,
            StateMutability::Pure | StateMutability::View
        ) {
            continue;
        }
        let mut gap = |reason: String| {
            gaps.push(Gap {
                contract,
                function: function.signature(),
                reason,
            });
        };
        let types: Result<Vec<DynSolType>, _> =
            function.inputs.iter().map(Specifier::resolve).collect();
        let Ok(types) = types else {
            gap("its argument types are not known".into());
            continue;
        };
        let mut choices: Vec<Vec<DynSolValue>> = types
            .iter()
            .map(|kind| values(kind, from, domain, 0))
            .collect();
        let whole: usize = choices.iter().map(Vec::len).fold(1, usize::saturating_mul);
        while choices.iter().map(Vec::len).fold(1, usize::saturating_mul) > CALLS_A_FUNCTION {
            let longest = choices
                .iter_mut()
                .max_by_key(|choice| choice.len())
                .expect("there are arguments");
            longest.pop();
        }
        let tried: usize = choices.iter().map(Vec::len).product();
        if tried < whole {
            gap(format!(
                "{tried} of {whole} combinations of arguments are tried"
            ));
        }
        for combination in 0..tried {
            let mut rest = combination;
            let arguments: Vec<DynSolValue> = choices
                .iter()
                .map(|choice| {
                    let value = choice[rest % choice.len()].clone();
                    rest /= choice.len();
                    value
                })
                .collect();
            let Ok(data) = function.abi_encode_input_raw(&arguments) else {
                continue;
            };
            let values: &[u64] = if function.state_mutability == StateMutability::Payable {
                &[0, 1_000_000_000_000_000_000]
            } else {
                &[0]
            };
            for value in values {
                found.push(Message {
                    from,
                    to: Some(contract),
                    data: calldata(function, &data),
                    value: U256::from(*value),
                    gas: TX_GAS_CAP,
                });
            }
        }
    }
    found
}

fn values(kind: &DynSolType, from: Address, domain: &Domain, depth: usize) -> Vec<DynSolValue> {
    let addresses = || {
        let mut all = vec![from];
        all.extend(domain.holders.iter().take(2));
        all.extend([ANSWERS_MUCH, ANSWERS_ONE]);
        all.extend(domain.contracts.iter().take(8));
        all
    };
    match kind {
        DynSolType::Address => addresses().into_iter().map(DynSolValue::Address).collect(),
        DynSolType::Bool => vec![DynSolValue::Bool(true), DynSolValue::Bool(false)],
        DynSolType::Uint(bits) => {
            let mut all: Vec<U256> = domain.amounts.iter().copied().take(5).collect();
            all.extend([U256::ZERO, U256::ONE, U256::MAX >> (256 - bits)]);
            all.retain(|value| value.bit_len() <= *bits);
            unique(all)
                .into_iter()
                .map(|value| DynSolValue::Uint(value, *bits))
                .collect()
        }
        DynSolType::Int(bits) => {
            let all = [I256::ZERO, I256::ONE, I256::MINUS_ONE];
            all.into_iter()
                .map(|value| DynSolValue::Int(value, *bits))
                .collect()
        }
        DynSolType::FixedBytes(size) => {
            let mut all = vec![B256::ZERO];
            all.extend(domain.words.iter().take(4));
            unique(all)
                .into_iter()
                .map(|word| DynSolValue::FixedBytes(word, *size))
                .collect()
        }
        DynSolType::Bytes => {
            let holder = domain.holders.first().copied().unwrap_or(from);
            let amount = domain.amounts.first().copied().unwrap_or(U256::ONE);
            let pair = [
                holder.into_word().to_vec(),
                amount.to_be_bytes::<32>().to_vec(),
            ]
            .concat();
            vec![
                DynSolValue::Bytes(Vec::new()),
                DynSolValue::Bytes(holder.into_word().to_vec()),
                DynSolValue::Bytes(pair),
                DynSolValue::Bytes(from.into_word().to_vec()),
            ]
        }
        DynSolType::String => vec![DynSolValue::String(String::new())],
        DynSolType::Array(inner) => {
            let mut all = vec![DynSolValue::Array(Vec::new())];
            if depth < 3 {
                let some = values(inner, from, domain, depth + 1).into_iter().take(4);
                let some: Vec<DynSolValue> = some.collect();
                let once = some.iter().map(|value| vec![value.clone()]);
                // What is named twice may count twice.
                let twice = some.iter().skip(1).take(2);
                let twice = twice.map(|value| vec![value.clone(), value.clone()]);
                all.extend(once.chain(twice).map(DynSolValue::Array));
            }
            all
        }
        DynSolType::FixedArray(inner, size) => {
            let all = values(inner, from, domain, depth + 1).into_iter().take(4);
            all.map(|value| DynSolValue::FixedArray(vec![value; *size]))
                .collect()
        }
        DynSolType::Tuple(inner) => {
            let choices: Vec<Vec<DynSolValue>> = inner
                .iter()
                .map(|kind| values(kind, from, domain, depth + 1))
                .collect();
            let longest = choices.iter().map(Vec::len).max().unwrap_or(1);
            // One field after the other away from the first choice, which is the most telling one.
            let first: Vec<DynSolValue> = choices.iter().map(|choice| choice[0].clone()).collect();
            let mut all = vec![DynSolValue::Tuple(first.clone())];
            for (field, choice) in choices.iter().enumerate() {
                for value in choice.iter().skip(1).take(longest) {
                    let mut tuple = first.clone();
                    tuple[field] = value.clone();
                    all.push(DynSolValue::Tuple(tuple));
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

fn unique<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    all.into_iter().fold(Vec::new(), |mut kept, value| {
        if !kept.contains(&value) {
            kept.push(value);
        }
        kept
    })
}
