//! Answers that are known already: scenarios share what goes before their faults.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;
use alloy_primitives::map::HashMap;
use sealift_engine::chain::{Answer, Query};
use siphasher::sip128::{Hasher128, SipHasher13};

/// Answers kept at most; further ones are computed each time.
const MOST_ANSWERS: usize = 200_000;

/// Answers by the block after which a question was asked, and the question.
///
/// The embedded chain's state root commits to every change since block 0, so that a block's hash decides
/// the state after it, as long as nothing was set by hand.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<u128, Answer>>);

impl Memo {
    /// The answer, known or computed.
    pub(super) fn answer<E>(
        &self,
        block: B256,
        query: &Query,
        compute: impl FnOnce() -> Result<Answer, E>,
    ) -> Result<Answer, E> {
        let key = key(block, query);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known().get(&key) {
            return Ok(answer.clone());
        }
        let answer = compute()?;
        let mut known = known();
        if known.len() < MOST_ANSWERS {
            known.insert(key, answer.clone());
        }
        Ok(answer)
    }
}

/// What decides an answer, in 128 bits; nobody chooses the questions, so that no two meet by design.
fn key(block: B256, query: &Query) -> u128 {
    let mut hash = SipHasher13::new();
    block.hash(&mut hash);
    std::mem::discriminant(query).hash(&mut hash);
    match query {
        Query::Call {
            from,
            to,
            data,
            code_override,
        } => (from, to, data, code_override).hash(&mut hash),
        Query::Gas { from, to, data } => (from, to, data).hash(&mut hash),
        Query::Storage(account, slot) => (account, slot).hash(&mut hash),
        Query::Code(account) | Query::Nonce(account) | Query::Balance(account) => {
            account.hash(&mut hash);
        }
    }
    hash.finish128().as_u128()
}
