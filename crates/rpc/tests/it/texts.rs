//! Texts of clients and what they mean.

use sealift_engine::chain::SendAnswer;
use sealift_protocol::event::Rejection;
use sealift_rpc::classify_send_error;

/// What a row of the table means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Means {
    Ambiguous,
    NonceTooLow,
    Underpriced,
    Funds,
    PoolFull,
    Invalid,
}

/// Client, code, text, meaning. Texts from the sources of the clients.
#[rustfmt::skip]
const TABLE: &[(&str, i64, &str, Means)] = &[
    ("geth", -32000, "already known", Means::Ambiguous),
    ("geth", -32000, "replacement transaction underpriced", Means::Ambiguous),
    ("geth", -32000, "future transaction tries to replace pending", Means::Ambiguous),
    ("geth", -32000, "nonce too low: next nonce 5, tx nonce 3", Means::NonceTooLow),
    ("geth", -32000, "insufficient funds for gas * price + value: balance 0, tx cost 21000, overshot 21000", Means::Funds),
    ("geth", -32000, "transaction underpriced: gas tip cap 0, minimum needed 1", Means::Underpriced),
    ("geth", -32000, "max fee per gas less than block base fee: address 0xAb, maxFeePerGas: 1, baseFee: 7", Means::Underpriced),
    ("geth", -32000, "txpool is full", Means::PoolFull),
    ("geth", -32000, "account limit exceeded", Means::PoolFull),
    ("geth", -32000, "in-flight transaction limit reached for delegated accounts", Means::PoolFull),
    ("geth", -32000, "gapped-nonce tx from delegated accounts", Means::PoolFull),
    ("geth", -32000, "intrinsic gas too low: gas 20999, minimum needed 21000", Means::Invalid),
    ("geth", -32000, "exceeds block gas limit", Means::Invalid),
    ("geth", -32000, "transaction gas limit too high (cap: 16777216, tx: 30000000)", Means::Invalid),
    ("geth", -32000, "max initcode size exceeded: code size 49153 limit 49152", Means::Invalid),
    ("geth", -32000, "invalid sender", Means::Invalid),
    ("geth", -32000, "invalid chain id for signer: have 1 want 5", Means::Invalid),
    ("geth", -32000, "oversized data: transaction size 131073, limit 131072", Means::Invalid),
    ("geth", -32000, "transaction type not supported", Means::Invalid),
    ("geth", -32000, "max priority fee per gas higher than max fee per gas: address 0xAb", Means::Invalid),
    ("geth", -32000, "tx fee (1.68 ether) exceeds the configured cap (1.00 ether)", Means::Invalid),
    ("erigon", -32000, "existing tx with same hash", Means::Ambiguous),
    ("erigon", -32000, "ALREADY_EXISTS: already known", Means::Ambiguous),
    ("erigon", -32000, "could not replace existing tx", Means::Ambiguous),
    ("erigon", -32000, "replaced by transaction with higher tip", Means::Ambiguous),
    ("erigon", -32000, "nonce too low", Means::NonceTooLow),
    ("erigon", -32000, "underpriced", Means::Underpriced),
    ("erigon", -32000, "fee too low", Means::Underpriced),
    ("erigon", -32000, "insufficient funds", Means::Funds),
    ("erigon", -32000, "pending sub-pool is full", Means::PoolFull),
    ("erigon", -32000, "baseFee sub-pool is full", Means::PoolFull),
    ("erigon", -32000, "IntrinsicGas", Means::Invalid),
    ("erigon", -32000, "RLPTooLong", Means::Invalid),
    ("erigon", -32000, "initcode too large", Means::Invalid),
    ("nethermind", -32010, "AlreadyKnown", Means::Ambiguous),
    ("nethermind", -32010, "replacement transaction underpriced, tx 0xab", Means::Ambiguous),
    ("nethermind", -32010, "OldNonce, Current nonce: 5, nonce of rejected tx: 3", Means::NonceTooLow),
    ("nethermind", -32010, "nonce too low", Means::NonceTooLow),
    ("nethermind", -32010, "FeeTooLow, EffectivePriorityFeePerGas too low 0 < 1", Means::Underpriced),
    ("nethermind", -32010, "transaction underpriced", Means::Underpriced),
    ("nethermind", -32010, "InsufficientFunds, Account balance: 0", Means::Funds),
    ("nethermind", -32010, "NonceGap, Future nonce. Expected nonce: 5", Means::PoolFull),
    ("nethermind", -32010, "nonce too far in future", Means::PoolFull),
    ("nethermind", -32010, "TxGasLimitCapExceeded: Gas limit 30000000 exceeded cap of 16777216.", Means::Invalid),
    ("nethermind", -32010, "InvalidTxChainId: Expected 1, got 5.", Means::Invalid),
    ("nethermind", -32010, "failed to recover sender", Means::Invalid),
    ("besu", -32000, "Known transaction", Means::Ambiguous),
    ("besu", -32000, "Replacement transaction underpriced", Means::Ambiguous),
    ("besu", -32001, "Nonce too low", Means::NonceTooLow),
    ("besu", -32004, "Upfront cost exceeds account balance", Means::Funds),
    ("besu", -32009, "Gas price below configured minimum gas price", Means::Underpriced),
    ("besu", -32009, "Gas price below current base fee", Means::Underpriced),
    ("besu", -32000, "Transaction nonce is too distant from current sender nonce", Means::PoolFull),
    ("besu", -32006, "Nonce too high", Means::PoolFull),
    ("besu", -32003, "Intrinsic gas exceeds gas limit", Means::Invalid),
    ("besu", -32005, "Transaction gas limit exceeds block gas limit", Means::Invalid),
    ("besu", -32002, "Invalid signature", Means::Invalid),
    ("besu", -32000, "Wrong chainId", Means::Invalid),
    ("besu", -32000, "Max priority fee per gas exceeds max fee per gas", Means::Invalid),
    ("besu", -32602, "Invalid transaction type", Means::Invalid),
    ("besu", -32000, "An invalid transaction with a lower nonce exists", Means::Ambiguous),
    ("reth", -32000, "already known", Means::Ambiguous),
    ("reth", -32000, "insufficient gas price to replace existing transaction", Means::Ambiguous),
    ("reth", -32000, "nonce too low: next nonce 5, tx nonce 3", Means::NonceTooLow),
    ("reth", -32003, "insufficient funds for gas * price + value: have 0 want 21000", Means::Funds),
    ("reth", -32003, "transaction overdraws from account", Means::Funds),
    ("reth", -32000, "transaction feeCap 1 below chain minimum", Means::Underpriced),
    ("reth", -32003, "txpool is full", Means::PoolFull),
    ("reth", -32003, "rejected due to 0xAb being identified as a spammer", Means::PoolFull),
    ("reth", -32003, "transaction discarded outright due to pool size constraints", Means::PoolFull),
    ("reth", -32003, "transaction's gas limit 60000000 exceeds block's gas limit 30000000", Means::Invalid),
    ("reth", -32003, "transaction's size 50000 exceeds max_init_code_size 49152", Means::Invalid),
    ("anvil", -32603, "Tx: [0xab] already Imported", Means::Ambiguous),
    ("anvil", -32003, "transaction already imported", Means::Ambiguous),
    ("anvil", -32603, "Tx: [0xab] insufficient gas price to replace existing transaction", Means::Ambiguous),
    ("anvil", -32003, "nonce too low", Means::NonceTooLow),
    ("anvil", -32003, "Insufficient funds for gas * price + value", Means::Funds),
    ("anvil", -32003, "max fee per gas less than block base fee", Means::Underpriced),
    ("anvil", -32003, "Nonce too high", Means::PoolFull),
    ("anvil", -32003, "intrinsic gas too low", Means::Invalid),
    ("anvil", -32003, "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", Means::Invalid),
    ("anvil", -32003, "Transaction gas limit is greater than the block gas limit, gas_limit: 30000001, cap: 30000000", Means::Invalid),
    ("anvil", -32000, "invalid chain id for signer", Means::Invalid),
    ("hardhat", -32000, "Known transaction: 0xab", Means::Ambiguous),
    ("hardhat", -32000, "Replacement transaction underpriced. A gasPrice/maxFeePerGas of at least 2 is necessary to replace the existing transaction with nonce 3.", Means::Ambiguous),
    ("hardhat", -32000, "Nonce too low. Expected nonce to be 5 but got 3.", Means::NonceTooLow),
    ("hardhat", -32000, "Nonce too high. Expected nonce to be 5 but got 7. Note that transactions can't be queued when automining.", Means::PoolFull),
    ("hardhat", -32000, "Sender doesn't have enough funds to send tx. The max upfront cost is: 2 and the sender's balance is: 1.", Means::Funds),
    ("hardhat", -32000, "Transaction maxFeePerGas (1) is too low for the next block, which has a baseFeePerGas of 875000000", Means::Underpriced),
    ("hardhat", -32000, "Transaction gas limit is 60000000 and exceeds block gas limit of 30000000", Means::Invalid),
    ("hardhat", -32000, "Trying to send a raw transaction with an invalid chainId. The expected chainId is 31337", Means::Invalid),
    ("ethers", 0, "nonce has already been used", Means::NonceTooLow),
    ("gateway", -32603, "nonce too low", Means::NonceTooLow),
    ("gateway", -32603, "Internal error", Means::Ambiguous),
    ("gateway", -32000, "", Means::Ambiguous),
    ("gateway", -32005, "daily request count exceeded, request rate limited", Means::Ambiguous),
    ("gateway", -32000, "upstream failure for chain id 1", Means::Ambiguous),
    ("gateway", -32601, "the method eth_sendRawTransaction does not exist/is not available", Means::Ambiguous),
];

#[test]
fn texts_of_clients() {
    for &(client, code, text, expected) in TABLE {
        let means = match classify_send_error(code, text) {
            SendAnswer::Ambiguous(_) => Means::Ambiguous,
            SendAnswer::Rejected(Rejection::NonceTooLow) => Means::NonceTooLow,
            SendAnswer::Rejected(Rejection::Underpriced) => Means::Underpriced,
            SendAnswer::Rejected(Rejection::InsufficientFunds) => Means::Funds,
            SendAnswer::Rejected(Rejection::PoolFull) => Means::PoolFull,
            SendAnswer::Rejected(Rejection::Invalid(shown)) => {
                assert_eq!(shown, text);
                Means::Invalid
            }
            SendAnswer::Accepted => panic!("an error is never an acceptance"),
        };
        assert_eq!(means, expected, "{client}: {code} {text}");
    }
}
