//! The state that a rehearsal stands on: a file, or a real chain at one block, read as far as it is needed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use alloy_sol_types::SolCall;
use sealift_check::copy::{Copy, Pinned};
use sealift_check::input::Scene;
use sealift_engine::abi::Legacy;
use sealift_engine::balances::BalanceError;
use sealift_engine::chain::{Answer, At, Chain, ChainError, Header, Query};
use sealift_engine::list::{self, ListError};
use sealift_evm::{Beneath, Source, SourceAccount};
use sealift_manifest::holders::Holders;
use sealift_protocol::Plan;
use sealift_protocol::plan::LanePlan;
use sealift_rpc::HttpChain;

use crate::args::{Global, RehearseOptions};
use crate::commands::check;
use crate::config::Config;
use crate::connect;
use crate::failure::{self, Failure, exit};
use crate::workdir::WorkDir;

/// What a rehearsal stands on.
#[derive(Debug)]
pub(super) struct Ground {
    /// The block, and with a state file its accounts.
    pub(super) scene: Scene,
    /// The real chain, where it is one.
    pub(super) beneath: Option<Arc<Beneath>>,
    /// The holder lists as of the block.
    pub(super) lists: Vec<Holders>,
    /// Wei per gas that a transaction paid at that block.
    pub(super) gas_price_wei: Option<u128>,
    /// Where it comes from, for people.
    pub(super) origin: String,
    copy: Option<Copy>,
}

impl Ground {
    /// A state file; the lists are those of the plan.
    pub(super) fn of_file(path: &Path, lists: Vec<Holders>) -> Result<Self, Failure> {
        Ok(Self {
            scene: check::scene(path)?,
            beneath: None,
            lists,
            gas_price_wei: None,
            origin: path.display().to_string(),
            copy: None,
        })
    }

    /// The copy that an earlier rehearsal of the same plan kept, else a block of the node. A kept copy asks the
    /// node only for what it does not hold.
    pub(super) fn of_chain(
        global: &Global,
        options: &RehearseOptions,
        config: Option<&Config>,
        dir: &WorkDir,
        plan: &Plan,
        snapshots: Vec<Holders>,
    ) -> Result<Self, Failure> {
        let node = connect::node(global, config);
        let path = dir.rehearsal_state();
        let kept = kept(&path)?.filter(|copy| {
            let is_wanted = options.block.is_none_or(|block| block == copy.number);
            copy.pinned.plan == plan.digest() && is_wanted
        });
        let (copy, lists, chain) = match kept {
            Some(copy) => {
                let lists = kept_lists(dir, &copy)?;
                (copy, lists, node.ok())
            }
            None => {
                let chain = node?;
                let (copy, lists) = pin(&chain, options.block, dir, plan, &snapshots)?;
                (copy, lists, Some(chain))
            }
        };
        let hash = copy.pinned.hash;
        let source = chain.map(|chain| Box::new(Node { chain, hash }) as Box<dyn Source>);
        let beneath = Beneath::new(copy.known.clone(), source);
        Ok(Self {
            scene: copy.scene(),
            beneath: Some(Arc::new(beneath)),
            lists,
            gas_price_wei: Some(u128::from(copy.pinned.gas_price_wei)),
            origin: path.display().to_string(),
            copy: Some(copy),
        })
    }

    /// Keeps what was read, whatever it was read for; nothing is written where nothing was learned.
    pub(super) fn keep(&mut self, dir: &WorkDir) -> Result<(), Failure> {
        let (Some(copy), Some(beneath)) = (&mut self.copy, &self.beneath) else {
            return Ok(());
        };
        let known = beneath.known();
        if known == copy.known {
            return Ok(());
        }
        copy.known = known;
        dir.write(&dir.rehearsal_state(), &copy.to_json())
    }

    /// How many accounts and words are known of the real chain.
    pub(super) fn size(&self) -> Option<(usize, usize)> {
        self.beneath.as_ref().map(|beneath| beneath.len())
    }
}

/// A node at one block, of which only reads are asked.
struct Node {
    chain: HttpChain,
    hash: B256,
}

impl Node {
    fn read(&self, queries: &[Query]) -> Result<Vec<Answer>, String> {
        let at = At::Hash(self.hash);
        self.chain.read(at, queries).map_err(|e| e.to_string())
    }
}

impl Source for Node {
    fn accounts(&self, addresses: &[Address]) -> Result<Vec<SourceAccount>, String> {
        let queries: Vec<Query> = addresses
            .iter()
            .flat_map(|address| {
                [
                    Query::Nonce(*address),
                    Query::Balance(*address),
                    Query::Code(*address),
                ]
            })
            .collect();
        let answers = self.read(&queries)?;
        let account = |three: &[Answer]| match three {
            [
                Answer::Word(nonce),
                Answer::Word(balance),
                Answer::Bytes(code),
            ] => Ok(SourceAccount {
                nonce: nonce.saturating_to(),
                balance: *balance,
                code: code.clone(),
            }),
            _ => Err("the node answers something else than was asked".to_owned()),
        };
        answers.chunks(3).map(account).collect()
    }

    fn words(&self, slots: &[(Address, U256)]) -> Result<Vec<U256>, String> {
        let query = |(address, slot): &(Address, U256)| Query::Storage(*address, *slot);
        let answers = self.read(&slots.iter().map(query).collect::<Vec<_>>())?;
        let word = |answer| match answer {
            Answer::Word(word) => Ok(word),
            _ => Err("the node answers something else than was asked".to_owned()),
        };
        answers.into_iter().map(word).collect()
    }
}

/// Fixes the block, and brings the lists up to it.
fn pin(
    chain: &HttpChain,
    block: Option<u64>,
    dir: &WorkDir,
    plan: &Plan,
    snapshots: &[Holders],
) -> Result<(Copy, Vec<Holders>), Failure> {
    connect::require_chain(connect::identity(chain)?, plan)?;
    let failed = |error: &ChainError| connect::chain_error(&chain.origin(), error);
    let at = block.map_or(At::Latest, At::Number);
    let header = chain.header(at).map_err(|error| failed(&error))?;
    let header = header.ok_or_else(|| failed(&ChainError::Missing(at)))?;
    let tip = chain.tip_wei().map_err(|error| failed(&error))?;
    let mut lists = Vec::new();
    for (lane, snapshot) in plan.lanes.iter().zip(snapshots) {
        lists.push(list_at(chain, &header, lane, snapshot)?);
    }
    for (index, list) in lists.iter().enumerate() {
        dir.write_list(&dir.rehearsal_list(index), list)?;
    }
    let copy = Copy {
        chain_id: plan.chain_id,
        number: header.number,
        timestamp_secs: header.timestamp,
        block_gas_limit: header.gas_limit,
        pinned: Pinned {
            hash: header.hash,
            gas_price_wei: u64::try_from(header.base_fee.saturating_add(tip)).unwrap_or(u64::MAX),
            plan: plan.digest(),
            lists: lists.iter().map(Holders::digest).collect(),
        },
        known: Default::default(),
    };
    Ok((copy, lists))
}

/// The holders of a lane as of a block: those of the plan, and everybody who has received something since.
fn list_at(
    chain: &HttpChain,
    header: &Header,
    lane: &LanePlan,
    snapshot: &Holders,
) -> Result<Holders, Failure> {
    let failed = |error: &ChainError| connect::chain_error(&chain.origin(), error);
    let call = Query::Call {
        from: Address::ZERO,
        to: Some(lane.legacy),
        data: Legacy::totalSupplyCall {}.abi_encode().into(),
        code_override: None,
    };
    let queries = [Query::Code(lane.legacy), call];
    let answers = chain
        .read(At::Hash(header.hash), &queries)
        .map_err(|error| failed(&error))?;
    let [Answer::Bytes(code), supply] = &answers[..] else {
        return Err(no_contract(lane.legacy));
    };
    if keccak256(code) == KECCAK256_EMPTY {
        return Err(no_contract(lane.legacy));
    }
    let supply = match supply {
        Answer::Bytes(word) => U256::try_from_be_slice(word).unwrap_or_default(),
        _ => U256::ZERO,
    };
    match list::catch_up(chain, lane, snapshot, header.id(), supply) {
        Ok(list) => Ok(list),
        Err(ListError::Balance(BalanceError::Chain(error))) => Err(failed(&error)),
        Err(error) => Err(Failure::new(
            "sealift::rehearse::list",
            exit::STALE,
            format!("the holders of {} are not known as of block {}", lane.legacy, header.number),
        )
        .because(&error)
        .next("rehearse a block at or after the one that the list is as of, or make the list and the plan again")),
    }
}

/// There is nothing to migrate.
pub(super) fn no_contract(legacy: Address) -> Failure {
    let message = format!("there is no contract at {legacy}");
    Failure::new("sealift::legacy::missing", exit::USAGE, message)
        .next("give the state of a block at which the legacy token is there (--block, or another --state)")
}

/// The copy of an earlier rehearsal.
fn kept(path: &Path) -> Result<Option<Copy>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure::io(path, "read", &error)),
    };
    Copy::read(&bytes).map(Some).map_err(|error| {
        Failure::new(
            "sealift::rehearse::copy",
            exit::USAGE,
            "the copy of an earlier rehearsal cannot be used",
        )
        .because(&error)
        .at(path, None)
        .next("delete it; the next rehearsal takes a new copy from the node")
    })
}

fn kept_lists(dir: &WorkDir, copy: &Copy) -> Result<Vec<Holders>, Failure> {
    let lists = copy.pinned.lists.iter().enumerate();
    lists
        .map(|(index, digest)| {
            let path = dir.rehearsal_list(index);
            let list = crate::workdir::read_holders(&path)?;
            if list.digest() != *digest {
                return Err(Failure::new(
                    "sealift::rehearse::copy",
                    exit::USAGE,
                    "it is not the list of the copy",
                )
                .at(&path, None)
                .next(format!(
                    "delete {}; the next rehearsal takes a new copy from the node",
                    dir.rehearsal_state().display()
                )));
            }
            Ok(list)
        })
        .collect()
}
