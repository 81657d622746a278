// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Who has locked how much of a token.
interface ILocked {
    function locked(address account, IERC20 token) external view returns (uint256);
}

/// @notice The new locker, filled by the old one.
contract LockerV2 is ILocked {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILocked
    mapping(address account => mapping(IERC20 token => uint256)) public locked;

    /// @notice Takes `amount` of the caller's `token` and locks it for `account`.
    function lockFor(address account, IERC20 token, uint256 amount) external returns (uint256) {
        token.safeTransferFrom(msg.sender, address(this), amount);
        locked[account][token] += amount;
        return amount;
    }
}

/// @notice The legacy locker: any token, one lock an account, moved to the new locker by its owner.
contract LockerV1 is ILocked {
    using SafeERC20 for IERC20;

    struct Lock {
        IERC20 token;
        uint256 amount;
    }

    error NotAllowed();
    error NothingLocked();
    error BadPercentage();

    address private immutable OWNER = msg.sender;
    LockerV2 public successor;
    mapping(address account => Lock) public lockOf;

    /// @notice Names the new locker; from now on locks may be moved.
    function setSuccessor(LockerV2 to) external {
        if (msg.sender != OWNER) revert NotAllowed();
        successor = to;
    }

    /// @notice Locks `amount` of the caller's `token` for `account`, which must be the caller or have no lock.
    function lock(address account, IERC20 token, uint256 amount) external {
        if (msg.sender != account && msg.sender != OWNER) revert NotAllowed();
        if (lockOf[account].amount != 0) revert NotAllowed();
        token.safeTransferFrom(msg.sender, address(this), amount);
        lockOf[account] = Lock(token, amount);
    }

    /// @notice Moves `percentage` of the caller's lock to the new locker, as liquidity of `pair`; refunds the rest.
    function migrate(IERC20 pair, uint256 percentage) external {
        if (address(successor) == address(0)) revert NotAllowed();
        if (percentage == 0 || percentage > 100) revert BadPercentage();
        uint256 amount = lockOf[msg.sender].amount;
        if (amount == 0) revert NothingLocked();
        delete lockOf[msg.sender];
        uint256 moved = amount * percentage / 100;
        pair.forceApprove(address(successor), moved);
        if (successor.lockFor(msg.sender, pair, moved) != moved) revert NothingLocked();
        pair.safeTransfer(msg.sender, amount - moved);
    }

    /// @inheritdoc ILocked
    function locked(address account, IERC20 token) external view returns (uint256) {
        return address(lockOf[account].token) == address(token) ? lockOf[account].amount : 0;
    }
}

/// @notice What each account has locked of one pair in one locker.
contract PairLens {
    ILocked private immutable LOCKER;
    IERC20 private immutable PAIR;

    constructor(ILocked locker, IERC20 pair) {
        LOCKER = locker;
        PAIR = pair;
    }

    /// @notice What `account` has locked.
    function lockedOf(address account) external view returns (uint256) {
        return LOCKER.locked(account, PAIR);
    }
}
