// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Walks a fixed list. The cursor and what it stands for change in one transaction.
/// @dev Assumes: it owns both tokens.
contract Migrator {
    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;
    address[] public holders;
    uint256 public cursor;

    constructor(Token legacy, Token successor, address[] memory list) {
        LEGACY = legacy;
        SUCCESSOR = successor;
        holders = list;
    }

    /// @notice Moves up to `count` holders more; at the end of the list it does nothing. Anybody may.
    function next(uint256 count) external {
        uint256 left = holders.length - cursor;
        if (count > left) count = left;
        uint256 end = cursor + count;
        for (uint256 i = cursor; i < end; i++) {
            uint256 amount = LEGACY.balanceOf(holders[i]);
            LEGACY.burn(holders[i], amount);
            SUCCESSOR.mint(holders[i], amount);
        }
        cursor = end;
    }
}
