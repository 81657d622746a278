//! What a legacy token is asked before it is planned for; each refusal carries its evidence.

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use alloy_sol_types::SolCall;
use sealift_manifest::holders::{Holder, Holders};
use sealift_protocol::event::BlockId;
use sealift_protocol::plan::Control;

use crate::abi::Legacy;
use crate::abi::probe::Probe;
use crate::balances::{self, BalanceError};
use crate::chain::{Answer, At, Chain, ChainError, Query};
use crate::contracts;
use crate::view::{decode, query};

/// The storage words of a proxy: implementation, admin, beacon (EIP-1967), and the implementation and
/// admin of the proxies that OpenZeppelin made before it (`org.zeppelinos.proxy.*`, as in USDC).
const PROXY_WORDS: [(&str, B256); 5] = [
    (
        "older implementation",
        b256!("7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3"),
    ),
    (
        "older admin",
        b256!("10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b"),
    ),
    (
        "implementation",
        b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"),
    ),
    (
        "admin",
        b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"),
    ),
    (
        "beacon",
        b256!("a3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50"),
    ),
];

/// Listed balances that are read again at the snapshot block, spread over the list.
const SAMPLED: usize = 256;

/// Why there is no plan. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The chain does not answer.
    #[error("the chain cannot be read")]
    Chain(#[from] ChainError),
    /// Balances could not be read.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// There is no contract at the legacy address.
    #[error("there is no contract at {0}")]
    NoContract(Address),
    /// The CREATE2 deployer is not on this chain.
    #[error("the CREATE2 deployer {} is not on this chain", contracts::FACTORY)]
    NoFactory,
    /// Legacy does not answer as an ERC-20 with a pause does.
    #[error("{legacy} does not answer {call}: it is no pausable ERC-20")]
    NotPausable {
        /// The token.
        legacy: Address,
        /// The call.
        call: &'static str,
    },
    /// Control of legacy cannot be made exclusive.
    #[error("{legacy} cannot be frozen exclusively: {reason}")]
    NotExclusive {
        /// The token.
        legacy: Address,
        /// Why.
        reason: String,
    },
    /// The list does not add up to the supply.
    #[error("the list adds up to {sum}, the supply of {legacy} is {supply} ({difference})")]
    SumIsNotSupply {
        /// The token.
        legacy: Address,
        /// Of the list, base units.
        sum: U256,
        /// Of the token, base units.
        supply: U256,
        /// Which is larger and by how much.
        difference: String,
    },
    /// A listed balance is not the one on chain at the snapshot block.
    #[error(
        "{account} is listed with {listed} and has {found} at block {block}: the list is stale"
    )]
    StaleList {
        /// Whose.
        account: Address,
        /// In the list, base units.
        listed: U256,
        /// On chain, base units.
        found: U256,
        /// Snapshot block.
        block: u64,
    },
    /// The token does not move what it is told to.
    #[error("{legacy} is a token that cannot be migrated: {evidence}")]
    Bites {
        /// The token.
        legacy: Address,
        /// What was measured.
        evidence: String,
    },
    /// The deadline is too near or too far, or roles are missing.
    #[error("{0}")]
    Request(String),
    /// Batches could not be sized.
    #[error("batches cannot be sized: {0}")]
    Sizing(String),
    /// A constructor of ours reverts on this chain.
    #[error("the {0} cannot be deployed on this chain")]
    Constructor(&'static str),
}

pub(crate) fn refuse_proxies<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    legacy: Address,
) -> Result<(), PlanError> {
    let queries = PROXY_WORDS.map(|(_, slot)| Query::Storage(legacy, slot.into()));
    for ((what, _), answer) in PROXY_WORDS.iter().zip(chain.read(at, &queries)?) {
        if matches!(answer, Answer::Word(word) if !word.is_zero()) {
            let reason = format!(
                "it is an upgradeable proxy (its {what} word is set), and whoever \
                 upgrades it can lift any pause"
            );
            return Err(PlanError::NotExclusive { legacy, reason });
        }
    }
    Ok(())
}

pub(crate) struct LegacyFacts {
    pub(crate) name: String,
    pub(crate) symbol: String,
    pub(crate) decimals: u8,
    pub(crate) supply: U256,
    pub(crate) paused: bool,
}

pub(crate) fn token_facts<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    legacy: Address,
) -> Result<LegacyFacts, PlanError> {
    let queries = [
        query(legacy, &Legacy::nameCall {}),
        query(legacy, &Legacy::symbolCall {}),
        query(legacy, &Legacy::decimalsCall {}),
        query(legacy, &Legacy::totalSupplyCall {}),
        query(legacy, &Legacy::pausedCall {}),
    ];
    let answers = chain.read(at, &queries)?;
    let missing = |call| PlanError::NotPausable { legacy, call };
    Ok(LegacyFacts {
        name: text(&answers[0]).ok_or(missing("name()"))?,
        symbol: text(&answers[1]).ok_or(missing("symbol()"))?,
        decimals: decode::<Legacy::decimalsCall>(&answers[2]).ok_or(missing("decimals()"))?,
        supply: decode::<Legacy::totalSupplyCall>(&answers[3]).ok_or(missing("totalSupply()"))?,
        paused: decode::<Legacy::pausedCall>(&answers[4]).ok_or(missing("paused()"))?,
    })
}

/// A name or symbol: a string, or 32 bytes padded with zeros as older tokens answer.
fn text(answer: &Answer) -> Option<String> {
    if let Some(text) = decode::<Legacy::nameCall>(answer) {
        return Some(text);
    }
    let Answer::Bytes(data) = answer else {
        return None;
    };
    let word: &[u8; 32] = data.as_ref().try_into().ok()?;
    let end = word.iter().position(|byte| *byte == 0).unwrap_or(32);
    std::str::from_utf8(&word[..end]).ok().map(str::to_owned)
}

/// Finds who controls legacy, in a way that the guard can prove to be exclusive.
pub(crate) fn control_of<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    legacy: Address,
    pauser: B256,
) -> Result<(Control, Address), PlanError> {
    let refuse = |reason: &str| {
        Err(PlanError::NotExclusive {
            legacy,
            reason: reason.to_owned(),
        })
    };
    let admin = B256::ZERO;
    let count = |role| query(legacy, &Legacy::getRoleMemberCountCall { role });
    let other_ways = [
        query(legacy, &Legacy::isPauserCall { account: legacy }),
        query(legacy, &Legacy::authorityCall {}),
    ];
    let answers = chain.read(at, &other_ways)?;
    if decode::<Legacy::isPauserCall>(&answers[0]).is_some() {
        return refuse("it has a list of pausers (isPauser) that nobody can show to be complete");
    }
    match decode::<Legacy::authorityCall>(&answers[1]) {
        Some(authority) if !authority.is_zero() => {
            return refuse(&format!("its authority {authority} decides who pauses"));
        }
        _ => {}
    }
    let queries = [
        query(legacy, &Legacy::ownerCall {}),
        query(legacy, &Legacy::pendingOwnerCall {}),
        query(legacy, &Legacy::getRoleAdminCall { role: pauser }),
        count(pauser),
        count(admin),
    ];
    let answers = chain.read(at, &queries)?;
    let owner = decode::<Legacy::ownerCall>(&answers[0]).filter(|owner| !owner.is_zero());
    let pending = decode::<Legacy::pendingOwnerCall>(&answers[1]);
    let role_admin = decode::<Legacy::getRoleAdminCall>(&answers[2]);
    let members = |index: usize| decode::<Legacy::getRoleMemberCountCall>(&answers[index]);
    match (owner, role_admin) {
        (Some(_), Some(_)) => {
            refuse("it has an owner and roles; which of them pauses is not shown")
        }
        (None, None) => refuse("it has neither an owner nor enumerable roles"),
        (Some(owner), None) => match pending {
            None => Ok((Control::Ownable, owner)),
            Some(pending) if pending.is_zero() => Ok((Control::Ownable2Step, owner)),
            Some(pending) => refuse(&format!("ownership is on its way to {pending}")),
        },
        (None, Some(role_admin)) => {
            if role_admin != admin {
                return refuse("its pauser role is administered by a role of its own");
            }
            let (Some(pausers), Some(admins)) = (members(3), members(4)) else {
                return refuse("its roles cannot be enumerated, so nobody can show who has them");
            };
            if pausers != U256::ONE || admins != U256::ONE {
                return refuse(&format!(
                    "{pausers} accounts have its pauser role and {admins} its admin role; \
                     both must be one and the same account"
                ));
            }
            let queries = [pauser, admin].map(|role| {
                query(
                    legacy,
                    &Legacy::getRoleMemberCall {
                        role,
                        index: U256::ZERO,
                    },
                )
            });
            let answers = chain.read(at, &queries)?;
            let member = |index: usize| decode::<Legacy::getRoleMemberCall>(&answers[index]);
            match (member(0), member(1)) {
                (Some(a), Some(b)) if a == b => Ok((Control::Roles { pauser }, a)),
                _ => refuse("its pauser and its admin are two accounts"),
            }
        }
    }
}

pub(crate) fn check_sum(legacy: Address, list: &Holders, supply: U256) -> Result<(), PlanError> {
    let sum = list.sum();
    let difference = match sum.cmp(&supply) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => format!("{} is missing", supply - sum),
        std::cmp::Ordering::Greater => format!("{} too much", sum - supply),
    };
    Err(PlanError::SumIsNotSupply {
        legacy,
        sum,
        supply,
        difference,
    })
}

/// Reads a spread of listed balances at the snapshot block; a node that no longer has that state is
/// asked nothing (the sum and, after the freeze, every balance are checked anyway).
pub(crate) fn check_sample<C: Chain + ?Sized>(
    chain: &C,
    legacy: Address,
    list: &Holders,
    block: BlockId,
) -> Result<(), PlanError> {
    let stride = list.len().div_ceil(SAMPLED).max(1);
    let sample: Vec<Holder> = list.rows().iter().step_by(stride).copied().collect();
    let accounts: Vec<Address> = sample.iter().map(|holder| holder.account).collect();
    let found = match balances::read(chain, At::Hash(block.hash), legacy, &accounts) {
        Err(BalanceError::Chain(ChainError::Missing(_))) => return Ok(()),
        other => other?,
    };
    match sample
        .iter()
        .zip(found)
        .find(|(holder, found)| holder.balance != *found)
    {
        None => Ok(()),
        Some((holder, found)) => Err(PlanError::StaleList {
            account: holder.account,
            listed: holder.balance,
            found,
            block: block.number,
        }),
    }
}

/// Lets the largest holder transfer in simulation, and measures what moves.
pub(crate) fn refuse_biting<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    legacy: Address,
    list: &Holders,
    paused: bool,
) -> Result<(), PlanError> {
    let bites = |evidence: String| Err(PlanError::Bites { legacy, evidence });
    let flash = query(legacy, &Legacy::maxFlashLoanCall { token: legacy });
    let minted = chain
        .read(at, &[flash])?
        .pop()
        .and_then(|a| decode::<Legacy::maxFlashLoanCall>(&a));
    if minted.is_some_and(|amount| !amount.is_zero()) {
        return bites("it lends freshly minted tokens (ERC-3156 flash mint is active)".into());
    }
    let movable = list.iter().filter(|holder| !holder.account.is_zero());
    let Some(largest) = movable
        .max_by_key(|holder| holder.balance)
        .filter(|_| !paused)
    else {
        return Ok(());
    };
    let to = Address::from_word(keccak256(b"sealift probe recipient"));
    let probe = |amount| Query::Call {
        from: largest.account,
        to: Some(largest.account),
        data: Probe::probeCall {
            token: legacy,
            to,
            amount,
        }
        .abi_encode()
        .into(),
        code_override: Some((largest.account, Probe::DEPLOYED_BYTECODE.clone())),
    };
    let amount = largest.balance;
    let answers = chain.read(at, &[probe(amount), probe(U256::MAX)])?;
    let (Some(whole), Some(most)) = (
        decode::<Probe::probeCall>(&answers[0]),
        decode::<Probe::probeCall>(&answers[1]),
    ) else {
        return bites("it does not let itself be probed: balanceOf reverts".into());
    };
    if !whole.ok {
        return bites(format!(
            "its holder {} cannot transfer {amount}",
            largest.account
        ));
    }
    if whole.returnedFalse {
        return bites("transfer answers false".into());
    }
    let sent = whole.senderBefore.saturating_sub(whole.senderAfter);
    let received = whole.toAfter.saturating_sub(whole.toBefore);
    if sent != amount || received != amount {
        return bites(format!(
            "a transfer of {amount} takes {sent} and delivers {received}"
        ));
    }
    if most.ok && !most.returnedFalse {
        return bites("a transfer of 2^256 - 1 succeeds: the maximum means \"everything\"".into());
    }
    Ok(())
}
