// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice What an underwriter has behind a policy.
struct Position {
    uint256 policy;
    address underwriter;
}

/// @notice Underwriters' stakes, policy by policy. Losses are met from the reserve, which has a contract of its own.
abstract contract CoverPool is Ownable {
    using SafeERC20 for IERC20;

    IERC20 public immutable ASSET;

    mapping(uint256 policy => mapping(address underwriter => uint256)) public stakes;
    mapping(uint256 policy => uint256) public capacity;

    event Staked(uint256 indexed policy, address indexed underwriter, uint256 amount);
    event Unstaked(uint256 indexed policy, address indexed underwriter, uint256 amount);

    error StakeTooSmall(uint256 stake, uint256 wanted);

    constructor(IERC20 asset, address owner) Ownable(owner) {
        ASSET = asset;
    }

    function stake(uint256 policy, uint256 amount) public virtual {
        _credit(policy, msg.sender, amount);
        emit Staked(policy, msg.sender, amount);
        ASSET.safeTransferFrom(msg.sender, address(this), amount);
    }

    function unstake(uint256 policy, uint256 amount) external {
        uint256 held = stakes[policy][msg.sender];
        require(held >= amount, StakeTooSmall(held, amount));
        _debit(policy, msg.sender, amount);
        emit Unstaked(policy, msg.sender, amount);
        ASSET.safeTransfer(msg.sender, amount);
    }

    function _credit(uint256 policy, address underwriter, uint256 amount) internal {
        stakes[policy][underwriter] += amount;
        capacity[policy] += amount;
    }

    function _debit(uint256 policy, address underwriter, uint256 amount) internal {
        stakes[policy][underwriter] -= amount;
        capacity[policy] -= amount;
    }
}
