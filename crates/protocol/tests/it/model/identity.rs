//! What tells two worlds apart; the search visits one of those that are the same.

use std::hash::{Hash, Hasher};

use sealift_protocol::contract::Call;
use sealift_protocol::state::Status;

use super::World;

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Heights, hashes and what was last seen do not tell worlds apart: the next look replaces the
        // one, and only whether a block is final matters of the others.
        let (chain, exec) = (&self.chain, &self.exec);
        for block in [&chain.last, &chain.newest] {
            let contract = &block.contract;
            (
                block.timestamp,
                block.nonce,
                block.tx.as_ref().map(|(id, _)| *id),
            )
                .hash(hasher);
            (contract.phase, contract.deadline_secs).hash(hasher);
            let lane = &contract.lanes[0];
            (&lane.legacy, lane.ledger.words.len(), lane.guard_frozen).hash(hasher);
            (lane.generation, lane.cursor, lane.declared.is_some()).hash(hasher);
        }
        for (id, sent) in &chain.pool {
            let head = chain.newest.contract.sealed_head;
            let is_current = !matches!(sent.call, Call::Commit { head: seen } if seen != head);
            (id, std::mem::discriminant(&sent.call), is_current).hash(hasher);
            let is_ours = exec
                .txs
                .get(id)
                .is_some_and(|tx| tx.variants.iter().any(|v| v.hash == sent.hash));
            is_ours.hash(hasher);
        }
        (
            exec.began,
            exec.aborting,
            exec.outcome,
            exec.finality.is_some(),
        )
            .hash(hasher);
        (exec.lists[0].is_some(), exec.verified.len()).hash(hasher);
        for (id, tx) in &exec.txs {
            (
                id,
                tx.intent,
                tx.is_settled(),
                tx.variants.len(),
                tx.offered.len(),
            )
                .hash(hasher);
            let seen = tx.variants.iter().find_map(|v| chain.receipts.get(&v.hash));
            seen.map(|(block, done)| (block.number >= chain.newest.number, *done))
                .hash(hasher);
            let status = match tx.status {
                Status::Pending => (0, false, false),
                Status::Included {
                    block, succeeded, ..
                } => (1, block == chain.newest.id(), succeeded),
                Status::Finalized { succeeded, .. } => (2, false, succeeded),
                Status::Superseded => (3, false, false),
            };
            status.hash(hasher);
        }
        let memory = &exec.memory;
        (&memory.offered_at, &memory.receiptless, &memory.reverts).hash(hasher);
        (
            &memory.refused,
            &memory.failures,
            memory.abort_asked,
            memory.stopping,
        )
            .hash(hasher);
        (format!("{:?}", self.halted), self.faults, self.crashed).hash(hasher);
        self.broken.hash(hasher);
    }
}
