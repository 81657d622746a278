// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Token} from "common/Token.sol";
import {Feed} from "./Feed.sol";

/// @notice Takes the old from holders that allow it, and mints what it is worth in the new.
contract Migrator {
    using SafeERC20 for Token;

    uint256 public constant OLDEST = 1 days;

    Token public immutable legacy;
    Token public immutable successor;
    Feed public immutable feed;

    error Stale();
    error OutOfBounds();

    constructor(Token legacy_, Token successor_, Feed feed_) {
        legacy = legacy_;
        successor = successor_;
        feed = feed_;
    }

    function migrate() external {
        uint256 amount = legacy.balanceOf(msg.sender);
        legacy.safeTransferFrom(msg.sender, address(this), amount);
        successor.mint(msg.sender, amount * price() / 1e8);
    }

    /// @dev It is asked when it was made, and whether it can be.
    function price() private view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        if (block.timestamp - updatedAt > OLDEST) revert Stale();
        if (answer < 0.95e8 || answer > 1.05e8) revert OutOfBounds();
        return uint256(answer);
    }
}
