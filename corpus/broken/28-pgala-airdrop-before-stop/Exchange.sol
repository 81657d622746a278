// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Buys the old for cash, one for one, as long as it moves.
contract Exchange {
    Token public immutable legacy;
    Token public immutable cash;

    constructor(Token legacy_, Token cash_) {
        legacy = legacy_;
        cash = cash_;
    }

    function sell(uint256 amount) external {
        require(legacy.transferFrom(msg.sender, address(this), amount));
        require(cash.transfer(msg.sender, amount));
    }
}
