// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

struct Schedule {
    uint128 total;
    uint128 claimed;
    uint64 start;
    uint64 duration;
}

/// @notice Tokens that vest linearly.
abstract contract Vesting {
    Token internal immutable TOKEN;
    mapping(address beneficiary => Schedule) public schedules;

    event Claimed(address indexed beneficiary, uint256 amount);

    constructor(Token token) {
        TOKEN = token;
    }

    function claimable(address beneficiary) public view returns (uint128) {
        Schedule memory s = schedules[beneficiary];
        if (s.total == 0 || block.timestamp <= s.start) return 0;
        uint256 elapsed = block.timestamp - s.start;
        if (elapsed >= s.duration) return s.total - s.claimed;
        return uint128((uint256(s.total) * elapsed) / s.duration) - s.claimed;
    }

    /// @notice Pays the caller what has vested since. Again does nothing.
    function claim() external {
        uint128 amount = claimable(msg.sender);
        if (amount == 0) return;
        schedules[msg.sender].claimed += amount;
        if (!TOKEN.transfer(msg.sender, amount)) revert NotAllowed();
        emit Claimed(msg.sender, amount);
    }
}

/// @notice The legacy vesting.
contract VestingV1 is Vesting {
    address private immutable OWNER = msg.sender;
    VestingV2 private immutable NEXT;

    constructor(Token token, VestingV2 next) Vesting(token) {
        NEXT = next;
    }

    /// @notice Grants tokens of the owner, once to each beneficiary.
    function grant(address beneficiary, uint128 total, uint64 start, uint64 duration) external {
        (uint128 there,,,) = NEXT.schedules(beneficiary);
        if (msg.sender != OWNER || there != 0 || schedules[beneficiary].total != 0) revert NotAllowed();
        schedules[beneficiary] = Schedule(total, 0, start, duration);
        if (!TOKEN.transferFrom(msg.sender, address(this), total)) revert NotAllowed();
    }

    /// @notice Moves these schedules as they stand, each with the tokens not claimed yet. Again does nothing.
    function migrate(address[] calldata beneficiaries) external {
        if (msg.sender != OWNER) revert NotAllowed();
        for (uint256 i = 0; i < beneficiaries.length; i++) {
            Schedule memory s = schedules[beneficiaries[i]];
            if (s.total == 0) continue;
            delete schedules[beneficiaries[i]];
            NEXT.receiveSchedule(beneficiaries[i], s);
            if (!TOKEN.transfer(address(NEXT), s.total - s.claimed)) revert NotAllowed();
        }
    }
}

/// @notice The new vesting. All its schedules come from the legacy.
contract VestingV2 is Vesting {
    address private immutable LEGACY;

    constructor(Token token, address legacy) Vesting(token) {
        LEGACY = legacy;
    }

    /// @notice Writes a schedule down for which the legacy sends the tokens in the same transaction.
    function receiveSchedule(address beneficiary, Schedule calldata s) external {
        if (msg.sender != LEGACY || schedules[beneficiary].total != 0) revert NotAllowed();
        schedules[beneficiary] = s;
    }
}
