// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice A farm: LP tokens are deposited in pools, among which rewards are handed out by the share.
abstract contract Farm {
    struct Pool {
        Token lp;
        uint256 accRewardPerShare;
        uint256 total;
    }

    struct UserInfo {
        uint256 amount;
        uint256 rewardDebt;
    }

    uint256 private constant ONE = 1e12;
    Token internal immutable REWARD;
    address internal immutable OWNER = msg.sender;
    Pool[] public poolInfo;
    mapping(uint256 pid => mapping(address user => UserInfo)) public userInfo;
    /// @notice Rewards that were settled and are not paid yet.
    mapping(uint256 pid => mapping(address user => uint256)) public owed;

    constructor(Token reward) {
        REWARD = reward;
    }

    function addPool(Token lp) external {
        if (msg.sender != OWNER) revert NotAllowed();
        poolInfo.push(Pool(lp, 0, 0));
    }

    /// @notice Hands the caller's reward tokens out to those who are in the pool.
    function addRewards(uint256 pid, uint256 amount) external {
        Pool storage pool = poolInfo[pid];
        if (pool.total == 0) revert NotAllowed();
        pool.accRewardPerShare += (amount * ONE) / pool.total;
        if (!REWARD.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function pendingReward(uint256 pid, address user) external view returns (uint256) {
        return owed[pid][user] + _accrued(pid, user);
    }

    function deposit(uint256 pid, uint256 amount, address to) external {
        _settle(pid, to);
        _setAmount(pid, to, userInfo[pid][to].amount + amount);
        if (!poolInfo[pid].lp.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function withdraw(uint256 pid, uint256 amount) external {
        _settle(pid, msg.sender);
        _setAmount(pid, msg.sender, userInfo[pid][msg.sender].amount - amount);
        if (!poolInfo[pid].lp.transfer(msg.sender, amount)) revert NotAllowed();
    }

    function harvest(uint256 pid) external {
        _settle(pid, msg.sender);
        uint256 amount = owed[pid][msg.sender];
        owed[pid][msg.sender] = 0;
        if (!REWARD.transfer(msg.sender, amount)) revert NotAllowed();
    }

    /// @notice Settles the rewards of these users, which does not change what they have.
    function checkpoint(uint256 pid, address[] calldata users) external {
        for (uint256 i = 0; i < users.length; i++) {
            _settle(pid, users[i]);
        }
    }

    function _accrued(uint256 pid, address user) private view returns (uint256) {
        UserInfo storage info = userInfo[pid][user];
        return (info.amount * poolInfo[pid].accRewardPerShare) / ONE - info.rewardDebt;
    }

    function _settle(uint256 pid, address user) internal {
        uint256 amount = _accrued(pid, user);
        owed[pid][user] += amount;
        userInfo[pid][user].rewardDebt += amount;
    }

    /// @dev The user is in from now on with `amount`: what the pool has handed out so far is not his.
    function _setAmount(uint256 pid, address user, uint256 amount) internal {
        Pool storage pool = poolInfo[pid];
        UserInfo storage info = userInfo[pid][user];
        pool.total = pool.total - info.amount + amount;
        info.amount = amount;
        info.rewardDebt = (amount * pool.accRewardPerShare) / ONE;
    }
}

/// @notice The legacy farm.
contract FarmV1 is Farm {
    FarmV2 private immutable NEXT;

    constructor(Token reward, FarmV2 next) Farm(reward) {
        NEXT = next;
    }

    /// @notice Moves these users with their LP tokens and their pending rewards. Again does nothing.
    function migrate(uint256 pid, address[] calldata users) external {
        if (msg.sender != OWNER) revert NotAllowed();
        for (uint256 i = 0; i < users.length; i++) {
            _settle(pid, users[i]);
            uint256 amount = userInfo[pid][users[i]].amount;
            uint256 pending = owed[pid][users[i]];
            if (amount == 0 && pending == 0) continue;
            _setAmount(pid, users[i], 0);
            owed[pid][users[i]] = 0;
            NEXT.receiveUser(pid, users[i], amount, pending);
            if (!poolInfo[pid].lp.transfer(address(NEXT), amount)) revert NotAllowed();
            if (!REWARD.transfer(address(NEXT), pending)) revert NotAllowed();
        }
    }
}

/// @notice The new farm, which has been open for a while.
contract FarmV2 is Farm {
    address private immutable LEGACY;

    constructor(Token reward, address legacy) Farm(reward) {
        LEGACY = legacy;
    }

    /// @notice Adds what the legacy sends to what the user has here.
    function receiveUser(uint256 pid, address user, uint256 amount, uint256 pending) external {
        if (msg.sender != LEGACY) revert NotAllowed();
        owed[pid][user] += pending;
        _setAmount(pid, user, userInfo[pid][user].amount + amount);
    }
}
