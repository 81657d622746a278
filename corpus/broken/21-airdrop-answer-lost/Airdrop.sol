// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Pays out of a funded balance; nothing says what was paid.
contract Airdrop {
    /// @notice A batch was paid.
    event Paid(uint256 batch);

    error NotTheOperator();

    Token public immutable token;
    address public immutable operator;

    constructor(Token token_, address operator_) {
        token = token_;
        operator = operator_;
    }

    function pay(uint256 batch, address[] calldata holders, uint256[] calldata amounts) external {
        require(msg.sender == operator, NotTheOperator());
        emit Paid(batch);
        for (uint256 i = 0; i < holders.length; i++) {
            require(token.transfer(holders[i], amounts[i]));
        }
    }
}
