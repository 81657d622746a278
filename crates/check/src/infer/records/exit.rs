//! How a holder takes out what a record says.

use alloy_primitives::{Address, U256};
use sealift_evm::Machine;

use super::Search;
use super::question::{Key, asks, only_answers};
use crate::fork::Fork;
use crate::infer::family::Family;
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

    /// A call by which a holder gets what a record says: it leaves less in the record, or can be made once only, and the
    /// holder with more.
    fn exit(&self, machine: &mut Machine<Fork>, book: &Ledger, key: Option<Key>) -> Option<Ask> {
        let choices = self.choices(book, key);
        let mut best: Option<(U256, Ask)> = None;
        for fork in self.ends() {
            for (holder, recorded) in self.holders(machine, fork, book) {
                for ask in &choices {
                    let taken = self.taken(machine, fork, book, (holder, recorded), ask);
                    if let Some((left, _)) = taken
                        && best.as_ref().is_none_or(|(least, _)| left < *least)
                    {
                        best = Some((left, ask.clone()));
                    }
                }
            }
        }
        best.map(|(_, ask)| ask)
    }

    /// Whether at the end holders can take out what a record says, unit for unit.
    pub(super) fn pays_exactly(
        &self,
        machine: &mut Machine<Fork>,
        book: &Ledger,
        key: Option<Key>,
    ) -> bool {
        let choices = self.choices(book, key);
        let [_, end] = self.ends();
        let holders = self.holders(machine, end, book);
        let mut all = holders.iter();
        !holders.is_empty()
            && all.all(|(holder, recorded)| {
                choices.iter().any(|ask| {
                    let taken = self.taken(machine, end, book, (*holder, *recorded), ask);
                    taken.is_some_and(|(left, paid)| *recorded - left == paid)
                })
            })
    }

    /// The calls that a holder may take its claim out by.
    fn choices(&self, book: &Ledger, key: Option<Key>) -> Vec<Ask> {
        let mut all = (self.known.functions)(self.ends()[1], book.contract);
        all.retain(|function| !only_answers(function) && function.inputs.len() <= ARGUMENTS);
        let choices = all.iter().flat_map(|function| asks(function, key));
        choices.collect()
    }

    /// Whether the records of a contract that gave what they are of say the same as before, and nothing is known by which
    /// their holders could take it out: they tell what was, and not what is due.
    pub(super) fn is_history(&self, machine: &mut Machine<Fork>, family: &Family) -> bool {
        family.books.iter().all(|book| {
            let mut people = self.known.people.iter();
            book.exit == ExitBy::Always
                && people.all(|who| {
                    let [before, after] = self.ends().map(|fork| view(machine, fork, book, *who).0);
                    before.unwrap_or_default() == after.unwrap_or_default()
                })
        })
    }

    /// A few of those who have something, and how much.
    fn holders(
        &self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        book: &Ledger,
    ) -> Vec<(Address, U256)> {
        if !book.is_there(fork) {
            return Vec::new();
        }
        let people = self.known.people.iter();
        let held = people.map(|holder| {
            let recorded = view(machine, fork, book, *holder).0;
            (*holder, recorded.unwrap_or_default())
        });
        let held = held.filter(|(_, recorded)| !recorded.is_zero());
        held.take(TRIED).collect()
    }

    /// What a call of a holder leaves it to take out and pays it, where it does both.
    fn taken(
        &self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        book: &Ledger,
        (holder, recorded): (Address, U256),
        ask: &Ask,
    ) -> Option<(U256, U256)> {
        let data = ask.with(holder, recorded).to_vec();
        let done = call(machine, fork, holder, book.contract, data.clone());
        if !done.succeeded() {
            return None;
        }
        let mut after = fork.clone();
        after.put(&fork.effect(&done, holder));
        let left = view(machine, &after, book, holder).0.unwrap_or(recorded);
        let mut has = |fork: &Fork| {
            self.custody
                .held(machine, fork, self.known.families, holder)
        };
        let paid = has(&after).saturating_sub(has(fork));
        if left < recorded {
            return (!paid.is_zero()).then_some((left, paid));
        }
        // The mark that it was taken out may be elsewhere.
        let again = || call(machine, &after, holder, book.contract, data);
        (paid == recorded && !again().succeeded()).then_some((U256::ZERO, paid))
    }
}
