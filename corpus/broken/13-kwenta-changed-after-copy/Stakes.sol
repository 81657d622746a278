// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

error NotAllowed();

/// @notice The legacy staking, open until it is closed in favour of the new one.
contract StakesV1 {
    using SafeERC20 for IERC20;

    address private immutable OWNER = msg.sender;
    IERC20 private immutable TOKEN;
    bool public closed;
    uint256 public total;
    mapping(address account => uint256) public stakedOf;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    /// @notice Takes tokens of the caller as a stake of `account`.
    function stakeFor(address account, uint256 amount) external {
        if (closed) revert NotAllowed();
        stakedOf[account] += amount;
        total += amount;
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Gives the caller's stake back.
    function withdraw(uint256 amount) external {
        if (closed) revert NotAllowed();
        stakedOf[msg.sender] -= amount;
        total -= amount;
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @notice Ends this staking and sends what it holds to the new one, which must have the stakes by then.
    function closeTo(StakesV2 successor) external {
        if (msg.sender != OWNER || closed || !successor.imported()) revert NotAllowed();
        closed = true;
        TOKEN.safeTransfer(address(successor), total);
    }
}

/// @notice The new staking, which opens when the legacy closes.
contract StakesV2 {
    using SafeERC20 for IERC20;

    address private immutable OWNER = msg.sender;
    IERC20 private immutable TOKEN;
    StakesV1 private immutable LEGACY;
    bool public imported;
    mapping(address account => uint256) public stakedOf;

    constructor(IERC20 token, StakesV1 legacy) {
        TOKEN = token;
        LEGACY = legacy;
    }

    /// @notice Writes the copy of the legacy stakes.
    function importStakes(address[] calldata accounts, uint256[] calldata amounts) external {
        if (msg.sender != OWNER || LEGACY.closed()) revert NotAllowed();
        for (uint256 i = 0; i < accounts.length; i++) stakedOf[accounts[i]] = amounts[i];
        imported = true;
    }

    /// @notice Pays the caller's stake.
    function withdraw(uint256 amount) external {
        if (!LEGACY.closed()) revert NotAllowed();
        stakedOf[msg.sender] -= amount;
        TOKEN.safeTransfer(msg.sender, amount);
    }
}
