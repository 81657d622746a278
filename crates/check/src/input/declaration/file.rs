//! The shape of `check.toml`, with the bytes of everything that can be wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) names: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) claim: Vec<ClaimFile>,
    pub(super) custodian: Vec<CustodianFile>,
    pub(super) goal: GoalFile,
    pub(super) playbook: PlaybookFile,
    pub(super) action: Vec<CallFile>,
    pub(super) faults: FaultsFile,
    pub(super) hostile: HostileFile,
    pub(super) step: Vec<Spanned<StepFile>>,
}

/// `[[claim]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimFile {
    pub(super) name: Spanned<String>,
    pub(super) contract: Spanned<String>,
    pub(super) view: Option<Spanned<String>>,
    pub(super) view_args: Option<Spanned<Vec<Spanned<Argument>>>>,
    pub(super) word: Option<Spanned<usize>>,
    pub(super) less: Option<Spanned<usize>>,
    pub(super) owner: Option<Spanned<usize>>,
    pub(super) side: Spanned<String>,
    pub(super) rate: Option<Spanned<Figure>>,
    pub(super) asset: Option<Spanned<String>>,
    pub(super) exit: Option<Spanned<String>>,
    pub(super) exit_args: Option<Spanned<Vec<Spanned<Argument>>>>,
}

/// `[[custodian]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodianFile {
    pub(super) name: Spanned<String>,
    pub(super) account: Spanned<String>,
    pub(super) asset: Spanned<String>,
    pub(super) covers: Spanned<Vec<Spanned<String>>>,
}

/// `[goal]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GoalFile {
    pub(super) accounts: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) tolerance: Option<Spanned<Figure>>,
}

/// `[playbook]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PlaybookFile {
    pub(super) resume: Option<Vec<Spanned<String>>>,
    pub(super) wait_secs: Option<Spanned<u64>>,
    pub(super) recovery: Vec<CallFile>,
}

/// `[[playbook.recovery]]` and `[[action]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallFile {
    pub(super) name: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) call: Option<Spanned<String>>,
    pub(super) args: Option<Spanned<Vec<Spanned<Argument>>>>,
    pub(super) data: Option<Spanned<String>>,
    pub(super) value: Option<Spanned<Figure>>,
}

/// `[faults]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FaultsFile {
    pub(super) off: Vec<Spanned<String>>,
}

/// `[hostile]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HostileFile {
    pub(super) contracts: Option<Vec<Spanned<String>>>,
    pub(super) tokens: Option<Vec<Spanned<String>>>,
    pub(super) off: bool,
}

/// `[[step]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    pub(super) from: Spanned<String>,
    pub(super) to: Option<Spanned<String>>,
    pub(super) call: Option<Spanned<String>>,
    pub(super) args: Option<Spanned<Vec<Spanned<Argument>>>>,
    pub(super) data: Option<Spanned<String>>,
    pub(super) value: Option<Spanned<Figure>>,
}

/// A number as text, because TOML's end at 63 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure(pub(super) String);

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Figure;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, in quotes where it is long")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Figure, E> {
                Ok(Figure(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Figure, E> {
                Ok(Figure(number.to_string()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Text(String),
    Flag(bool),
    List(Vec<Spanned<Argument>>),
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Argument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number, true, false, or a list of such")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Argument, E> {
                Ok(Argument::Text(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Argument, E> {
                Ok(Argument::Text(number.to_string()))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Argument, E> {
                Ok(Argument::Flag(flag))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Argument, A::Error> {
                let mut all = Vec::new();
                while let Some(argument) = list.next_element()? {
                    all.push(argument);
                }
                Ok(Argument::List(all))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
