//! What can be wrong in a `check.toml`.

use std::ops::Range;

use alloy_primitives::Address;

use crate::input::spot::{Explain, Spot};

/// Why a declaration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// It is no TOML, or has a key or a value that is not known.
    #[error("{message}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where.
        at: Spot,
    },
    /// A name that cannot be given.
    #[error("`{name}` cannot be a name: {reason}")]
    BadName {
        /// As written.
        name: String,
        /// Why not.
        reason: &'static str,
        /// Where.
        at: Spot,
    },
    /// Neither an address nor a known name.
    #[error("nothing is called `{name}`, and it is no address")]
    Unknown {
        /// As written.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
        /// Where.
        at: Spot,
    },
    /// A name of several contracts.
    #[error("`{name}` is the name of {} contracts: {}", candidates.len(), list(candidates))]
    Ambiguous {
        /// As written.
        name: String,
        /// Their addresses, in order of appearance.
        candidates: Vec<Address>,
        /// Where.
        at: Spot,
    },
    /// An address whose capitals do not fit its digits.
    #[error("the checksum of {address} is wrong")]
    Checksum {
        /// As written.
        address: String,
        /// The capitals that the digits have.
        correct: Address,
        /// Where.
        at: Spot,
    },
    /// Text that is no signature of a function.
    #[error("`{signature}` is no signature of a function: {reason}")]
    Signature {
        /// As written.
        signature: String,
        /// Why not.
        reason: String,
        /// Where.
        at: Spot,
    },
    /// A function that cannot be called in this place.
    #[error("`{signature}` cannot be the `{key}` of a claim: {expected}")]
    Shape {
        /// As written.
        signature: String,
        /// `view` or `exit`.
        key: &'static str,
        /// What its arguments must be.
        expected: &'static str,
        /// Where.
        at: Spot,
    },
    /// More or fewer arguments than the signature has.
    #[error("`{signature}` takes {expected} arguments, {given} are given")]
    Count {
        /// As written.
        signature: String,
        /// By the signature.
        expected: usize,
        /// By `args`.
        given: usize,
        /// Where.
        at: Spot,
    },
    /// An argument that is not of its type.
    #[error("{given} is no `{expected}`{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Argument {
        /// As written.
        given: String,
        /// The type.
        expected: String,
        /// Why not, where that is not plain.
        reason: Option<String>,
        /// Where.
        at: Spot,
    },
    /// Text that is no number, or none that `key` can be.
    #[error("`{key}` cannot be \"{given}\": {reason}")]
    Number {
        /// The key.
        key: &'static str,
        /// As written.
        given: String,
        /// Why not.
        reason: &'static str,
        /// Where.
        at: Spot,
    },
    /// Not one of the things that it can be.
    #[error("`{given}` is no {what}")]
    Choice {
        /// What was to be chosen.
        what: &'static str,
        /// As written.
        given: String,
        /// What it can be.
        options: Vec<String>,
        /// Where.
        at: Spot,
    },
    /// A claim whose keys do not fit each other.
    #[error("{problem}")]
    Claim {
        /// What does not fit.
        problem: &'static str,
        /// What to write.
        next: &'static str,
        /// Where.
        at: Spot,
    },
    /// Neither a signature nor data, or both.
    #[error("{problem}")]
    Call {
        /// What does not fit.
        problem: &'static str,
        /// Where.
        at: Spot,
    },
    /// Data that is not hexadecimal.
    #[error("`data` is not hexadecimal: {reason}")]
    Data {
        /// Why not.
        reason: String,
        /// Where.
        at: Spot,
    },
    /// Something stands twice.
    #[error("`{name}` stands twice as {what}")]
    Twice {
        /// What.
        what: &'static str,
        /// Which.
        name: String,
        /// Where the second is.
        at: Spot,
    },
    /// A list without which there is nothing to do.
    #[error("`{key}` is an empty list")]
    Empty {
        /// The key.
        key: &'static str,
        /// Where.
        at: Spot,
    },
}

fn list(addresses: &[Address]) -> String {
    let all: Vec<_> = addresses.iter().map(Address::to_string).collect();
    all.join(", ")
}

impl DeclarationError {
    /// Where in the file it is.
    pub fn spot(&self) -> &Spot {
        match self {
            Self::Syntax { at, .. }
            | Self::BadName { at, .. }
            | Self::Unknown { at, .. }
            | Self::Ambiguous { at, .. }
            | Self::Checksum { at, .. }
            | Self::Signature { at, .. }
            | Self::Shape { at, .. }
            | Self::Count { at, .. }
            | Self::Argument { at, .. }
            | Self::Number { at, .. }
            | Self::Choice { at, .. }
            | Self::Claim { at, .. }
            | Self::Call { at, .. }
            | Self::Data { at, .. }
            | Self::Twice { at, .. }
            | Self::Empty { at, .. } => at,
        }
    }
}

impl Explain for DeclarationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "sealift::check::declaration",
            Self::BadName { .. }
            | Self::Unknown { .. }
            | Self::Ambiguous { .. }
            | Self::Checksum { .. }
            | Self::Twice { .. } => "sealift::check::name",
            Self::Signature { .. } | Self::Shape { .. } => "sealift::check::signature",
            Self::Count { .. } | Self::Argument { .. } => "sealift::check::argument",
            Self::Number { .. } => "sealift::check::number",
            Self::Choice { .. } | Self::Empty { .. } => "sealift::check::choice",
            Self::Claim { .. } => "sealift::check::claim",
            Self::Call { .. } | Self::Data { .. } => "sealift::check::call",
        }
    }

    fn line(&self) -> Option<usize> {
        Some(self.spot().place.line)
    }

    fn span(&self) -> Option<Range<usize>> {
        Some(self.spot().span.clone())
    }

    fn next(&self) -> String {
        match self {
            Self::Syntax { .. } => "correct this line".to_owned(),
            Self::BadName { .. } => "give another name".to_owned(),
            Self::Unknown {
                nearest: Some(nearest),
                ..
            } => format!("write `{nearest}` if that is meant, or add it to [names]"),
            Self::Unknown { name, .. } => {
                let is_address = name.starts_with("0x");
                match is_address {
                    true => "an address has 40 hexadecimal digits after 0x".to_owned(),
                    false => format!("add it to [names]: {name} = \"0x..\""),
                }
            }
            Self::Ambiguous { name, .. } => format!(
                "write `{name}#1` for the first of them, or give the one that is meant a name of its own in [names]"
            ),
            Self::Checksum { correct, .. } => {
                format!("if the digits are right, write {correct}")
            }
            Self::Signature { .. } => {
                "write the name and the types of the arguments: `transfer(address,uint256)`".to_owned()
            }
            Self::Shape { expected, .. } => format!("name another function: {expected}"),
            Self::Count { expected, .. } => match expected {
                0 => "remove `args`".to_owned(),
                n => format!("write {n} arguments into `args`"),
            },
            Self::Argument { expected, .. } => example(expected),
            Self::Number { key, .. } => match *key {
                "rate" => "write units of entitlement a unit as a whole number, a decimal or a fraction: \"1\", \"0.01\", \"1/100\"",
                "wait_secs" => "write the seconds as a whole number: 2592000 are thirty days",
                _ => "write a whole number, in quotes where it is long: \"500000000000000000000\"",
            }
            .to_owned(),
            Self::Choice { what, options, .. } => match options.as_slice() {
                [] => format!("there is no {what} to choose"),
                options => format!("write one of: {}", options.join(", ")),
            },
            Self::Claim { next, .. } => (*next).to_owned(),
            Self::Call { .. } => {
                "write `call = \"pause()\"` with its `args`, or `data = \"0x..\"`".to_owned()
            }
            Self::Data { .. } => "write an even number of hexadecimal digits after 0x".to_owned(),
            Self::Twice { .. } => "rename or remove one of them".to_owned(),
            Self::Empty { key, .. } => format!("name at least one, or remove `{key}`"),
        }
    }
}

/// How an argument of a type is written.
fn example(kind: &str) -> String {
    match kind {
        _ if kind.ends_with(']') => "write a list: [\"1\", \"2\"]",
        _ if kind.starts_with('(') => "write the fields of the struct as a list: [\"ALICE\", \"1\"]",
        "address" => "write an address, or a name",
        "bool" => "write true or false",
        "string" => "write text in quotes",
        _ if kind.starts_with("uint") => "write a whole number that fits, in quotes where it is long: \"500000000000000000000\", \"500e18\"",
        _ if kind.starts_with("int") => "write a whole number that fits, in quotes where it is long: \"-1\"",
        _ => "write its bytes in hexadecimal, all of them: \"0x..\"",
    }
    .to_owned()
}
