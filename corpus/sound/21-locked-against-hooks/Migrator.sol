// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Token} from "common/Token.sol";

/// @notice Takes the old from the caller, so much at once, and gives as much of the new as came in.
contract Migrator is ReentrancyGuard {
    uint256 public constant AT_ONCE = 250e18;

    Token public immutable legacy;
    Token public immutable successor;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    /// @dev Nobody comes in while it takes.
    function migrate() external nonReentrant {
        uint256 amount = legacy.balanceOf(msg.sender);
        if (amount > AT_ONCE) amount = AT_ONCE;
        uint256 held = legacy.balanceOf(address(this));
        require(legacy.transferFrom(msg.sender, address(this), amount));
        successor.mint(msg.sender, legacy.balanceOf(address(this)) - held);
    }
}
