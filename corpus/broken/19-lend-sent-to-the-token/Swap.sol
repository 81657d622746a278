// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Burns the old and mints the new in one transaction of the holder.
contract Swap {
    Token public immutable legacy;
    Token public immutable successor;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function swap() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        legacy.burn(msg.sender, amount);
        successor.mint(msg.sender, amount);
    }
}
