// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Shares in a token, one to one.
contract Pool is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;

    constructor(IERC20 token) ERC20("Pool share", "SHARE") {
        TOKEN = token;
    }

    /// @notice Takes `amount` of the caller's token and mints as many shares to `to`.
    function deposit(uint256 amount, address to) external returns (uint256 shares) {
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        _mint(to, amount);
        return amount;
    }

    /// @notice Pays the token for the caller's shares.
    function redeem(uint256 shares) external {
        _burn(msg.sender, shares);
        TOKEN.safeTransfer(msg.sender, shares);
    }
}

/// @notice The new version: a pool for each token, open to any token.
contract PoolsV3 {
    mapping(IERC20 token => Pool) private _pools;

    /// @notice The pool of `token`, made when there is none.
    function poolOf(IERC20 token) external returns (Pool pool) {
        pool = _pools[token];
        if (address(pool) == address(0)) pool = _pools[token] = new Pool(token);
    }
}

/// @notice Takes liquidity out of an old pool and puts it into the new version.
contract LiquidityMigrator {
    using SafeERC20 for IERC20;

    error NothingArrived();

    PoolsV3 private immutable POOLS;

    constructor(PoolsV3 pools) {
        POOLS = pools;
    }

    /// @notice Moves the shares of `recipient` in `old` to the new pool of `token`.
    function migrate(address recipient, Pool old, IERC20 token) external {
        uint256 amount = old.balanceOf(recipient);
        IERC20(old).safeTransferFrom(recipient, address(this), amount);
        old.redeem(amount);
        Pool pool = POOLS.poolOf(token);
        token.forceApprove(address(pool), amount);
        if (pool.deposit(amount, recipient) != amount) revert NothingArrived();
    }
}
