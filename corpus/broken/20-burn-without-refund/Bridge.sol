// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice One side burns, the other mints within a week, for whoever delivers the message; nobody can give back.
contract Bridge {
    error NothingBurned();
    error Expired();

    Token public immutable legacy;
    Token public immutable successor;
    uint256 public constant WINDOW_SECS = 7 days;
    mapping(address => uint256) public burned;
    mapping(address => uint256) public deadline;
    mapping(address => bool) public arrived;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function leave() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        if (amount == 0) return;
        burned[msg.sender] += amount;
        deadline[msg.sender] = block.timestamp + WINDOW_SECS;
        legacy.burn(msg.sender, amount);
    }

    /// @notice Again does nothing; before anything is burned it fails, so that it is not taken for done.
    function arrive(address holder) external {
        uint256 amount = burned[holder];
        if (amount == 0 && arrived[holder]) return;
        require(amount != 0, NothingBurned());
        require(block.timestamp <= deadline[holder], Expired());
        burned[holder] = 0;
        arrived[holder] = true;
        successor.mint(holder, amount);
    }
}
