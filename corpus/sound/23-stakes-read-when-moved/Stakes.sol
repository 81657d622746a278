// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

error NotAllowed();

/// @notice A staking whose stakes are records: they are withdrawn, and never transferred.
abstract contract Stakes {
    using SafeERC20 for IERC20;

    IERC20 internal immutable TOKEN;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    /// @notice Gives the caller's stake back.
    function withdraw(uint256 amount) external {
        _take(msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    function _give(address account, uint256 amount) internal {
        balanceOf[account] += amount;
        totalSupply += amount;
    }

    function _take(address account, uint256 amount) internal {
        balanceOf[account] -= amount;
        totalSupply -= amount;
    }
}

/// @notice The legacy staking, which stays open while its stakes are moved.
contract StakesV1 is Stakes {
    using SafeERC20 for IERC20;

    StakesV2 private immutable NEXT;

    constructor(IERC20 token, StakesV2 next) Stakes(token) {
        NEXT = next;
    }

    /// @notice Takes tokens of the caller as a stake of `account`.
    function stakeFor(address account, uint256 amount) external {
        _give(account, amount);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Moves what these accounts have staked by now, with the tokens for it. Anybody may.
    function move(address[] calldata accounts) external {
        for (uint256 i = 0; i < accounts.length; i++) {
            uint256 amount = balanceOf[accounts[i]];
            _take(accounts[i], amount);
            NEXT.receiveStake(accounts[i], amount);
            TOKEN.safeTransfer(address(NEXT), amount);
        }
    }
}

/// @notice The new staking.
contract StakesV2 is Stakes {
    address private immutable LEGACY;

    constructor(IERC20 token, address legacy) Stakes(token) {
        LEGACY = legacy;
    }

    /// @notice Writes a stake down for which the legacy sends the tokens.
    function receiveStake(address account, uint256 amount) external {
        if (msg.sender != LEGACY) revert NotAllowed();
        _give(account, amount);
    }
}
