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

/// @notice The legacy staking, which stays open while its stakes are moved by a list.
contract StakesV1 is Stakes {
    using SafeERC20 for IERC20;

    address private immutable OWNER = msg.sender;
    StakesV2 private immutable NEXT;
    mapping(address account => bool) private moved;

    constructor(IERC20 token, StakesV2 next) Stakes(token) {
        NEXT = next;
    }

    /// @notice Takes tokens of the caller as a stake of `account`.
    function stakeFor(address account, uint256 amount) external {
        _give(account, amount);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Moves stakes of these amounts, each account once, with the tokens for them.
    /// @dev The list was made before: who has withdrawn since is given a stake all the same.
    function move(address[] calldata accounts, uint256[] calldata amounts) external {
        if (msg.sender != OWNER) revert NotAllowed();
        for (uint256 i = 0; i < accounts.length; i++) {
            if (moved[accounts[i]]) continue;
            moved[accounts[i]] = true;
            _take(accounts[i], balanceOf[accounts[i]]);
            NEXT.receiveStake(accounts[i], amounts[i]);
            TOKEN.safeTransfer(address(NEXT), amounts[i]);
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
