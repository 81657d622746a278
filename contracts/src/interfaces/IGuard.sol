// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Exclusive control of one legacy contract for the time of a migration
/// @notice Can only freeze, release (unfreeze and return control) and retire.
interface IGuard {
    /// @notice Legacy is paused; `wasPaused` says that it was before.
    event GuardFrozen(address indexed legacy, bool wasPaused);
    /// @notice Control has been handed (or, in two steps, offered) to the recorded owner.
    event GuardReleased(address indexed legacy, address indexed to);
    /// @notice Control is given up for ever.
    event GuardRetired(address indexed legacy);

    error NotMigration(address caller);
    error NotRecordedOwner(address caller);
    error NotExclusive(bytes32 reason);
    error WrongPhase();
    error PauseRefused();
    error CannotUnpause();
    error ControlRefused(); // the legacy contract refused to hand control on

    /// @notice The contract that this guard controls.
    function legacy() external view returns (address);
    /// @notice The migration whose phase says what this guard may do.
    function migration() external view returns (address);
    /// @notice The account that control goes back to.
    function recordedOwner() external view returns (address);

    /// @notice Whether this guard alone controls pause and unpause; `reason` says why not (ASCII):
    /// NO_PAUSED, no answer to `paused()`. Of an owner: NO_OWNER, NOT_OWNER, PENDING_OWNER, ROLES_TOO.
    /// Of a role: OWNER_TOO, NOT_ENUMERABLE, NO_MEMBER, MANY_MEMBERS, NOT_MEMBER, NO_ROLE_ADMIN, ROLE_CHAIN.
    /// Of both: AUTHORITY_TOO (an access manager), PAUSERS_TOO (a list of pausers).
    function exclusive() external view returns (bool ok, bytes32 reason);

    /// @notice Accepts a two-step ownership transfer that names this guard. By anyone.
    function accept() external;

    /// @notice Pauses, unpauses and pauses again (so that the way back is proven), by the migration.
    /// A legacy contract that was paused before is left paused by release(). Refuses, with NotExclusive,
    /// what exclusive() refuses, and what shows only while legacy is paused: PAUSE_LEAKS, transfers go on;
    /// OTHER_UNPAUSER, unpause does not depend on the control that was shown; NO_RENOUNCE, that control
    /// cannot be given up; NOT_REHEARSED, too little gas to find out; NO_SUPPLY.
    function freeze() external returns (uint256 supply);

    /// @notice What must hold at seal and at commit: whether legacy is paused and control is still held,
    /// its total supply, the hash of its code.
    /// @dev Warning: for a proxy the hash is that of the proxy. An implementation that is exchanged shows
    /// only in the answers; control over upgrades has to be excluded before the migration opens.
    function attest() external view returns (bool frozen, uint256 supply, bytes32 codeHash);

    /// @notice After ABORTED, by anyone, retryable: unpauses and returns control. Idempotent. After
    /// COMMITTED it returns the control of a guard that was not frozen: the rules do not name it.
    function release() external;

    /// @notice After COMMITTED, by anyone, retryable: a guard that was frozen gives up control for ever.
    /// Idempotent.
    function retire() external;

    /// @notice While the migration's phase is NONE, or nothing is deployed at its address, the recorded
    /// owner takes control back.
    function reclaim() external;
}
