//! Who may hold something.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use alloy_sol_types::SolEvent;

use super::Run;
use crate::input::Step;
use crate::ledger::{IErc20, IErc1155, NOBODY};

/// Accounts that may hold something: those without code in the state, of transfers, and in calldata.
pub(super) fn candidates(run: &Run, steps: &[Step], contracts: &[Address]) -> Vec<Address> {
    let mut found: BTreeSet<Address> = run.forks[0].people().into_iter().collect();
    for log in &run.logs {
        if log.topics().first() == Some(&IErc20::Transfer::SIGNATURE_HASH) {
            found.extend(
                // A fourth topic is an id.
                log.topics()[1..]
                    .iter()
                    .take(2)
                    .map(|topic| Address::from_word(*topic)),
            );
        }
    }
    let of_ids = [
        IErc1155::TransferSingle::SIGNATURE_HASH,
        IErc1155::TransferBatch::SIGNATURE_HASH,
    ];
    for log in &run.logs {
        let topics = log.topics();
        if topics.first().is_some_and(|first| of_ids.contains(first)) {
            let parties = topics
                .iter()
                .skip(2)
                .map(|topic| Address::from_word(*topic));
            found.extend(parties);
        }
    }
    for step in steps {
        found.insert(step.from);
        let start = if step.to.is_some() {
            4
        } else {
            step.data.len() % 32
        };
        let words = step.data.get(start..).unwrap_or_default().chunks_exact(32);
        let addresses =
            words.filter(|word| word[..12].iter().all(|byte| *byte == 0) && word[12..16] != [0; 4]);
        found.extend(addresses.map(|word| Address::from_slice(&word[12..])));
    }
    found.remove(&Address::ZERO);
    let cast = [
        crate::model::STRANGER,
        crate::model::ANYONE,
        crate::model::NEWCOMER,
        NOBODY,
    ];
    found.retain(|account| !cast.contains(account) && !contracts.contains(account));
    found.into_iter().collect()
}
