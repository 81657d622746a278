//! What goes wrong inside transactions as they are mined.

use crate::execute::{Hashes, execute, execute_meddling};
use crate::interference::{Meddle, Observed};
use crate::node::Node;
use crate::state::Snapshot;
use alloy_primitives::B256;
use revm::context::result::{InvalidTransaction, ResultAndState};
use revm::context::{BlockEnv, CfgEnv, TxEnv};

/// Something that goes wrong inside a transaction that is mined, once.
///
/// The transaction uses up all of its gas, so that disturbances which leave the same state behind leave the same block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// The number of the transaction ([`Node::executed`]); a later one where it has no such call.
    pub transaction: u64,
    /// What goes wrong.
    pub meddle: Meddle,
}

/// A transaction that was mined while the inside was watched.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Gas limit.
    pub gas_limit: u64,
    /// Its inner calls.
    pub observed: Observed,
}

/// How many transactions there were, and what is to go wrong in the next ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disturbances {
    executed: u64,
    due: Vec<Disturbance>,
    struck: Vec<(u64, Disturbance)>,
    watched: Option<Vec<Watched>>,
}

impl Disturbances {
    /// Executes a transaction for a block, with what is due in it.
    pub(crate) fn execute<S: Snapshot>(
        &mut self,
        snapshot: &S,
        hashes: Hashes<'_>,
        cfg: CfgEnv,
        block: BlockEnv,
        (tx, hash): (TxEnv, B256),
    ) -> Result<ResultAndState, InvalidTransaction> {
        let number = self.executed;
        let due = self.due.iter().filter(|due| due.transaction <= number);
        let due: Vec<Disturbance> = due.cloned().collect();
        if due.is_empty() && self.watched.is_none() {
            let done = execute(snapshot, hashes, cfg, block, tx)?;
            self.executed += 1;
            return Ok(done);
        }
        let gas_limit = tx.gas_limit;
        let run = |meddle: Option<&Meddle>| {
            let (cfg, block) = (cfg.clone(), block.clone());
            execute_meddling(snapshot, hashes, cfg, block, (tx.clone(), meddle))
        };
        let mut found = None;
        for due in due {
            let (done, observed) = run(Some(&due.meddle))?;
            if observed.fired {
                found = Some((done, observed));
                self.due.retain(|other| *other != due);
                self.struck.push((number, due));
                break;
            }
        }
        let (done, observed) = match found {
            Some(found) => found,
            None => run(None)?,
        };
        self.executed += 1;
        if let Some(watched) = &mut self.watched {
            watched.push(Watched {
                number,
                hash,
                gas_limit,
                observed,
            });
        }
        Ok(done)
    }
}

impl Node {
    /// How many transactions were ever executed for a block; those of dropped blocks count, and again when they are
    /// mined again.
    pub fn executed(&self) -> u64 {
        self.disturbances.executed
    }

    /// From now on this is to go wrong, one disturbance a transaction, and nothing else.
    pub fn disturb(&mut self, due: Vec<Disturbance>) {
        self.disturbances.due = due;
        self.disturbances.struck.clear();
    }

    /// As well as what is to go wrong already.
    pub fn disturb_too(&mut self, disturbance: Disturbance) {
        self.disturbances.due.push(disturbance);
    }

    /// What has gone wrong, and in which transaction.
    pub fn disturbed(&self) -> &[(u64, Disturbance)] {
        &self.disturbances.struck
    }

    /// From now on the inner calls of every transaction are written down.
    pub fn watch(&mut self) {
        self.disturbances.watched = Some(Vec::new());
    }

    /// The transactions that were mined since [`Self::watch`].
    pub fn watched(&self) -> &[Watched] {
        self.disturbances.watched.as_deref().unwrap_or_default()
    }
}
