// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Moves holders from the old to the new; whoever was not moved keeps the old.
contract Migrator {
    Token public immutable legacy;
    Token public immutable successor;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    /// @notice Anybody may, and again does nothing.
    function move(address holder) external {
        uint256 amount = legacy.balanceOf(holder);
        legacy.burn(holder, amount);
        successor.mint(holder, amount);
    }
}
