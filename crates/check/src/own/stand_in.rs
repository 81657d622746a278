//! Legacy tokens that stand in for those of a plan: OpenZeppelin, with the same kind of control.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolConstructor};
use sealift_engine::signer::Unsigned;
use sealift_evm::Node;
use sealift_manifest::holders::Holders;
use sealift_protocol::plan::{Control, LanePlan};

use super::keys;

mod artifacts {
    #![allow(missing_docs, unreachable_pub, reason = "generated from the contracts")]
    alloy_sol_types::sol!(LegacyToken, "../../contracts/artifacts/LegacyToken.json");
    alloy_sol_types::sol!(
        LegacyTwoStepToken,
        "../../contracts/artifacts/LegacyTwoStepToken.json"
    );
    alloy_sol_types::sol!(
        LegacyRoleToken,
        "../../contracts/artifacts/LegacyRoleToken.json"
    );
}

use artifacts::{LegacyRoleToken, LegacyToken, LegacyTwoStepToken};

/// Wei per gas that the actors around the executor bid.
const BID_WEI: u128 = 1_000_000_000_000;

/// Sends a call of this account at once, whatever waits in the pool for the same nonce; `None` where the
/// pool does not take it. The zero address creates.
pub(super) fn act(
    node: &mut Node,
    from: Address,
    nonce: u64,
    to: Address,
    input: Bytes,
    gas_limit: u64,
) -> Option<alloy_primitives::B256> {
    let tx = Unsigned {
        chain_id: node.config().chain_id,
        nonce,
        to,
        value: U256::ZERO,
        input,
        gas_limit,
        max_fee: BID_WEI,
        tip: BID_WEI / 4,
    };
    let (raw, _) = keys::signed(from, &tx);
    node.send_as(&raw, from).ok()
}

/// Sends and mines; whether it succeeded.
fn settle(node: &mut Node, from: Address, to: Address, input: Bytes) -> bool {
    let nonce = node.pending_nonce(from);
    let hash = act(node, from, nonce, to, input, 16_000_000);
    node.mine();
    hash.and_then(|hash| node.included(hash))
        .is_some_and(|included| included.outcome.succeeded)
}

/// Deploys a token for a lane and gives it to its holders; `None` where a transaction fails.
pub(super) fn deploy(node: &mut Node, lane: &LanePlan, holders: &Holders) -> Option<Address> {
    let owner = lane.recorded_owner;
    let (name, symbol) = ("Legacy".to_owned(), "LGCY".to_owned());
    let (code, arguments) = match lane.control {
        Control::Ownable => (
            &LegacyToken::BYTECODE,
            LegacyToken::constructorCall {
                name_: name,
                symbol_: symbol,
                owner_: owner,
            }
            .abi_encode(),
        ),
        Control::Ownable2Step => (
            &LegacyTwoStepToken::BYTECODE,
            LegacyTwoStepToken::constructorCall {
                name_: name,
                symbol_: symbol,
                owner_: owner,
            }
            .abi_encode(),
        ),
        Control::Roles { .. } => (
            &LegacyRoleToken::BYTECODE,
            LegacyRoleToken::constructorCall {
                name_: name,
                symbol_: symbol,
                admin: owner,
            }
            .abi_encode(),
        ),
    };
    let token = owner.create(node.nonce(owner));
    let init = [code.as_ref(), &arguments].concat();
    let mut done = settle(node, owner, Address::ZERO, init.into());
    if matches!(lane.control, Control::Roles { .. }) {
        for holder in holders.iter() {
            let (to, amount) = (holder.account, holder.balance);
            let mint = LegacyRoleToken::mintCall { to, amount }.abi_encode();
            done &= settle(node, owner, token, mint.into());
        }
    } else {
        for rows in holders.rows().chunks(300) {
            let mint = LegacyToken::mintBatchCall {
                accounts: rows.iter().map(|holder| holder.account).collect(),
                amounts: rows.iter().map(|holder| holder.balance).collect(),
            };
            done &= settle(node, owner, token, mint.abi_encode().into());
        }
    }
    done.then_some(token)
}
