// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Gives everybody as much of the new as it has of the old, once; the old is stopped afterwards.
contract Migrator {
    error NotTheOperator();
    error Incomplete();
    error NotGiven();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable operator;
    bool public given;

    constructor(Token legacy_, Token successor_, address operator_) {
        legacy = legacy_;
        successor = successor_;
        operator = operator_;
    }

    function give(address[] calldata holders) external {
        require(msg.sender == operator, NotTheOperator());
        if (given) return;
        given = true;
        for (uint256 i = 0; i < holders.length; i++) {
            successor.mint(holders[i], legacy.balanceOf(holders[i]));
        }
        require(successor.totalSupply() == legacy.totalSupply(), Incomplete());
    }

    function stop() external {
        require(msg.sender == operator, NotTheOperator());
        require(given, NotGiven());
        if (!legacy.paused()) legacy.pause();
    }
}
