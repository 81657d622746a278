// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice A pool of the two tokens, of which the migration reads the reserves.
contract SpotPool {
    uint256 public reserveLegacy;
    uint256 public reserveSuccessor;

    constructor(uint256 legacy, uint256 successor) {
        reserveLegacy = legacy;
        reserveSuccessor = successor;
    }
}

/// @notice Pays successor for legacy at the price that the pool has in this moment.
contract SpotMigrator {
    using SafeERC20 for IERC20;

    IERC20 private immutable LEGACY;
    IERC20 private immutable SUCCESSOR;
    SpotPool private immutable POOL;

    error NothingToPay();

    constructor(IERC20 legacy, IERC20 successor, SpotPool pool) {
        LEGACY = legacy;
        SUCCESSOR = successor;
        POOL = pool;
    }

    /// @notice Keeps `amount` of the caller's legacy and pays what it is worth.
    function migrate(uint256 amount) external {
        uint256 paid = amount * POOL.reserveSuccessor() / POOL.reserveLegacy();
        if (paid == 0) revert NothingToPay();
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        SUCCESSOR.safeTransfer(msg.sender, paid);
    }
}
