// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The successor, of which one unit replaces a hundred of the legacy token. It is its own migrator.
contract Successor is ERC20 {
    using SafeERC20 for IERC20;

    uint256 public constant RATIO = 100;
    IERC20 public immutable LEGACY;

    constructor(IERC20 legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Takes all of the caller's legacy; what is below one unit of the successor is lost to rounding.
    function migrate() external {
        uint256 amount = LEGACY.balanceOf(msg.sender);
        if (amount == 0) return;
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount / RATIO);
    }
}
