//! How a holder takes out what a record says.

use alloy_primitives::{Address, U256};
use sealift_evm::Machine;

use super::Search;
use super::question::{Key, asks, only_answers};
use crate::fork::Fork;
use crate::infer::{call, exits};
use crate::ledger::{Ask, ExitBy, Ledger, view};

/// Arguments of a call by which a claim is taken out.
const ARGUMENTS: usize = 3;
/// Holders for whom it is tried.
const TRIED: usize = 3;

impl Search<'_, '_> {
    /// How a claim is taken out: by a call that works, now or once a lock ends; else it is live wherever it is recorded.
    pub(super) fn choose_exit(
        &self,
        machine: &mut Machine<Fork>,
        book: &mut Ledger,
        key: Option<Key>,
    ) {
        let Some(ask) = self.exit(machine, book, key) else {
            return;
        };
        let people = self.known.people;
        book.lock_secs = exits::lock_secs(machine, self.ends(), people, book, &ask);
        book.exit = ExitBy::Call(ask);
    }

    /// A call by which a holder gets what a record says: it leaves less in the record, and the holder with more.
    fn exit(&self, machine: &mut Machine<Fork>, book: &Ledger, key: Option<Key>) -> Option<Ask> {
        let mut all = (self.known.functions)(self.ends()[1], book.contract);
        all.retain(|function| !only_answers(function) && function.inputs.len() <= ARGUMENTS);
        let choices: Vec<Ask> = all
            .iter()
            .flat_map(|function| asks(function, key))
            .collect();
        let mut best: Option<(U256, Ask)> = None;
        for fork in self.ends() {
            if !book.is_there(fork) {
                continue;
            }
            let people = self.known.people.iter();
            let held = people.map(|holder| {
                let recorded = view(machine, fork, book, *holder).0;
                (*holder, recorded.unwrap_or_default())
            });
            let held = held.filter(|(_, recorded)| !recorded.is_zero());
            let held: Vec<(Address, U256)> = held.take(TRIED).collect();
            for (holder, recorded) in held {
                for ask in &choices {
                    let data = ask.with(holder, recorded).to_vec();
                    let done = call(machine, fork, holder, book.contract, data);
                    if !done.succeeded() {
                        continue;
                    }
                    let mut after = fork.clone();
                    after.put(&fork.effect(&done, holder));
                    let left = view(machine, &after, book, holder).0.unwrap_or(recorded);
                    let mut has = |fork: &Fork| {
                        self.custody
                            .held(machine, fork, self.known.families, holder)
                    };
                    let is_paid = has(&after) > has(fork);
                    let is_better = best.as_ref().is_none_or(|(least, _)| left < *least);
                    if left < recorded && is_paid && is_better {
                        best = Some((left, ask.clone()));
                    }
                }
            }
        }
        best.map(|(_, ask)| ask)
    }
}
