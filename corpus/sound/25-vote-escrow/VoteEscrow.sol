// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();
error TransferFailed();

/// @notice Tokens that are locked until a day, for votes that get fewer until then.
abstract contract VoteEscrow {
    struct LockedBalance {
        int128 amount;
        uint256 end;
    }

    uint256 public constant MAXTIME = 4 * 365 days;
    Token public immutable TOKEN;
    mapping(address account => LockedBalance) public locked;
    uint256 public supply;

    event Deposit(address indexed provider, uint256 value, uint256 indexed locktime);
    event Withdraw(address indexed provider, uint256 value);

    constructor(Token token) {
        TOKEN = token;
    }

    /// @notice Locks tokens of the caller, who has no lock.
    function createLock(uint256 value, uint256 time) external {
        _checkOpen(msg.sender);
        if (value == 0 || time == 0 || time > MAXTIME || locked[msg.sender].amount != 0) revert NotAllowed();
        _put(msg.sender, _signed(value), block.timestamp + time);
        _take(value);
    }

    /// @notice Adds to the lock of the caller, which has not ended.
    function increaseAmount(uint256 value) external {
        _checkOpen(msg.sender);
        LockedBalance memory lock = locked[msg.sender];
        if (value == 0 || lock.amount == 0 || lock.end <= block.timestamp) revert NotAllowed();
        _put(msg.sender, _signed(value), lock.end);
        _take(value);
    }

    /// @notice Gives the caller the tokens of the lock that has ended.
    function withdraw() external {
        LockedBalance memory lock = locked[msg.sender];
        if (lock.amount == 0 || lock.end > block.timestamp) revert NotAllowed();
        uint256 value = _clear(msg.sender, lock.amount);
        _send(msg.sender, value);
        emit Withdraw(msg.sender, value);
    }

    /// @notice The votes of an account.
    function balanceOf(address account) external view returns (uint256) {
        LockedBalance memory lock = locked[account];
        if (lock.end <= block.timestamp) return 0;
        return uint256(uint128(lock.amount)) * (lock.end - block.timestamp) / MAXTIME;
    }

    /// @dev Reverts if the account must not put anything into a lock.
    function _checkOpen(address account) internal view virtual;

    function _put(address account, int128 amount, uint256 end) internal {
        locked[account].amount += amount;
        locked[account].end = end;
        supply += uint256(uint128(amount));
        emit Deposit(account, uint256(uint128(amount)), end);
    }

    function _clear(address account, int128 amount) internal returns (uint256 value) {
        value = uint256(uint128(amount));
        delete locked[account];
        supply -= value;
    }

    function _send(address to, uint256 value) internal {
        if (!TOKEN.transfer(to, value)) revert TransferFailed();
    }

    function _take(uint256 value) private {
        if (!TOKEN.transferFrom(msg.sender, address(this), value)) revert TransferFailed();
    }

    function _signed(uint256 value) private pure returns (int128) {
        if (value > uint128(type(int128).max)) revert NotAllowed();
        return int128(int256(value));
    }
}

/// @notice The legacy. Once retired it takes nothing more; locks that have ended are still paid out.
contract VoteEscrowV1 is VoteEscrow {
    address public immutable OWNER;
    VoteEscrowV2 public immutable NEXT;
    bool public retired;

    event Migrated(address indexed account, uint256 value, uint256 end);

    constructor(Token token, address owner, VoteEscrowV2 next) VoteEscrow(token) {
        OWNER = owner;
        NEXT = next;
    }

    function retire() external {
        if (msg.sender != OWNER) revert NotAllowed();
        retired = true;
    }

    /// @notice Moves locks as they are, with their tokens. Who has none is passed over.
    function migrate(address[] calldata accounts) external {
        if (!retired) revert NotAllowed();
        for (uint256 i = 0; i < accounts.length; i++) {
            LockedBalance memory lock = locked[accounts[i]];
            if (lock.amount == 0) continue;
            uint256 value = _clear(accounts[i], lock.amount);
            NEXT.receiveLock(accounts[i], lock.amount, lock.end);
            _send(address(NEXT), value);
            emit Migrated(accounts[i], value, lock.end);
        }
    }

    function _checkOpen(address) internal view override {
        if (retired) revert NotAllowed();
    }
}

/// @notice The successor. Nobody locks here who still has a lock in the legacy.
contract VoteEscrowV2 is VoteEscrow {
    VoteEscrowV1 public immutable LEGACY;

    constructor(Token token, VoteEscrowV1 legacy) VoteEscrow(token) {
        LEGACY = legacy;
    }

    /// @notice Writes a lock down for which the legacy sends the tokens.
    function receiveLock(address account, int128 amount, uint256 end) external {
        if (msg.sender != address(LEGACY) || locked[account].amount != 0) revert NotAllowed();
        _put(account, amount, end);
    }

    function _checkOpen(address account) internal view override {
        (int128 amount,) = LEGACY.locked(account);
        if (!LEGACY.retired() || amount != 0) revert NotAllowed();
    }
}
