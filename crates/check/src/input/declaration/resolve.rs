//! From names to addresses, from signatures to calldata.

use std::collections::BTreeSet;
use std::ops::Range;

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, Bytes, U256, hex};
use sealift_evm::{Message, TX_GAS_CAP};
use toml::Spanned;

use super::error::DeclarationError;
use super::file::{Argument, CallFile, CustodianFile, Figure, File, StepFile};
use super::value::Signature;
use super::{Declaration, DeclaredCustodian, MAX_WAIT_SECS, Resolved};
use crate::input::Step;
use crate::input::names::{NameError, Names};
use crate::input::spot::Spot;
use crate::ledger::Ledger;
use crate::model::{Call, Custodian, Resume};

/// A declaration, and the names so far.
pub(super) struct Resolver<'a> {
    declaration: &'a Declaration,
    names: Names,
}

/// What a call is made of.
struct Parts<'a> {
    /// Whether there is a callee; a creation has none, and no signature.
    has_callee: bool,
    call: Option<&'a Spanned<String>>,
    args: Option<&'a Spanned<Vec<Spanned<Argument>>>>,
    data: Option<&'a Spanned<String>>,
    /// Where the call is declared.
    at: Range<usize>,
}

/// See [`Declaration::resolve`].
pub(super) fn resolve(
    declaration: &Declaration,
    outside: &Names,
    faults: &[&str],
) -> Result<Resolved, DeclarationError> {
    let file = &declaration.file;
    let mut resolver = Resolver {
        declaration,
        names: outside.clone(),
    };
    resolver.declare_names(file)?;
    let resolver = resolver;
    let (ledgers, assets) = resolver.ledgers(&file.claim)?;
    let resolved = Resolved {
        ledgers,
        assets,
        custodians: resolver.custodians(&file.custodian)?,
        accounts: match &file.goal.accounts {
            Some(accounts) => Some(resolver.accounts(accounts)?),
            None => None,
        },
        tolerance: match &file.goal.tolerance {
            Some(figure) => Some(resolver.whole("tolerance", figure)?),
            None => None,
        },
        resume: resolver.resume(file)?,
        wait_secs: match &file.playbook.wait_secs {
            Some(secs) => Some(resolver.wait_secs(secs)?),
            None => None,
        },
        recovery: resolver.calls("a way back", &file.playbook.recovery)?,
        actions: resolver.calls("an action", &file.action)?,
        off: resolver.off(&file.faults.off, faults)?,
        hostile: match &file.hostile.contracts {
            Some(contracts) => Some(resolver.addresses("a hostile contract", contracts)?),
            None => None,
        },
        tokens: match &file.hostile.tokens {
            Some(tokens) => Some(resolver.addresses("a token", tokens)?),
            None => None,
        },
        hostile_off: file.hostile.off,
        steps: resolver.steps(&file.step)?,
        names: resolver.names,
    };
    if !resolved.ledgers.is_empty() {
        resolved.custodians(&resolved.ledgers)?;
    }
    Ok(resolved)
}

impl Resolver<'_> {
    pub(super) fn spot(&self, span: Range<usize>) -> Spot {
        Spot::new(&self.declaration.path, &self.declaration.text, span)
    }

    /// `[names]`: addresses, or other names that were known before.
    fn declare_names(&mut self, file: &File) -> Result<(), DeclarationError> {
        let mut declared = Vec::new();
        for (name, address) in &file.names {
            let reason = match name.get_ref().as_str() {
                "" => Some("it is empty"),
                "native" | "none" => Some("it has a meaning of its own"),
                text if text.starts_with("0x") => Some("it looks like an address"),
                text if text.starts_with('$') => Some("`$` marks what is filled in"),
                text if text.contains('#') => Some("`#` counts contracts of one name"),
                _ => None,
            };
            if let Some(reason) = reason {
                return Err(DeclarationError::BadName {
                    name: name.get_ref().clone(),
                    reason,
                    at: self.spot(name.span()),
                });
            }
            declared.push((name.get_ref(), self.address(address)?));
        }
        for (name, address) in declared {
            self.names.declare(name, address);
        }
        Ok(())
    }

    /// An address, or a name.
    pub(super) fn address(&self, text: &Spanned<String>) -> Result<Address, DeclarationError> {
        self.address_at(text.get_ref(), self.spot(text.span()))
    }

    pub(super) fn address_at(&self, text: &str, at: Spot) -> Result<Address, DeclarationError> {
        if let Some(digits) = text.strip_prefix("0x")
            && let Ok(address) = text.parse::<Address>()
        {
            let is_mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
                && digits.bytes().any(|byte| byte.is_ascii_uppercase());
            if is_mixed && Address::parse_checksummed(text, None).is_err() {
                return Err(DeclarationError::Checksum {
                    address: text.to_owned(),
                    correct: address,
                    at,
                });
            }
            return Ok(address);
        }
        self.names.address(text).map_err(|error| match error {
            NameError::Unknown { name, nearest } => DeclarationError::Unknown { name, nearest, at },
            NameError::Ambiguous { name, candidates } => DeclarationError::Ambiguous {
                name,
                candidates,
                at,
            },
        })
    }

    /// Different addresses.
    fn addresses(
        &self,
        what: &'static str,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Address>, DeclarationError> {
        let mut all = Vec::new();
        for text in texts {
            let address = self.address(text)?;
            if all.contains(&address) {
                return Err(self.twice(what, text));
            }
            all.push(address);
        }
        Ok(all)
    }

    fn accounts(
        &self,
        texts: &Spanned<Vec<Spanned<String>>>,
    ) -> Result<Vec<Address>, DeclarationError> {
        if texts.get_ref().is_empty() {
            return Err(DeclarationError::Empty {
                key: "accounts",
                at: self.spot(texts.span()),
            });
        }
        self.addresses("an account", texts.get_ref())
    }

    pub(super) fn twice(&self, what: &'static str, name: &Spanned<String>) -> DeclarationError {
        DeclarationError::Twice {
            what,
            name: name.get_ref().clone(),
            at: self.spot(name.span()),
        }
    }

    /// Refuses a name that stands twice.
    pub(super) fn distinct<'a>(
        &self,
        what: &'static str,
        names: impl Iterator<Item = &'a Spanned<String>>,
    ) -> Result<(), DeclarationError> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name.get_ref()) {
                return Err(self.twice(what, name));
            }
        }
        Ok(())
    }

    pub(super) fn choice<T: Copy>(
        &self,
        what: &'static str,
        given: &Spanned<String>,
        options: &[(&str, T)],
    ) -> Result<T, DeclarationError> {
        let chosen = options.iter().find(|(name, _)| name == given.get_ref());
        chosen
            .map(|(_, option)| *option)
            .ok_or_else(|| DeclarationError::Choice {
                what,
                given: given.get_ref().clone(),
                options: options.iter().map(|(name, _)| (*name).to_owned()).collect(),
                at: self.spot(given.span()),
            })
    }

    fn custodians(
        &self,
        custodians: &[CustodianFile],
    ) -> Result<Vec<DeclaredCustodian>, DeclarationError> {
        self.distinct("a custodian", custodians.iter().map(|one| &one.name))?;
        let declared = |one: &CustodianFile| {
            if one.covers.get_ref().is_empty() {
                return Err(DeclarationError::Empty {
                    key: "covers",
                    at: self.spot(one.covers.span()),
                });
            }
            self.distinct("a ledger that is covered", one.covers.get_ref().iter())?;
            let cover = |text: &Spanned<String>| (text.get_ref().clone(), self.spot(text.span()));
            Ok(DeclaredCustodian {
                name: one.name.get_ref().clone(),
                account: self.address(&one.account)?,
                asset: match one.asset.get_ref().as_str() {
                    "native" => None,
                    _ => Some(self.address(&one.asset)?),
                },
                covers: one.covers.get_ref().iter().map(cover).collect(),
            })
        };
        custodians.iter().map(declared).collect()
    }

    fn wait_secs(&self, secs: &Spanned<u64>) -> Result<u64, DeclarationError> {
        match *secs.get_ref() {
            secs if secs <= MAX_WAIT_SECS => Ok(secs),
            given => Err(DeclarationError::Number {
                key: "wait_secs",
                given: given.to_string(),
                reason: "it is more than a hundred years",
                at: self.spot(secs.span()),
            }),
        }
    }

    fn resume(&self, file: &File) -> Result<Vec<Resume>, DeclarationError> {
        let Some(declared) = &file.playbook.resume else {
            return Ok(Resume::ALL.to_vec());
        };
        self.distinct("a way to go on", declared.iter())?;
        let options = Resume::ALL.map(|resume| (resume.name(), resume));
        let chosen = |name| self.choice("way to go on", name, &options);
        declared.iter().map(chosen).collect()
    }

    /// A fault is named by its family, by its name, or by both.
    fn off(
        &self,
        declared: &[Spanned<String>],
        faults: &[&str],
    ) -> Result<Vec<String>, DeclarationError> {
        let mut options: Vec<(&str, ())> = Vec::new();
        for fault in faults {
            for name in std::iter::once(*fault).chain(fault.split('.')) {
                if !options.contains(&(name, ())) {
                    options.push((name, ()));
                }
            }
        }
        options.sort_unstable();
        let known = |name: &Spanned<String>| {
            self.choice("family or name of a fault", name, &options)
                .map(|()| name.get_ref().clone())
        };
        declared.iter().map(known).collect()
    }

    fn calls(&self, what: &'static str, calls: &[CallFile]) -> Result<Vec<Call>, DeclarationError> {
        self.distinct(what, calls.iter().map(|call| &call.name))?;
        calls.iter().map(|call| self.call(call)).collect()
    }

    fn call(&self, call: &CallFile) -> Result<Call, DeclarationError> {
        let parts = Parts {
            has_callee: true,
            call: call.call.as_ref(),
            args: call.args.as_ref(),
            data: call.data.as_ref(),
            at: call.name.span(),
        };
        Ok(Call {
            name: call.name.get_ref().clone(),
            message: Message {
                from: self.address(&call.from)?,
                to: Some(self.address(&call.to)?),
                data: self.data(&parts)?,
                value: self.value(call.value.as_ref())?,
                gas: TX_GAS_CAP,
            },
        })
    }

    fn steps(&self, steps: &[Spanned<StepFile>]) -> Result<Vec<Step>, DeclarationError> {
        let step = |step: &Spanned<StepFile>| {
            let at = step.span();
            let step = step.get_ref();
            let parts = Parts {
                has_callee: step.to.is_some(),
                call: step.call.as_ref(),
                args: step.args.as_ref(),
                data: step.data.as_ref(),
                at: at.clone(),
            };
            Ok(Step {
                from: self.address(&step.from)?,
                to: match &step.to {
                    Some(to) => Some(self.address(to)?),
                    None => None,
                },
                data: self.data(&parts)?,
                value: self.value(step.value.as_ref())?,
                gas: None,
                creates: None,
                place: self.spot(at).place,
            })
        };
        steps.iter().map(step).collect()
    }

    fn value(&self, value: Option<&Spanned<Figure>>) -> Result<U256, DeclarationError> {
        value.map_or(Ok(U256::ZERO), |figure| self.whole("value", figure))
    }

    /// Calldata, from a signature and its arguments or as it is.
    fn data(&self, parts: &Parts<'_>) -> Result<Bytes, DeclarationError> {
        let wrong = |problem, at: Range<usize>| {
            let at = self.spot(at);
            Err(DeclarationError::Call { problem, at })
        };
        match (parts.call, parts.data) {
            (Some(_), Some(data)) => wrong("both `call` and `data` are given", data.span()),
            (None, None) => wrong("neither `call` nor `data` is given", parts.at.clone()),
            (Some(call), None) if !parts.has_callee => wrong(
                "a creation (no `to`) has its init code in `data`, and no `call`",
                call.span(),
            ),
            (Some(call), None) => self.calldata(call, parts.args),
            (None, Some(data)) => {
                if let Some(args) = parts.args {
                    return wrong("`args` have no meaning beside `data`", args.span());
                }
                let bytes = hex::decode(data.get_ref()).map_err(|error| {
                    let reason = error.to_string();
                    let at = self.spot(data.span());
                    DeclarationError::Data { reason, at }
                })?;
                if bytes.is_empty() && !parts.has_callee {
                    return wrong(
                        "a creation (no `to`) has its init code in `data`",
                        data.span(),
                    );
                }
                Ok(bytes.into())
            }
        }
    }

    fn calldata(
        &self,
        call: &Spanned<String>,
        args: Option<&Spanned<Vec<Spanned<Argument>>>>,
    ) -> Result<Bytes, DeclarationError> {
        let signature = self.signature(call)?;
        let given = args.map_or(&[][..], |args| args.get_ref());
        let at = args.map_or(call.span(), Spanned::span);
        self.counted(&signature, given, at)?;
        self.encoded(&signature, given)
    }

    /// Refuses more or fewer arguments than a signature has.
    pub(super) fn counted(
        &self,
        signature: &Signature,
        given: &[Spanned<Argument>],
        at: Range<usize>,
    ) -> Result<(), DeclarationError> {
        if given.len() == signature.types.len() {
            return Ok(());
        }
        Err(DeclarationError::Count {
            expected: signature.types.len(),
            given: given.len(),
            signature: signature.text.clone(),
            at: self.spot(at),
        })
    }

    /// Calldata of as many arguments as the signature has.
    pub(super) fn encoded(
        &self,
        signature: &Signature,
        given: &[Spanned<Argument>],
    ) -> Result<Bytes, DeclarationError> {
        let pairs = signature.types.iter().zip(given);
        let values: Result<Vec<_>, _> = pairs
            .map(|(kind, argument)| self.argument(kind, argument))
            .collect();
        let encoded = DynSolValue::Tuple(values?).abi_encode_params();
        Ok([signature.selector.as_slice(), &encoded].concat().into())
    }
}

impl Resolved {
    /// The custodians over `ledgers`, which are the declared or the inferred ones. A ledger is named
    /// by its name or by its contract.
    pub fn custodians(&self, ledgers: &[Ledger]) -> Result<Vec<Custodian>, DeclarationError> {
        let covered = |(name, at): &(String, Spot)| {
            let contract = name.parse().ok().or_else(|| self.names.address(name).ok());
            let by_name = ledgers.iter().position(|ledger| ledger.name == *name);
            let by_contract = || {
                let is_it = |ledger: &Ledger| Some(ledger.contract) == contract;
                let first = ledgers.iter().position(is_it)?;
                (!ledgers[first + 1..].iter().any(is_it)).then_some(first)
            };
            by_name
                .or_else(by_contract)
                .ok_or_else(|| DeclarationError::Choice {
                    what: "ledger",
                    given: name.clone(),
                    options: ledgers.iter().map(|ledger| ledger.name.clone()).collect(),
                    at: at.clone(),
                })
        };
        let custodian = |one: &DeclaredCustodian| {
            Ok(Custodian {
                name: one.name.clone(),
                account: one.account,
                asset: one.asset,
                covers: one.covers.iter().map(covered).collect::<Result<_, _>>()?,
            })
        };
        self.custodians.iter().map(custodian).collect()
    }
}
