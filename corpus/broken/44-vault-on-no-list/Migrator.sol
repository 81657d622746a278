// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice Holds tokens of several people; what it calls is up to its owner.
contract Vault {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    /// @notice Makes a call in the name of the vault.
    function execute(address to, bytes calldata data) external {
        if (msg.sender != OWNER) revert NotAllowed();
        (bool ok,) = to.call(data);
        if (!ok) revert NotAllowed();
    }
}

/// @notice Pauses the legacy for good and mints in its successor, in one transaction.
/// @dev Assumes: it owns both tokens. The list has every account that a person could have, and none that is a contract.
contract Migrator {
    Token private immutable LEGACY;
    Token private immutable SUCCESSOR;
    address[] private holders;

    constructor(Token legacy, Token successor, address[] memory list) {
        LEGACY = legacy;
        SUCCESSOR = successor;
        holders = list;
    }

    /// @notice Migrates everybody on the list, once. Anybody may.
    function migrate() external {
        if (LEGACY.paused()) return;
        LEGACY.pause();
        for (uint256 i = 0; i < holders.length; i++) {
            SUCCESSOR.mint(holders[i], LEGACY.balanceOf(holders[i]));
        }
    }
}
