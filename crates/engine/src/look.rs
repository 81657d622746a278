//! One look at the chain, as the core wants it: views, receipts, nonces, and a walk of finality.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use sealift_protocol::State;
use sealift_protocol::event::{BlockId, Header, Observation, Phase};
use sealift_protocol::plan::Plan;
use sealift_protocol::state::Status;

use crate::abi::staged::StagedERC20;
use crate::balances;
use crate::chain::{Answer, At, Chain, ChainError, Query};
use crate::list::Prepared;
use crate::view::{self, Sight, ViewError};

/// Final blocks that are remembered, so that a receipt can be held against them.
const REMEMBERED_BLOCKS: usize = 4096;

/// Looks that are thrown away because a block came in the meantime, at most; a chain that makes blocks
/// faster than that keeps the states of older ones apart.
const STILL_LOOKS: u32 = 4;

/// What was seen: the core's part, and the sights that it came from.
#[derive(Debug)]
pub struct Look {
    /// What the core needs.
    pub observation: Observation,
    /// The contracts at the newest block.
    pub latest: Sight,
    /// The contracts at the finalized block.
    pub finalized: Sight,
}

/// Looks at the chain, and remembers what can never change: how far finality was walked, and which
/// chunks of holders are materialized for good, as (lane, chunk).
#[derive(Debug, Default)]
pub struct Looker {
    walked: Option<BlockId>,
    final_blocks: BTreeMap<u64, B256>,
    materialized: BTreeSet<(usize, usize)>,
}

impl Looker {
    /// Looks, and again where a block came in the meantime: some nodes (anvil) answer a question about
    /// the newest block from the state of the one that has just replaced it, so that what was read is
    /// of two blocks. `lists` are the final lists that are fixed, a lane each.
    pub fn look<C: Chain + ?Sized>(
        &mut self,
        chain: &C,
        plan: &Plan,
        state: &State,
        lists: &[Option<Prepared>],
        time_and_tip: (u64, u128),
    ) -> Result<Look, ViewError> {
        for _ in 0..STILL_LOOKS {
            let look = self.look_once(chain, plan, state, lists, time_and_tip);
            let newest = match &look {
                Ok(look) => look.observation.latest.at,
                Err(ViewError::Answer { .. }) => continue,
                Err(_) => return look,
            };
            if header(chain, At::Latest)?.id() == newest {
                return look;
            }
        }
        self.look_once(chain, plan, state, lists, time_and_tip)
    }

    fn look_once<C: Chain + ?Sized>(
        &mut self,
        chain: &C,
        plan: &Plan,
        state: &State,
        lists: &[Option<Prepared>],
        (now_secs, tip): (u64, u128),
    ) -> Result<Look, ViewError> {
        // Receipts first: what they show is in the blocks that are read after them.
        let receipts = receipts(chain, state)?;
        let newest = header(chain, At::Latest)?;
        let fin = self.finalized(chain, state.finality)?;
        let walked_to = self.walk(chain, state.finality, &fin)?;
        for receipt in receipts
            .values()
            .filter(|receipt| receipt.block.number <= fin.number)
        {
            let number = receipt.block.number;
            if let Entry::Vacant(unknown) = self.final_blocks.entry(number) {
                unknown.insert(header(chain, At::Number(number))?.hash);
            }
        }
        let mut finalized = view::read(chain, plan, &fin)?;
        compare(plan, &mut finalized, lists);
        let known = &mut self.materialized;
        known.extend(materialized(chain, plan, &mut finalized, lists, known)?);
        let latest = if newest.hash == fin.hash {
            finalized.clone()
        } else {
            let mut latest = view::read(chain, plan, &newest)?;
            compare(plan, &mut latest, lists);
            materialized(chain, plan, &mut latest, lists, known)?;
            latest
        };
        let observation = Observation {
            now_secs,
            latest: latest.view.clone(),
            finalized: finalized.view.clone(),
            final_blocks: self.final_blocks.clone(),
            walked_to,
            nonces: nonces(chain, At::Hash(newest.hash), state)?,
            final_nonces: nonces(chain, At::Hash(fin.hash), state)?,
            receipts,
            base_fee: newest.base_fee,
            tip,
        };
        Ok(Look {
            observation,
            latest,
            finalized,
        })
    }

    /// Walks by parent hash from the finalized block down to where the last walk began, and returns
    /// the mark where the walk joins it, else the block at which it does not.
    fn walk<C: Chain + ?Sized>(
        &mut self,
        chain: &C,
        mark: Option<BlockId>,
        fin: &Header,
    ) -> Result<Option<BlockId>, ChainError> {
        let from = self.walked.or(mark);
        let mut reached = *fin;
        let mut walked = vec![fin.id()];
        while from.is_some_and(|from| reached.number > from.number) {
            let Some(parent) = chain.header(At::Hash(reached.parent))? else {
                return Err(ChainError::Missing(At::Hash(reached.parent)));
            };
            reached = parent;
            walked.push(reached.id());
        }
        if from.is_some_and(|from| from != reached.id()) {
            return Ok(Some(reached.id()));
        }
        // Only a walk that has joined the last one counts as walked.
        self.walked = Some(fin.id());
        let walked = walked.into_iter().map(|block| (block.number, block.hash));
        self.final_blocks.extend(walked);
        while self.final_blocks.len() > REMEMBERED_BLOCKS {
            self.final_blocks.pop_first();
        }
        Ok(mark.or(from))
    }

    /// The finalized block. One below what was final before is a node that lags, as long as what was
    /// final is still on its chain: then it is asked again later. If not, finality was rewritten, which
    /// is for the core to judge.
    fn finalized<C: Chain + ?Sized>(
        &self,
        chain: &C,
        mark: Option<BlockId>,
    ) -> Result<Header, ChainError> {
        let fin = header(chain, At::Finalized)?;
        let Some(known) = self
            .walked
            .or(mark)
            .filter(|known| fin.number < known.number)
        else {
            return Ok(fin);
        };
        match chain.header(At::Number(known.number))? {
            Some(found) if found.hash != known.hash => Ok(fin),
            _ => Err(ChainError::Unreachable(format!(
                "it lags: its finalized block is {}, and {} was final before",
                fin.number, known.number
            ))),
        }
    }
}

fn header<C: Chain + ?Sized>(chain: &C, at: At) -> Result<Header, ChainError> {
    chain.header(at)?.ok_or(ChainError::Missing(at))
}

fn receipts<C: Chain + ?Sized>(
    chain: &C,
    state: &State,
) -> Result<BTreeMap<B256, sealift_protocol::event::Receipt>, ChainError> {
    let hashes: Vec<B256> = state
        .unsettled()
        .filter(|(_, tx)| !matches!(tx.status, Status::Finalized { .. }))
        .flat_map(|(_, tx)| tx.variants.iter().map(|variant| variant.hash))
        .collect();
    if hashes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = chain.receipts(&hashes)?;
    Ok(hashes
        .into_iter()
        .zip(found)
        .filter_map(|(hash, found)| Some((hash, found?)))
        .collect())
}

fn nonces<C: Chain + ?Sized>(
    chain: &C,
    at: At,
    state: &State,
) -> Result<BTreeMap<Address, u64>, ChainError> {
    // Whose key is not here may still have transactions from an earlier life.
    let senders = state.unsettled().map(|(id, _)| id.sender);
    let accounts: BTreeSet<Address> = state
        .policy
        .signers
        .iter()
        .copied()
        .chain(senders)
        .collect();
    let queries: Vec<Query> = accounts
        .iter()
        .map(|account| Query::Nonce(*account))
        .collect();
    let answers = chain.read(at, &queries)?;
    let pair = |(account, answer)| match answer {
        Answer::Word(nonce) => Some((account, nonce.saturating_to::<u64>())),
        _ => None,
    };
    Ok(accounts.into_iter().zip(answers).filter_map(pair).collect())
}

/// Holds what is staged against our lists: the head at the cursor, and the declaration.
fn compare(plan: &Plan, sight: &mut Sight, lists: &[Option<Prepared>]) {
    let id = crate::contracts::id(plan);
    let staged = std::mem::take(&mut sight.staged);
    for (index, state) in staged.iter().enumerate() {
        let Some(list) = lists.get(index).and_then(Option::as_ref) else {
            continue;
        };
        let view = &mut sight.view.lanes[index];
        if !plan.lanes[index].source.is_staged() || state.generation == 0 {
            continue;
        }
        let lane = index as u32;
        let ours = list.commitments(id, lane, state.generation);
        let head = match state.cursor {
            0 => Some(sealift_manifest::head::head0(
                id,
                u64::from(lane),
                state.generation,
            )),
            cursor => ours.get(cursor as usize - 1).map(|batch| batch.head),
        };
        let last = ours.last().map(|batch| batch.head);
        let declared = state.declaredBatches == 0
            || (state.declaredBatches as usize == ours.len()
                && Some(state.declaredHead) == last
                && state.declaredSum == list.facts.sum
                && state.declaredCount == list.facts.count);
        view.ours = Some(head == Some(state.head) && declared);
    }
    sight.staged = staged;
}

/// Fills in which chunks of holders are materialized, and returns those that are. A chunk is, when all
/// of its accounts are: anyone may touch a single one, its holder above all. `known` are not asked again;
/// of the others the last account is asked first, because that is the cheaper question.
fn materialized<C: Chain + ?Sized>(
    chain: &C,
    plan: &Plan,
    sight: &mut Sight,
    lists: &[Option<Prepared>],
    known: &BTreeSet<(usize, usize)>,
) -> Result<BTreeSet<(usize, usize)>, ViewError> {
    let mut found = BTreeSet::new();
    if sight.view.phase != Phase::Committed {
        return Ok(found);
    }
    let at = At::Hash(sight.view.at.hash);
    let view = StagedERC20::materializedCall::SELECTOR;
    for (index, lane) in plan.lanes.iter().enumerate() {
        let list = lists.get(index).and_then(Option::as_ref);
        let Some(list) = list.filter(|_| lane.materialize) else {
            continue;
        };
        let accounts: Vec<Address> = list.holders.iter().map(|holder| holder.account).collect();
        let chunks: Vec<&[Address]> = accounts
            .chunks(lane.materialize_size.max(1) as usize)
            .collect();
        let is_live = |word: &U256| *word == U256::ONE;
        let open: Vec<usize> = (0..chunks.len())
            .filter(|chunk| !known.contains(&(index, *chunk)))
            .collect();
        let last: Vec<Address> = open
            .iter()
            .filter_map(|chunk| chunks[*chunk].last().copied())
            .collect();
        let begun = balances::words(chain, at, lane.ledger, view, &last)?;
        for (chunk, _) in open.iter().zip(&begun).filter(|(_, word)| is_live(word)) {
            let words = balances::words(chain, at, lane.ledger, view, chunks[*chunk])?;
            if words.iter().all(is_live) {
                found.insert((index, *chunk));
            }
        }
        sight.view.lanes[index].materialized = (0..chunks.len())
            .map(|chunk| (index, chunk))
            .map(|chunk| known.contains(&chunk) || found.contains(&chunk))
            .collect();
    }
    Ok(found)
}
