// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Freezes, then moves everybody; only the owner. When that does not happen in a year, anybody brings the
/// old back.
contract Migrator {
    error NotTheOwner();
    error NotFrozen();
    error TooEarly();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable owner;
    uint256 public constant WINDOW_SECS = 365 days;
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

    function finish(address[] calldata holders) external onlyOwner {
        require(legacy.paused(), NotFrozen());
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = legacy.balanceOf(holders[i]);
            legacy.burn(holders[i], amount);
            successor.mint(holders[i], amount);
        }
    }

    /// @notice Anybody may, after the deadline: whoever was not moved has the old again.
    function release() external {
        require(block.timestamp >= deadline, TooEarly());
        legacy.unpause();
    }
}
