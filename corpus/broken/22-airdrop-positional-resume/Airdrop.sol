// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Pays out of a funded balance; each batch once.
contract Airdrop {
    error NotTheOperator();

    Token public immutable token;
    address public immutable operator;
    mapping(uint256 => bool) public paid;

    constructor(Token token_, address operator_) {
        token = token_;
        operator = operator_;
    }

    function pay(uint256 batch, address[] calldata holders, uint256[] calldata amounts) external {
        require(msg.sender == operator, NotTheOperator());
        if (paid[batch]) return;
        paid[batch] = true;
        for (uint256 i = 0; i < holders.length; i++) {
            require(token.transfer(holders[i], amounts[i]));
        }
    }
}
