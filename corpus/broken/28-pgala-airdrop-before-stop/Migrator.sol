// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Gives everybody the new, once; the old is stopped afterwards.
contract Migrator {
    error NotTheOperator();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable operator;
    bool public given;

    constructor(Token legacy_, Token successor_, address operator_) {
        legacy = legacy_;
        successor = successor_;
        operator = operator_;
    }

    function give(address[] calldata holders, uint256[] calldata amounts) external {
        require(msg.sender == operator, NotTheOperator());
        if (given) return;
        given = true;
        for (uint256 i = 0; i < holders.length; i++) {
            successor.mint(holders[i], amounts[i]);
        }
    }

    function stop() external {
        require(msg.sender == operator, NotTheOperator());
        if (given && !legacy.paused()) legacy.pause();
    }
}
