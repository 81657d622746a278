// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Burns what accounts have in a legacy that is paused for good, and mints as much in its successor.
/// @dev Assumes: it owns both tokens.
contract Migrator {
    Token private immutable LEGACY;
    Token private immutable SUCCESSOR;

    constructor(Token legacy, Token successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Moves these accounts. Anybody may, and who has nothing left is passed over.
    function move(address[] calldata accounts) external {
        for (uint256 i = 0; i < accounts.length; i++) {
            uint256 amount = LEGACY.balanceOf(accounts[i]);
            if (amount == 0) continue;
            LEGACY.burn(accounts[i], amount);
            SUCCESSOR.mint(accounts[i], amount);
        }
    }
}
