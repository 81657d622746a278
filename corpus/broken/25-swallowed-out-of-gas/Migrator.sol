// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Marks a holder, burns its old, and lets a failure of the mint pass.
contract Migrator {
    /// @notice A holder was migrated.
    event Migrated(address holder);

    Token public immutable legacy;
    Token public immutable successor;
    mapping(address => bool) public migrated;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function migrate(address holder) external {
        if (migrated[holder]) return;
        migrated[holder] = true;
        uint256 amount = legacy.balanceOf(holder);
        legacy.burn(holder, amount);
        try successor.mint(holder, amount) {} catch {}
        emit Migrated(holder);
    }
}
