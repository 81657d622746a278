//! From a bound nonce to finality: what the chain says of each transaction, and what to offer again.

use alloy_primitives::{Address, U256};

use crate::effect::{Effect, Halt};
use crate::event::{Observation, Receipt, TxId, Variant};
use crate::intent::Intent;
use crate::record::Record;
use crate::state::{State, Status, Tx};

/// A replacement must raise both fees by at least 10%; we raise by 12.5%, rounded up, and a little more.
const BUMP_NUMERATOR: u128 = 9;
const BUMP_DENOMINATOR: u128 = 8;

/// What a look at the chain proves about finality: the mark may advance, or the run must halt.
pub(crate) fn finality(state: &State, seen: &Observation) -> Result<Option<Record>, Halt> {
    let fin = seen.finalized.at;
    let Some(mark) = state.finality else {
        return Ok(Some(Record::Finality(fin)));
    };
    let regressed = if fin.number > mark.number {
        match seen.walked_to {
            Some(reached) => reached != mark,
            None => {
                return Err(Halt::Unexpected(
                    "finality moved without a walk to its mark",
                ));
            }
        }
    } else {
        fin != mark
    };
    if regressed {
        return Err(Halt::FinalityRegressed { mark });
    }
    let moved = fin.number > mark.number;
    let used =
        |tx: &Tx| matches!(tx.status, Status::Included { block, .. } if block.number <= fin.number);
    // The mark is written down when something rests on it, not at every block.
    let worth = state.unsettled().any(|(_, tx)| used(tx)) || fin.number >= mark.number + 64;
    Ok((moved && worth).then_some(Record::Finality(fin)))
}

/// What a look at the chain proves about each unsettled transaction.
pub(crate) fn follow(state: &State, seen: &Observation) -> Vec<Record> {
    state
        .unsettled()
        .flat_map(|(id, tx)| follow_one(*id, tx, state, seen))
        .collect()
}

fn follow_one(id: TxId, tx: &Tx, state: &State, seen: &Observation) -> Vec<Record> {
    let found = tx
        .variants
        .iter()
        .find_map(|variant| seen.receipts.get(&variant.hash));
    let Some(receipt) = found else {
        return match tx.status {
            Status::Included { .. } if !is_finally_used(id, seen) => {
                vec![Record::Excluded { tx: id }]
            }
            Status::Included { .. } if is_superseded(id, state, seen) => {
                vec![Record::Excluded { tx: id }, Record::Superseded { tx: id }]
            }
            Status::Pending if is_superseded(id, state, seen) => {
                vec![Record::Superseded { tx: id }]
            }
            _ => Vec::new(),
        };
    };
    let included = Status::Included {
        hash: receipt.transaction,
        block: receipt.block,
        succeeded: receipt.succeeded,
    };
    match seen.final_blocks.get(&receipt.block.number) {
        Some(hash) if receipt.block.number <= seen.finalized.at.number => {
            if *hash == receipt.block.hash {
                vec![finalized(id, receipt)]
            } else if matches!(tx.status, Status::Included { .. }) {
                vec![Record::Excluded { tx: id }]
            } else {
                Vec::new()
            }
        }
        _ if tx.status == included => Vec::new(),
        _ => vec![Record::Included {
            tx: id,
            hash: receipt.transaction,
            block: receipt.block,
            succeeded: receipt.succeeded,
        }],
    }
}

fn finalized(tx: TxId, receipt: &Receipt) -> Record {
    Record::Finalized {
        tx,
        hash: receipt.transaction,
        block: receipt.block,
        succeeded: receipt.succeeded,
        gas_used: receipt.gas_used,
        paid_wei: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
    }
}

fn is_finally_used(id: TxId, seen: &Observation) -> bool {
    seen.final_nonces
        .get(&id.sender)
        .is_some_and(|count| *count > id.nonce)
}

/// The nonce is finally used, and none of our variants has shown a receipt for long enough. Should
/// a receipt of ours turn up later after all, the contract's cursor has kept the second attempt out.
fn is_superseded(id: TxId, state: &State, seen: &Observation) -> bool {
    let looks = state.memory.receiptless.get(&id).copied().unwrap_or(0);
    is_finally_used(id, seen) && looks >= state.policy.grace_looks
}

/// Counts the looks at a finally used nonce that showed no receipt of ours.
pub(crate) fn remember_receiptless(state: &mut State, seen: &Observation) {
    let without: Vec<TxId> = state
        .unsettled()
        .filter(|(id, tx)| {
            let found = tx
                .variants
                .iter()
                .any(|v| seen.receipts.contains_key(&v.hash));
            is_finally_used(**id, seen) && !found
        })
        .map(|(id, _)| *id)
        .collect();
    let mut counts = std::mem::take(&mut state.memory.receiptless);
    counts.retain(|id, _| without.contains(id));
    for id in without {
        *counts.entry(id).or_default() += 1;
    }
    state.memory.receiptless = counts;
}

/// What a transaction with this gas limit should pay, within the caps: (max fee, tip), wei per gas.
pub(crate) fn quote(state: &State, seen: &Observation, gas_limit: u64) -> (u128, u128) {
    let tip = seen.tip.min(state.policy.max_tip_cap);
    let max = seen.base_fee.saturating_mul(2).saturating_add(tip);
    let max = max.min(fee_cap(state, gas_limit));
    (max, tip.min(max))
}

/// Wei per gas that a transaction with this gas limit may offer at most.
fn fee_cap(state: &State, gas_limit: u64) -> u128 {
    let by_cost = state.policy.tx_cost_cap_wei / u128::from(gas_limit.max(1));
    state.policy.max_fee_cap.min(by_cost)
}

/// Whether the budget takes another `gas_limit` at `max_fee`, on top of all that is paid or promised.
pub(crate) fn affords(state: &State, gas_limit: u64, max_fee: u128) -> bool {
    let cost = |gas: u64, fee: u128| U256::from(gas) * U256::from(fee);
    let promised = state
        .unsettled()
        .fold(U256::from(state.paid_wei), |sum, (_, tx)| {
            let fee = tx
                .variants
                .last()
                .map_or(max_fee, |variant| variant.max_fee);
            sum + cost(tx.gas_limit, fee)
        });
    promised + cost(gas_limit, max_fee) <= U256::from(state.policy.budget_wei)
}

/// What to sign and to offer (again) for the transactions that are in no block.
pub(crate) fn nudge(state: &State, seen: &Observation) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut lowest = None;
    for (id, tx) in unmined(state, seen) {
        let is_lowest = lowest != Some(id.sender);
        lowest = Some(id.sender);
        if is_held_back(*id, tx, state, seen) {
            continue;
        }
        effects.extend(nudge_one(*id, tx, is_lowest, state, seen));
    }
    effects
}

/// The transactions whose nonces are free at the newest block. A nonce that is used there, by whomever,
/// needs neither new bytes nor higher fees; should a reorganisation free it, the next look shows that.
fn unmined<'a>(
    state: &'a State,
    seen: &'a Observation,
) -> impl Iterator<Item = (&'a TxId, &'a Tx)> {
    let is_free = |id: &TxId| {
        let used = seen.nonces.get(&id.sender).copied().unwrap_or(0);
        id.nonce >= used && !is_finally_used(*id, seen)
    };
    state
        .unsettled()
        .filter(move |(id, tx)| tx.status == Status::Pending && is_free(id))
}

fn nudge_one(
    id: TxId,
    tx: &Tx,
    is_lowest: bool,
    state: &State,
    seen: &Observation,
) -> Option<Effect> {
    let (max_fee, tip) = quote(state, seen, tx.gas_limit);
    let sign = |max_fee, tip| Effect::Sign {
        tx: id,
        intent: tx.intent,
        gas_limit: tx.gas_limit,
        max_fee,
        tip,
    };
    let has_key = state.policy.signers.contains(&id.sender);
    // What was bound and never signed is counted at today's fees, which the budget may not allow.
    let Some(variant) = tx.variants.last() else {
        return (has_key && affords(state, 0, max_fee)).then(|| sign(max_fee, tip));
    };
    let send = Effect::Send {
        tx: id,
        hash: variant.hash,
        raw: variant.raw.clone(),
    };
    let Some((bump_at, last)) = state.memory.offered_at.get(&id) else {
        return Some(send);
    };
    if is_lowest
        && has_key
        && !state.memory.stopping
        && seen.now_secs >= *bump_at
        && let Some((max_fee, tip)) = bumped(tx, variant, state, seen)
    {
        return Some(sign(max_fee, tip));
    }
    (seen.now_secs >= last.saturating_add(state.policy.resend_after_secs)).then_some(send)
}

/// The fees of a replacement, within cap and budget; `None` where they do not allow one.
fn bumped(tx: &Tx, variant: &Variant, state: &State, seen: &Observation) -> Option<(u128, u128)> {
    let (max_fee, tip) = quote(state, seen, tx.gas_limit);
    let raise = |fee: u128| (fee / BUMP_DENOMINATOR + 1).saturating_mul(BUMP_NUMERATOR);
    let max_fee = raise(variant.max_fee).max(max_fee);
    let tip = raise(variant.tip).max(tip).min(max_fee);
    let fits = max_fee <= fee_cap(state, tx.gas_limit)
        && affords(state, tx.gas_limit, max_fee - variant.max_fee);
    fits.then_some((max_fee, tip))
}

/// Whether the lowest unmined nonce of a sender is due for a higher fee that cap or budget forbid.
/// Then the same bytes are offered on, and nothing new is sent behind them.
pub(crate) fn is_stuck(state: &State, seen: &Observation, sender: Address) -> bool {
    let lowest = unmined(state, seen).find(|(id, _)| id.sender == sender);
    let Some((id, tx)) = lowest else { return false };
    let (Some(variant), Some((bump_at, _))) = (tx.variants.last(), state.memory.offered_at.get(id))
    else {
        return false;
    };
    seen.now_secs >= *bump_at && bumped(tx, variant, state, seen).is_none()
}

/// Whether a transaction that no node has been offered stays where it is: when the run stops, or goes
/// back, and no higher nonce of its sender waits for it.
pub(crate) fn is_held_back(id: TxId, tx: &Tx, state: &State, seen: &Observation) -> bool {
    let stopping = state.memory.stopping;
    let is_idle = match (stopping, state.is_going_back(seen)) {
        (true, _) => tx.offered.is_empty(),
        // Signed bytes may have been offered in a former life. A commit is not offered all the same: it
        // would undo what was asked for.
        (false, true) => {
            let is_open = tx.variants.is_empty() || tx.intent == Intent::Commit;
            is_open && !state.plan.leads_back(tx.intent)
        }
        (false, false) => false,
    };
    let waits = |other: &Tx| {
        let is_out = if stopping {
            !other.offered.is_empty()
        } else {
            !other.variants.is_empty()
        };
        !other.is_settled() && (is_out || (!stopping && state.plan.leads_back(other.intent)))
    };
    let above = state.txs.range(id..).skip(1);
    is_idle
        && !above
            .take_while(|(other, _)| other.sender == id.sender)
            .any(|(_, tx)| waits(tx))
}
