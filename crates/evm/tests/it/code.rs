//! Tiny contracts, written by hand.

use alloy_primitives::{Address, B256, Bytes, U256, hex};

/// Init code that deploys `runtime` as it is.
pub(crate) fn deploys(runtime: &[u8]) -> Bytes {
    // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN
    let mut code = hex!("61000080600a5f395ff3").to_vec();
    code[1..3].copy_from_slice(&(runtime.len() as u16).to_be_bytes());
    code.extend_from_slice(runtime);
    code.into()
}

/// With calldata (slot, word): stores the word and logs it under the topic `slot`.
/// With calldata (slot): returns the word.
pub(crate) const STORE: &[u8] =
    &hex!("366020106010575f35545f5260205ff35b602035805f35555f525f3560205fa100");

/// With calldata (start, n): writes the slots `start..start + n`, each with its own number.
pub(crate) const FILL: &[u8] = &hex!("5f3560203581015b80821015601a5790808055600101906007565b00");

/// Reverts with its calldata.
pub(crate) const REVERT: &[u8] = &hex!("365f5f37365ffd");

/// Reverts where fewer than 200,000 gas are left when it looks.
pub(crate) const GREEDY: &[u8] = &hex!("62030d405a10600a57005b5f5ffd");

/// A word of calldata or storage.
pub(crate) fn word(value: u64) -> B256 {
    B256::from(U256::from(value))
}

/// Calldata of some words.
pub(crate) fn words(values: &[u64]) -> Bytes {
    values
        .iter()
        .flat_map(|value| word(*value))
        .collect::<Vec<u8>>()
        .into()
}

/// The contract that a development account creates with a nonce.
pub(crate) fn created(account: usize, nonce: u64) -> Address {
    sealift_evm::DEV_ACCOUNTS[account].address.create(nonce)
}
