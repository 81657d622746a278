// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Promises amounts and pays them, first come, first served.
contract Distributor {
    Token public immutable token;
    address public immutable owner;
    mapping(address => uint256) public claimable;

    constructor(Token token_, address owner_) {
        token = token_;
        owner = owner_;
    }

    function list(address[] calldata holders, uint256[] calldata amounts) external {
        require(msg.sender == owner);
        for (uint256 i = 0; i < holders.length; i++) {
            claimable[holders[i]] = amounts[i];
        }
    }

    function claim() external {
        uint256 amount = claimable[msg.sender];
        claimable[msg.sender] = 0;
        require(token.transfer(msg.sender, amount));
    }
}
