// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice A vault whose fourth version counts approvals against a threshold that the third was to set.
contract Vault {
    error NotReady();
    error TooFewApprovals();

    Token public immutable legacy;
    Token public immutable successor;
    uint256 public version = 2;
    uint256 public threshold;

    constructor(Token legacy_, Token successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function initializeV3(uint256 threshold_) external {
        require(version == 2, NotReady());
        version = 3;
        threshold = threshold_;
    }

    /// @dev Ought to ask for version 3.
    function initializeV4() external {
        require(version < 4, NotReady());
        version = 4;
    }

    function swap() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        legacy.burn(msg.sender, amount);
        successor.mint(msg.sender, amount);
    }

    function withdraw(uint256 amount, address[] calldata approvals) external {
        require(version == 4, NotReady());
        require(approvals.length >= threshold, TooFewApprovals());
        successor.mint(msg.sender, amount);
    }
}
