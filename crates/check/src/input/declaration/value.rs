//! Signatures, arguments and numbers, from text.

use alloy_dyn_abi::{DynSolType, DynSolValue, Specifier};
use alloy_json_abi::Function;
use alloy_primitives::{U256, hex, keccak256};
use toml::Spanned;

use super::error::DeclarationError;
use super::file::{Argument, Figure};
use super::resolve::Resolver;
use crate::input::number::Number;

/// The most characters of a signature.
const MAX_SIGNATURE: usize = 1_000;

/// A function by name and argument types.
pub(super) struct Signature {
    pub(super) selector: [u8; 4],
    pub(super) types: Vec<DynSolType>,
    pub(super) text: String,
}

impl Resolver<'_> {
    /// Parses `withdraw(uint256)`.
    pub(super) fn signature(&self, text: &Spanned<String>) -> Result<Signature, DeclarationError> {
        let wrong = |reason: String| DeclarationError::Signature {
            signature: text.get_ref().chars().take(80).collect(),
            reason,
            at: self.spot(text.span()),
        };
        if text.get_ref().len() > MAX_SIGNATURE {
            return Err(wrong(format!(
                "it is longer than {MAX_SIGNATURE} characters"
            )));
        }
        if !text.get_ref().contains('(') {
            return Err(wrong("it has no list of arguments".into()));
        }
        let function =
            Function::parse(text.get_ref()).map_err(|_| wrong("it does not parse".into()))?;
        let mut types = Vec::new();
        for input in &function.inputs {
            let kind = input
                .resolve()
                .map_err(|_| wrong(format!("`{}` is no type", input.ty)))?;
            types.push(kind);
        }
        // Not the selector of `function`: it keeps `uint` where `uint256` is meant.
        let names: Vec<_> = types.iter().map(DynSolType::sol_type_name).collect();
        let canonical = format!("{}({})", function.name, names.join(","));
        let hash = keccak256(canonical.as_bytes());
        Ok(Signature {
            selector: [hash[0], hash[1], hash[2], hash[3]],
            types,
            text: canonical,
        })
    }

    /// The value of an argument. Names may stand for addresses.
    pub(super) fn argument(
        &self,
        kind: &DynSolType,
        argument: &Spanned<Argument>,
    ) -> Result<DynSolValue, DeclarationError> {
        let wrong = |reason: Option<String>| DeclarationError::Argument {
            given: shown(argument.get_ref()),
            expected: kind.sol_type_name().into_owned(),
            reason,
            at: self.spot(argument.span()),
        };
        let all = |kinds: &mut dyn Iterator<Item = &DynSolType>, list: &[Spanned<Argument>]| {
            let pairs = kinds.zip(list);
            pairs
                .map(|(kind, item)| self.argument(kind, item))
                .collect::<Result<Vec<_>, _>>()
        };
        let length = |expected: usize, given: usize| {
            let reason = format!("it has {given} elements in place of {expected}");
            match expected == given {
                true => Ok(()),
                false => Err(wrong(Some(reason))),
            }
        };
        match (kind, argument.get_ref()) {
            (DynSolType::Address, Argument::Text(text)) => {
                let at = self.spot(argument.span());
                self.address_at(text, at).map(DynSolValue::Address)
            }
            (DynSolType::Bool, Argument::Flag(flag)) => Ok(DynSolValue::Bool(*flag)),
            (DynSolType::String, Argument::Text(text)) => Ok(DynSolValue::String(text.clone())),
            (DynSolType::Array(inner), Argument::List(list)) => {
                all(&mut std::iter::repeat(&**inner), list).map(DynSolValue::Array)
            }
            (DynSolType::FixedArray(inner, size), Argument::List(list)) => {
                length(*size, list.len())?;
                all(&mut std::iter::repeat(&**inner), list).map(DynSolValue::FixedArray)
            }
            (DynSolType::Tuple(kinds), Argument::List(list)) => {
                length(kinds.len(), list.len())?;
                all(&mut kinds.iter(), list).map(DynSolValue::Tuple)
            }
            (DynSolType::Uint(_) | DynSolType::Int(_), Argument::Text(text)) => kind
                .coerce_str(&text.replace('_', ""))
                .map_err(|_| wrong(None)),
            (DynSolType::Bytes | DynSolType::FixedBytes(_), Argument::Text(text)) => {
                let bytes = hex::decode(text).map_err(|error| wrong(Some(error.to_string())))?;
                match kind {
                    DynSolType::FixedBytes(size) => {
                        if bytes.len() != *size {
                            let given = bytes.len();
                            return Err(wrong(Some(format!("it has {given} bytes"))));
                        }
                        let mut word = [0; 32];
                        word[..*size].copy_from_slice(&bytes);
                        Ok(DynSolValue::FixedBytes(word.into(), *size))
                    }
                    _ => Ok(DynSolValue::Bytes(bytes)),
                }
            }
            (DynSolType::Bool, Argument::Text(text)) => {
                kind.coerce_str(text).map_err(|_| wrong(None))
            }
            _ => Err(wrong(None)),
        }
    }

    /// A whole number.
    pub(super) fn whole(
        &self,
        key: &'static str,
        figure: &Spanned<Figure>,
    ) -> Result<U256, DeclarationError> {
        let text = &figure.get_ref().0;
        let plain = text.replace('_', "");
        let parsed = Number::parse(&plain).or_else(|| {
            // `5e18` and `5 ether`, as in arguments.
            let value = DynSolType::Uint(256).coerce_str(&plain).ok()?;
            value.as_uint().map(|(number, _)| number)
        });
        parsed.ok_or_else(|| DeclarationError::Number {
            key,
            given: text.clone(),
            reason: "it is no whole number of up to 256 bits",
            at: self.spot(figure.span()),
        })
    }

    /// An exact fraction in lowest terms, neither side of it zero.
    pub(super) fn rate(&self, figure: &Spanned<Figure>) -> Result<(U256, U256), DeclarationError> {
        let text = &figure.get_ref().0;
        let wrong = |reason| DeclarationError::Number {
            key: "rate",
            given: text.clone(),
            reason,
            at: self.spot(figure.span()),
        };
        let (above, below) = fraction(text).ok_or_else(|| wrong("it is no number"))?;
        if below.is_zero() {
            return Err(wrong("a number cannot be divided by zero"));
        }
        if above.is_zero() {
            return Err(wrong("a claim that is worth nothing is no claim"));
        }
        let divisor = greatest_common_divisor(above, below);
        Ok((above / divisor, below / divisor))
    }
}

/// `1`, `1/100` or `0.01`.
fn fraction(text: &str) -> Option<(U256, U256)> {
    let text = text.replace('_', "");
    if let Some((above, below)) = text.split_once('/') {
        return Some((Number::parse(above.trim())?, Number::parse(below.trim())?));
    }
    let Some((whole, decimals)) = text.split_once('.') else {
        return Some((Number::parse(&text)?, U256::ONE));
    };
    let is_decimal =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_decimal(whole) || !is_decimal(decimals) {
        return None;
    }
    let below = U256::from(10).checked_pow(U256::from(decimals.len()))?;
    Some((Number::parse(&format!("{whole}{decimals}"))?, below))
}

fn greatest_common_divisor(mut a: U256, mut b: U256) -> U256 {
    while !b.is_zero() {
        (a, b) = (b, a % b);
    }
    a
}

/// An argument in an error.
fn shown(argument: &Argument) -> String {
    match argument {
        Argument::Text(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
        Argument::Flag(flag) => flag.to_string(),
        Argument::List(_) => "a list".to_owned(),
    }
}
