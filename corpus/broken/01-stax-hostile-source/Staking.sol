// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Where a stake comes from: takes it off the record and sends the pool tokens to the caller.
interface IStakeSource {
    function migrateWithdraw(address staker, uint256 amount) external returns (bool);
}

error NotAllowed();
error NothingArrived();

/// @notice Pool tokens against a receipt, one to one.
abstract contract Staking is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 internal immutable POOL_TOKEN;
    address internal immutable OWNER;

    constructor(IERC20 poolToken, string memory symbol) ERC20(symbol, symbol) {
        POOL_TOKEN = poolToken;
        OWNER = msg.sender;
    }

    /// @notice Takes pool tokens of the caller and gives the receipt to `account`.
    function stakeFor(address account, uint256 amount) external {
        POOL_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        _mint(account, amount);
    }

    /// @notice Gives pool tokens back for the caller's receipt.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        POOL_TOKEN.safeTransfer(msg.sender, amount);
    }
}

/// @notice The legacy staking: one named contract may take stakes over.
contract StakingV1 is Staking, IStakeSource {
    using SafeERC20 for IERC20;

    address public migrator;

    constructor(IERC20 poolToken) Staking(poolToken, "stakeV1") {}

    /// @notice Names the contract that takes stakes over.
    function setMigrator(address to) external {
        if (msg.sender != OWNER) revert NotAllowed();
        migrator = to;
    }

    /// @inheritdoc IStakeSource
    function migrateWithdraw(address staker, uint256 amount) external returns (bool) {
        if (msg.sender != migrator) revert NotAllowed();
        _burn(staker, amount);
        POOL_TOKEN.safeTransfer(msg.sender, amount);
        return true;
    }
}

/// @notice The new staking: a staker brings a stake from the staking contract that he names.
contract StakingV2 is Staking {
    bool public open;

    constructor(IERC20 poolToken) Staking(poolToken, "stakeV2") {}

    /// @notice From now on stakes may be brought.
    function openMigration() external {
        if (msg.sender != OWNER) revert NotAllowed();
        open = true;
    }

    /// @notice Brings `amount` of the caller's stake over from `oldStaking`.
    function migrateStake(IStakeSource oldStaking, uint256 amount) external {
        if (!open) revert NotAllowed();
        if (!oldStaking.migrateWithdraw(msg.sender, amount)) revert NothingArrived();
        _mint(msg.sender, amount);
    }
}
