//! Legacy tokens of every kind of control, with holders.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use sealift_evm::EmbeddedChain;
use sealift_manifest::holders::{Holder, Holders};

use crate::world::{OWNER, STRANGER, account, act};

sol!(LegacyToken, "../../contracts/artifacts/LegacyToken.json");
sol!(BitingToken, "../../contracts/artifacts/BitingToken.json");
sol!(
    LegacyRoleToken,
    "../../contracts/artifacts/LegacyRoleToken.json"
);
sol!(
    LegacyTwoStepToken,
    "../../contracts/artifacts/LegacyTwoStepToken.json"
);

/// Holders with balances that differ, a development account among them.
pub(crate) fn generated(count: u64) -> Holders {
    let row = |index: u64| Holder {
        account: match index {
            1 => account(STRANGER),
            _ => Address::from_word(keccak256(index.to_be_bytes())),
        },
        balance: U256::from(1_000 + index * index),
    };
    Holders::from_rows((1..count).map(row).collect()).expect("distinct accounts")
}

fn create(chain: &EmbeddedChain, from: usize, bytecode: &Bytes, arguments: &[u8]) -> Address {
    let nonce = chain.node().nonce(account(from));
    let init = [bytecode.as_ref(), arguments].concat();
    assert!(act(chain, from, Address::ZERO, init));
    account(from).create(nonce)
}

/// A token that its owner may pause, with these holders.
pub(crate) fn owned_token(chain: &EmbeddedChain, owner: usize, list: &Holders) -> Address {
    let arguments = LegacyToken::constructorCall {
        name_: "Old".into(),
        symbol_: "OLD".into(),
        owner_: account(owner),
    };
    let arguments = arguments.abi_encode();
    let token = create(chain, owner, &LegacyToken::BYTECODE, &arguments);
    mint(chain, owner, token, list);
    token
}

/// A token whose next owner must accept, with these holders.
pub(crate) fn two_step_token(chain: &EmbeddedChain, list: &Holders) -> Address {
    let arguments = LegacyTwoStepToken::constructorCall {
        name_: "Old".into(),
        symbol_: "OLD".into(),
        owner_: account(OWNER),
    };
    let arguments = arguments.abi_encode();
    let token = create(chain, OWNER, &LegacyTwoStepToken::BYTECODE, &arguments);
    mint(chain, OWNER, token, list);
    token
}

fn mint(chain: &EmbeddedChain, owner: usize, token: Address, list: &Holders) {
    let mint = LegacyToken::mintBatchCall {
        accounts: list.iter().map(|holder| holder.account).collect(),
        amounts: list.iter().map(|holder| holder.balance).collect(),
    };
    assert!(act(chain, owner, token, mint.abi_encode()));
}

/// A token whose transfer misbehaves in one way, with these holders.
pub(crate) fn biting_token(chain: &EmbeddedChain, list: &Holders, bite: u8) -> Address {
    let arguments = BitingToken::constructorCall {
        name_: "Old".into(),
        symbol_: "OLD".into(),
        owner_: account(OWNER),
    };
    let token = create(
        chain,
        OWNER,
        &BitingToken::BYTECODE,
        &arguments.abi_encode(),
    );
    mint(chain, OWNER, token, list);
    let bite = BitingToken::setBiteCall { bite_: bite };
    assert!(act(chain, OWNER, token, bite.abi_encode()));
    token
}

/// A token that the one member of a role may pause, with these holders.
pub(crate) fn role_token(chain: &EmbeddedChain, list: &Holders) -> Address {
    let arguments = LegacyRoleToken::constructorCall {
        name_: "Old".into(),
        symbol_: "OLD".into(),
        admin: account(OWNER),
    };
    let token = create(
        chain,
        OWNER,
        &LegacyRoleToken::BYTECODE,
        &arguments.abi_encode(),
    );
    for holder in list.iter() {
        let (to, amount) = (holder.account, holder.balance);
        let mint = LegacyRoleToken::mintCall { to, amount };
        assert!(act(chain, OWNER, token, mint.abi_encode()));
    }
    token
}
