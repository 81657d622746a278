// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Pauses legacy and opens the swap in one transaction: a balance is either transferable or swappable.
/// @dev Assumes: it owns both tokens.
contract Swap {
    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;
    address public immutable OWNER;
    bool public opened;

    error NotOpen();
    error NotOwner();

    constructor(Token legacy, Token successor, address owner) {
        (LEGACY, SUCCESSOR, OWNER) = (legacy, successor, owner);
    }

    /// @notice Starts, for ever. Again does nothing.
    function open() external {
        if (msg.sender != OWNER) revert NotOwner();
        if (opened) return;
        opened = true;
        LEGACY.pause();
    }

    /// @notice Swaps all that the caller has. Again does nothing.
    function swap() external {
        swapFor(msg.sender);
    }

    /// @notice Swaps all that a holder has, for the holder. Anybody may.
    function swapFor(address holder) public {
        if (!opened) revert NotOpen();
        uint256 amount = LEGACY.balanceOf(holder);
        if (amount == 0) return;
        LEGACY.burn(holder, amount);
        SUCCESSOR.mint(holder, amount);
    }

    /// @notice What `holder` has to swap.
    function swappable(address holder) external view returns (uint256) {
        return LEGACY.balanceOf(holder);
    }
}
