//! `[[claim]]`: where claims are held, how they are asked for and how they are moved.

use std::ops::Range;

use alloy_dyn_abi::DynSolType;
use alloy_primitives::{Address, Bytes, U256};
use toml::Spanned;

use super::error::DeclarationError;
use super::file::{Argument, ClaimFile};
use super::resolve::Resolver;
use super::value::Signature;
use crate::ledger::{Ask, ExitBy, Figure, Gift, Ledger, NOBODY, Side, View};

/// The arguments of a call, as they are declared.
type Arguments = Spanned<Vec<Spanned<Argument>>>;

/// What is filled in for each account.
const ACCOUNT: &str = "$account";
/// What is filled in for each claim.
const AMOUNT: &str = "$amount";
/// An account that nobody has.
const NO_ACCOUNT: &str = "$nobody";

/// The name of an asset that has none.
const UNNAMED: &str = "entitlement";

/// What stands in the places that are filled in.
#[derive(Clone, Copy)]
struct Filling {
    account: Address,
    amount: u8,
}

impl Resolver<'_> {
    /// The ledgers, and the assets that they are of.
    pub(super) fn ledgers(
        &self,
        claims: &[ClaimFile],
    ) -> Result<(Vec<Ledger>, Vec<String>), DeclarationError> {
        self.distinct("a claim", claims.iter().map(|claim| &claim.name))?;
        let (mut ledgers, mut assets) = (Vec::new(), Vec::<String>::new());
        for claim in claims {
            let name = claim.asset.as_ref().map_or(UNNAMED, |name| name.get_ref());
            let known = assets.iter().position(|asset| asset == name);
            let asset = known.unwrap_or_else(|| {
                assets.push(name.to_owned());
                assets.len() - 1
            });
            ledgers.push(Ledger {
                asset,
                ..self.ledger(claim)?
            });
        }
        Ok((ledgers, assets))
    }

    fn ledger(&self, claim: &ClaimFile) -> Result<Ledger, DeclarationError> {
        let sides = [
            ("legacy", Side::Legacy),
            ("successor", Side::Successor),
            ("wallet", Side::Wallet),
        ];
        let side = self.choice("side", &claim.side, &sides)?;
        let name = claim.name.get_ref().clone();
        let rate = match &claim.rate {
            Some(figure) => self.rate(figure)?,
            None => (U256::ONE, U256::ONE),
        };
        if claim.contract.get_ref() == "native" {
            self.refuse_keys_of_calls(claim)?;
            return Ok(Ledger {
                rate,
                ..Ledger::ether(name, side)
            });
        }
        let contract = self.address(&claim.contract)?;
        let Some(asked) = &claim.view else {
            return Err(self.unfit(
                "a claim has no `view`",
                "write how the contract is asked: `view = \"balanceOf(address)\"`",
                claim.name.span(),
            ));
        };
        let signature = self.signature(asked)?;
        let view = self.view(asked, &signature, claim.view_args.as_ref())?;
        let view = self.record(claim, view)?;
        let known = gift(&signature, &view);
        let (exit, gift) = match (&claim.exit, &claim.exit_args) {
            (Some(exit), args) => self.exit(exit, args.as_ref())?,
            (None, Some(args)) => {
                return Err(self.unfit(
                    "`exit_args` have no meaning without `exit`",
                    "write the function that they are for: `exit = \"redeem(uint256,address,address)\"`",
                    args.span(),
                ));
            }
            (None, None) => match known {
                Some(gift) => (ExitBy::Gift(gift), Some(gift)),
                None => {
                    return Err(self.unfit(
                        "how this claim is moved is not known, and it has no `exit`",
                        "write `exit` with its `exit_args`, or `exit = \"none\"` if the claim is live whenever it is recorded",
                        asked.span(),
                    ));
                }
            },
        };
        Ok(Ledger {
            name,
            contract,
            view,
            exit,
            gift,
            price: None,
            lock_secs: 0,
            rate,
            side,
            asset: 0,
        })
    }

    fn unfit(
        &self,
        problem: &'static str,
        next: &'static str,
        at: Range<usize>,
    ) -> DeclarationError {
        DeclarationError::Claim {
            problem,
            next,
            at: self.spot(at),
        }
    }

    /// Ether is asked for without a call, and an account can always send its own.
    fn refuse_keys_of_calls(&self, claim: &ClaimFile) -> Result<(), DeclarationError> {
        let texts = [&claim.view, &claim.exit].into_iter().flatten();
        let args = [&claim.view_args, &claim.exit_args].into_iter().flatten();
        let spans = texts.map(Spanned::span).chain(args.map(Spanned::span));
        let words = [&claim.word, &claim.less, &claim.owner].into_iter();
        let spans = spans.chain(words.flatten().map(Spanned::span));
        match spans.min_by_key(|span| span.start) {
            None => Ok(()),
            Some(at) => Err(self.unfit(
                "a claim of native ether has neither `view` nor `exit`",
                "remove it, or name the contract that records the claim",
                at,
            )),
        }
    }

    /// The same view, where words of its answer are named: then it answers a record.
    fn record(&self, claim: &ClaimFile, view: View) -> Result<View, DeclarationError> {
        let mut words = [&claim.word, &claim.less, &claim.owner].into_iter();
        let Some(first) = words.find_map(Option::as_ref) else {
            return Ok(view);
        };
        let value = |word: &Option<Spanned<usize>>| word.as_ref().map(|word| *word.get_ref());
        let figure = Figure {
            word: value(&claim.word).unwrap_or_default(),
            less: value(&claim.less),
            owner: value(&claim.owner),
        };
        match view {
            View::Amount(ask) if figure.owner.is_none() => Ok(View::Record(ask, figure)),
            View::Owner(ask) if figure.owner.is_some() => Ok(View::Record(ask, figure)),
            View::Amount(_) => Err(self.unfit(
                "a record that is asked for by account has no `owner`",
                "remove `owner`, or take `$account` out of `view_args`",
                first.span(),
            )),
            _ => Err(self.unfit(
                "whose the record is, is not said",
                "write which word of the answer is its owner, counted from 0: `owner = 0`",
                first.span(),
            )),
        }
    }

    /// The view: of one account, or with arguments. Where the account is none of them, it answers who has it.
    fn view(
        &self,
        text: &Spanned<String>,
        signature: &Signature,
        args: Option<&Arguments>,
    ) -> Result<View, DeclarationError> {
        let shape = |expected| DeclarationError::Shape {
            signature: signature.text.clone(),
            key: "view",
            expected,
            at: self.spot(text.span()),
        };
        let Some(args) = args else {
            if signature.types != [DynSolType::Address] {
                return Err(shape(
                    "it is asked with the account, so it takes one address; what it takes besides is written into `view_args`: [\"$account\", \"7\"]",
                ));
            }
            return Ok(View::Amount(Ask {
                data: [signature.selector.as_slice(), &[0; 32]].concat().into(),
                account: vec![4],
                amount: Vec::new(),
            }));
        };
        let ask = self.ask(signature, args)?;
        if !ask.amount.is_empty() {
            return Err(shape(
                "the amount is what it answers, so `$amount` is none of its arguments",
            ));
        }
        Ok(if ask.account.is_empty() {
            View::Owner(ask)
        } else {
            View::Amount(ask)
        })
    }

    fn exit(
        &self,
        text: &Spanned<String>,
        args: Option<&Arguments>,
    ) -> Result<(ExitBy, Option<Gift>), DeclarationError> {
        if text.get_ref() == "none" {
            return match args {
                None => Ok((ExitBy::Always, None)),
                Some(args) => Err(self.unfit(
                    "`exit_args` have no meaning beside `exit = \"none\"`",
                    "remove them, or name the function that they are for",
                    args.span(),
                )),
            };
        }
        let exit = self.signature(text)?;
        if let Some(args) = args {
            return Ok((ExitBy::Call(self.ask(&exit, args)?), None));
        }
        let selector = exit.selector.as_slice();
        let ask = match exit.types.as_slice() {
            [] => Ask {
                data: selector.to_vec().into(),
                ..Ask::default()
            },
            [DynSolType::Uint(_)] => Ask {
                data: [selector, &[0; 32]].concat().into(),
                account: Vec::new(),
                amount: vec![4],
            },
            _ if exit.text == "transfer(address,uint256)" => {
                return Ok((ExitBy::Gift(Gift::Erc20), Some(Gift::Erc20)));
            }
            _ => {
                return Err(DeclarationError::Shape {
                    signature: exit.text,
                    key: "exit",
                    expected: "the account calls it with the whole amount, so it takes one uint256, or nothing; what it takes besides is written into `exit_args`: [\"$amount\", \"$account\"]; \"none\" if the claim is live whenever it is recorded",
                    at: self.spot(text.span()),
                });
            }
        };
        Ok((ExitBy::Call(ask), None))
    }

    /// A call with places that are filled in: they are where the calldata differs when what fills them does.
    fn ask(&self, signature: &Signature, args: &Arguments) -> Result<Ask, DeclarationError> {
        self.counted(signature, args.get_ref(), args.span())?;
        let with = |filling: Filling| -> Result<Bytes, DeclarationError> {
            let pairs = signature.types.iter().zip(args.get_ref());
            let filled = pairs.map(|(kind, argument)| self.filled(kind, argument, filling));
            self.encoded(signature, &filled.collect::<Result<Vec<_>, _>>()?)
        };
        let nothing = Filling {
            account: Address::ZERO,
            amount: 0,
        };
        let data = with(nothing)?;
        let places = |other: &Bytes| -> Vec<usize> {
            let words = data[4..].chunks(32).zip(other[4..].chunks(32));
            let all = words.enumerate().filter(|(_, (one, other))| one != other);
            all.map(|(word, _)| 4 + 32 * word).collect()
        };
        let account = places(&with(Filling {
            account: NOBODY,
            ..nothing
        })?);
        let amount = places(&with(Filling {
            amount: 1,
            ..nothing
        })?);
        Ok(Ask {
            data,
            account,
            amount,
        })
    }

    /// An argument with something in the places that are filled in.
    fn filled(
        &self,
        kind: &DynSolType,
        argument: &Spanned<Argument>,
        filling: Filling,
    ) -> Result<Spanned<Argument>, DeclarationError> {
        let at = argument.span();
        let wrong = |given: &str, reason: &str| DeclarationError::Argument {
            given: format!("{given:?}"),
            expected: kind.sol_type_name().into_owned(),
            reason: Some(reason.to_owned()),
            at: self.spot(argument.span()),
        };
        let filled = match argument.get_ref() {
            Argument::Text(text) if text.starts_with('$') => {
                let (word, fits) = match text.as_str() {
                    ACCOUNT => (filling.account.to_string(), *kind == DynSolType::Address),
                    NO_ACCOUNT => (NOBODY.to_string(), *kind == DynSolType::Address),
                    AMOUNT => (
                        filling.amount.to_string(),
                        matches!(kind, DynSolType::Uint(_)),
                    ),
                    _ => return Err(self.no_place(text, at)),
                };
                if !fits {
                    return Err(wrong(text, "it stands for something of another type"));
                }
                Argument::Text(word)
            }
            Argument::List(list) => {
                let kinds: Vec<&DynSolType> = match kind {
                    DynSolType::Array(inner) | DynSolType::FixedArray(inner, _) => {
                        vec![&**inner; list.len()]
                    }
                    DynSolType::Tuple(kinds) => kinds.iter().collect(),
                    _ => return Ok(argument.clone()),
                };
                if kinds.len() != list.len() {
                    return Ok(argument.clone());
                }
                let all = kinds.into_iter().zip(list);
                let all = all.map(|(kind, item)| self.filled(kind, item, filling));
                Argument::List(all.collect::<Result<Vec<_>, _>>()?)
            }
            _ => return Ok(argument.clone()),
        };
        Ok(Spanned::new(at, filled))
    }

    fn no_place(&self, given: &str, at: Range<usize>) -> DeclarationError {
        DeclarationError::Choice {
            what: "place that is filled in",
            given: given.to_owned(),
            options: [ACCOUNT, AMOUNT, NO_ACCOUNT].map(str::to_owned).to_vec(),
            at: self.spot(at),
        }
    }
}

/// How a claim is given away whose view is that of a standard.
fn gift(signature: &Signature, view: &View) -> Option<Gift> {
    let word = |ask: &Ask, at: usize| Some(U256::from_be_slice(ask.data.get(at..at + 32)?));
    match view {
        View::Amount(ask) if signature.text == "balanceOf(address,uint256)" => {
            Some(Gift::Erc1155(word(ask, 36)?))
        }
        View::Owner(ask) if signature.text == "ownerOf(uint256)" => {
            Some(Gift::Erc721(word(ask, 4)?))
        }
        View::Amount(_) if signature.types == [DynSolType::Address] => Some(Gift::Erc20),
        View::Amount(_) | View::Owner(_) | View::Record(..) | View::Ether => None,
    }
}
