//! How the executor may behave; not part of the plan, so it may differ from run to run.

use std::collections::BTreeSet;

use alloy_primitives::Address;

/// Limits and patience.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The accounts that this executor can sign for.
    pub signers: BTreeSet<Address>,
    /// Transactions bound to a nonce and not yet included, at most.
    pub window: usize,
    /// Wei per gas at most, whatever the chain suggests.
    pub max_fee_cap: u128,
    /// Wei per gas for the proposer at most, whatever the chain suggests. A bump may go above it.
    pub max_tip_cap: u128,
    /// Wei that one transaction may cost at most. Nodes refuse to pass on what costs more than a limit of
    /// their own: geth's `--rpc.txfeecap` is 1 ether unless it is told otherwise.
    pub tx_cost_cap_wei: u128,
    /// Wei that all transactions together may cost.
    pub budget_wei: u128,
    /// Seconds without an answer from the node after which the run gives up.
    pub unreachable_secs: u64,
    /// Seconds after which the lowest unmined nonce gets a higher fee.
    pub bump_after_secs: u64,
    /// Seconds after which identical bytes are offered again.
    pub resend_after_secs: u64,
    /// Observations without a receipt after which a used nonce counts as used by somebody else.
    pub grace_looks: u32,
    /// Failed attempts on chain after which an intent halts the run.
    pub max_attempts: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            signers: BTreeSet::new(),
            window: 16,
            max_fee_cap: 500_000_000_000,
            max_tip_cap: 50_000_000_000,
            tx_cost_cap_wei: 1_000_000_000_000_000_000,
            budget_wei: u128::MAX,
            unreachable_secs: 300,
            bump_after_secs: 60,
            resend_after_secs: 15,
            grace_looks: 3,
            max_attempts: 3,
        }
    }
}
