// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Takes the old from holders that allow it, and gives as much of the new as it asked for.
contract Migrator {
    Token public immutable legacy;
    Token public immutable successor;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function migrate() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        legacy.transferFrom(msg.sender, address(this), amount);
        successor.mint(msg.sender, amount);
    }
}
