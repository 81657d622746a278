// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice A gauge in which LP tokens are staked. Stakes are not transferred.
abstract contract Gauge {
    Token public immutable lp;
    uint256 public totalStaked;
    mapping(address user => uint256) public stakedOf;

    event Staked(address indexed user, uint256 amount);
    event Unstaked(address indexed user, uint256 amount);

    constructor(Token lp_) {
        lp = lp_;
    }

    /// @notice Takes LP tokens of the caller as a stake of `user`.
    function stake(address user, uint256 amount) external {
        _add(user, amount);
        if (!lp.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    /// @notice Gives the caller's LP tokens back.
    function unstake(uint256 amount) external {
        _remove(msg.sender, amount);
        if (!lp.transfer(msg.sender, amount)) revert NotAllowed();
    }

    function _add(address user, uint256 amount) internal {
        stakedOf[user] += amount;
        totalStaked += amount;
        emit Staked(user, amount);
    }

    function _remove(address user, uint256 amount) internal {
        stakedOf[user] -= amount;
        totalStaked -= amount;
        emit Unstaked(user, amount);
    }
}

/// @notice The legacy gauge.
contract GaugeV1 is Gauge {
    address private immutable NEXT;

    constructor(Token lp_, address next) Gauge(lp_) {
        NEXT = next;
    }

    /// @notice Ends the stakes of `users` and sends their LP tokens to the new gauge.
    function release(address[] calldata users) external {
        if (msg.sender != NEXT) revert NotAllowed();
        uint256 sum;
        for (uint256 i = 0; i < users.length; i++) {
            uint256 amount = stakedOf[users[i]];
            if (amount == 0) continue;
            _remove(users[i], amount);
            sum += amount;
        }
        if (!lp.transfer(msg.sender, sum)) revert NotAllowed();
    }
}

/// @notice The new gauge.
contract GaugeV2 is Gauge {
    GaugeV1 private immutable LEGACY;

    constructor(Token lp_, GaugeV1 legacy) Gauge(lp_) {
        LEGACY = legacy;
    }

    /// @notice Moves the stakes of `users` here. Anybody may call it: everybody keeps what he has.
    function migrateUsers(address[] calldata users) external {
        for (uint256 i = 0; i < users.length; i++) {
            uint256 amount = LEGACY.stakedOf(users[i]);
            if (amount != 0) _add(users[i], amount);
        }
        LEGACY.release(users);
    }
}
