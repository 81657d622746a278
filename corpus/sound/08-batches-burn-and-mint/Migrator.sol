// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Moves holders from legacy to successor. The mark of one who is done is the burnt balance itself.
/// @dev Assumes: it owns both tokens.
contract Migrator {
    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;

    constructor(Token legacy, Token successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Moves whatever these holders have now. Anybody may, and again does nothing.
    function migrate(address[] calldata holders) external {
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = LEGACY.balanceOf(holders[i]);
            if (amount == 0) continue;
            LEGACY.burn(holders[i], amount);
            SUCCESSOR.mint(holders[i], amount);
        }
    }
}
