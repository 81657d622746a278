// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice One side burns, a relayer mints on the other; nobody can give back.
contract Bridge {
    error NotTheRelayer();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable relayer;
    mapping(address => uint256) public burned;

    constructor(Token legacy_, Token successor_, address relayer_) {
        legacy = legacy_;
        successor = successor_;
        relayer = relayer_;
    }

    function leave() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        burned[msg.sender] += amount;
        legacy.burn(msg.sender, amount);
    }

    function arrive(address holder) external {
        require(msg.sender == relayer, NotTheRelayer());
        uint256 amount = burned[holder];
        burned[holder] = 0;
        successor.mint(holder, amount);
    }
}
