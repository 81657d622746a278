// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The usual airdrop, for the gas table
contract Disperse {
    using SafeERC20 for IERC20;

    error LengthMismatch();

    /// @notice Takes the total from the caller, then sends each account its amount.
    function disperse(IERC20 token, address[] calldata accounts, uint256[] calldata amounts) external {
        if (accounts.length != amounts.length) revert LengthMismatch();
        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) {
            total += amounts[i];
        }
        token.safeTransferFrom(msg.sender, address(this), total);
        for (uint256 i = 0; i < accounts.length; ++i) {
            token.safeTransfer(accounts[i], amounts[i]);
        }
    }
}
