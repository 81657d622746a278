// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Is called in the middle of a flash mint.
interface IFlashBorrower {
    function onFlash(address initiator, address account, uint256 amount) external;
}

/// @notice The successor: legacy in, successor out, one to one; and flash mints.
contract Successor is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 private immutable LEGACY;

    constructor(IERC20 legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Keeps the caller's legacy and mints the same amount.
    function convert(uint256 amount) external {
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount);
    }

    /// @notice Lends `amount` out of nothing for the length of a call.
    function flash(IFlashBorrower borrower, address account, uint256 amount) external {
        _mint(address(borrower), amount);
        borrower.onFlash(msg.sender, account, amount);
        _burn(address(borrower), amount);
    }
}

/// @notice Moves a position over in one transaction: the account has its successor before its legacy leaves.
contract MigrationZap is IFlashBorrower {
    using SafeERC20 for IERC20;

    error NotTheLender();

    IERC20 private immutable LEGACY;
    Successor private immutable SUCCESSOR;

    constructor(IERC20 legacy, Successor successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Moves `amount` of the caller.
    function migrate(uint256 amount) external {
        SUCCESSOR.flash(this, msg.sender, amount);
    }

    /// @inheritdoc IFlashBorrower
    function onFlash(address initiator, address account, uint256 amount) external {
        if (msg.sender != address(SUCCESSOR)) revert NotTheLender();
        IERC20(SUCCESSOR).safeTransfer(account, amount);
        uint256 position = LEGACY.balanceOf(account);
        LEGACY.safeTransferFrom(account, address(this), position);
        LEGACY.forceApprove(address(SUCCESSOR), position);
        SUCCESSOR.convert(position);
        IERC20(SUCCESSOR).safeTransfer(initiator, position - amount);
    }
}
