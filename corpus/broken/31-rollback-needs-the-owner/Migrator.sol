// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Freezes, then moves everybody within a week. The owner can take the freeze back.
contract Migrator {
    error NotTheOwner();
    error NotFrozen();
    error TooLate();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable owner;
    uint256 public constant WINDOW_SECS = 7 days;
    uint256 public deadline;

    constructor(Token legacy_, Token successor_, address owner_) {
        legacy = legacy_;
        successor = successor_;
        owner = owner_;
    }

    modifier onlyOwner() {
        require(msg.sender == owner, NotTheOwner());
        _;
    }

    /// @notice Again does nothing: the deadline cannot be moved.
    function freeze() external onlyOwner {
        if (legacy.paused()) return;
        deadline = block.timestamp + WINDOW_SECS;
        legacy.pause();
    }

    /// @notice Anybody may, until the deadline.
    function finish(address[] calldata holders) external {
        require(legacy.paused(), NotFrozen());
        require(block.timestamp <= deadline, TooLate());
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = legacy.balanceOf(holders[i]);
            legacy.burn(holders[i], amount);
            successor.mint(holders[i], amount);
        }
    }

    /// @notice Whoever was not moved has the old again.
    function rollback() external onlyOwner {
        legacy.unpause();
    }
}
