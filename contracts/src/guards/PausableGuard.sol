// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "../interfaces/IGuard.sol";
import {ILegacy} from "../interfaces/ILegacy.sol";
import {IMigration} from "../interfaces/IMigration.sol";
import {Foreign} from "../libraries/Foreign.sol";

/// @title Exclusive control of a pausable legacy token
/// @notice For tokens whose pause belongs to an Ownable owner, or to one role of an enumerable
/// AccessControl. Control that cannot be shown to be exclusive is refused, with the reason.
/// @dev Assumes: pause and unpause have no other way in for anybody else. A guard reads answers and tries
/// what it can try itself, it does not read code; a proxy that its admin can upgrade, or a private list of
/// pausers that this guard is not on, must be excluded before the migration opens (`sealift doctor`).
/// @dev Warning: not for a token whose pause belongs to DEFAULT_ADMIN_ROLE itself (role zero means Ownable
/// here), nor for AccessControlDefaultAdminRules, whose admin shows as an owner: both are refused.
contract PausableGuard is IGuard {
    using Foreign for address;

    /// @dev How many steps up the role admins are followed to a role that administers itself.
    uint256 internal constant MAX_ROLES = 8;

    /// @inheritdoc IGuard
    address public immutable migration;
    /// @inheritdoc IGuard
    address public immutable legacy;
    /// @inheritdoc IGuard
    address public immutable recordedOwner;
    /// @notice The pauser role, or zero where an Ownable owner pauses.
    bytes32 public immutable role;

    /// @notice Whether legacy is paused because this guard froze it.
    bool public frozen;
    /// @notice Whether legacy was already paused when this guard froze it.
    bool public wasPaused;

    /// @notice What {rehearse} found; zero is nothing.
    error Rehearsed(bytes32 reason);

    constructor(address migration_, address legacy_, address recordedOwner_, bytes32 role_) {
        if (migration_ == address(0)) revert NotMigration(migration_);
        if (recordedOwner_ == address(0) || recordedOwner_ == address(this)) revert NotRecordedOwner(recordedOwner_);
        if (legacy_.code.length == 0) revert NotExclusive("NO_CODE");
        migration = migration_;
        legacy = legacy_;
        recordedOwner = recordedOwner_;
        role = role_;
    }

    /// @inheritdoc IGuard
    function exclusive() public view returns (bool ok, bytes32 reason) {
        (bool answered, uint256 word) = legacy.ask(ILegacy.paused.selector);
        if (!answered || word > 1) return (false, "NO_PAUSED");
        reason = role == 0 ? _whyNotOwner() : _whyNotRole();
        if (reason == 0) reason = _whyOthersToo();
        ok = reason == 0;
    }

    /// @inheritdoc IGuard
    function accept() external {
        if (!legacy.tell(abi.encodeCall(ILegacy.acceptOwnership, ()))) revert ControlRefused();
    }

    /// @inheritdoc IGuard
    /// @dev Leaves legacy paused, and proven to be in the hands of this guard: see {rehearse}.
    function freeze() external returns (uint256 supply) {
        if (msg.sender != migration) revert NotMigration(msg.sender);
        (bool ok, bytes32 reason) = exclusive();
        if (!ok) revert NotExclusive(reason);
        bool was = _pausedIs(true);
        frozen = true;
        wasPaused = was;
        if (!was) _pause();
        _unpause();
        _pause();
        reason = _rehearsed();
        if (reason != 0) revert NotExclusive(reason);
        (ok, supply) = legacy.ask(ILegacy.totalSupply.selector);
        if (!ok) revert NotExclusive("NO_SUPPLY");
        emit GuardFrozen(legacy, was);
    }

    /// @notice Tries, by a call of this guard to itself, what must not be possible while legacy is paused:
    /// to transfer, and to unpause without the control that was shown. Always reverts, so that nothing of
    /// it stays.
    function rehearse() external {
        if (msg.sender != address(this)) revert NotMigration(msg.sender);
        revert Rehearsed(_whatPauseAllows());
    }

    /// @inheritdoc IGuard
    function attest() external view returns (bool isFrozen, uint256 supply, bytes32 codeHash) {
        bool ok;
        (ok, supply) = legacy.ask(ILegacy.totalSupply.selector);
        isFrozen = ok && _pausedIs(true) && _stillHeld();
        codeHash = legacy.codehash;
    }

    /// @inheritdoc IGuard
    /// @dev All or nothing, so that a caller who gives too little gas changes nothing. Only the
    /// recorded owner can take back control of a token that refuses to unpause.
    function release() external {
        IMigration.Phase phase = _phase();
        bool unnamed = phase == IMigration.Phase.COMMITTED && !frozen;
        if (phase != IMigration.Phase.ABORTED && !unnamed) revert WrongPhase();
        if (frozen) {
            frozen = false;
            bool thawed = wasPaused || _pausedIs(false) || _tellUnpause();
            if (!thawed && msg.sender != recordedOwner) revert CannotUnpause();
        }
        if (_returnControl()) emit GuardReleased(legacy, recordedOwner);
    }

    /// @inheritdoc IGuard
    /// @dev Even where this never succeeds, legacy stays frozen: what {freeze} unpauses it pauses again,
    /// {rehearse} leaves nothing behind, and {release} unpauses only after ABORTED.
    function retire() external {
        if (!frozen || _phase() != IMigration.Phase.COMMITTED) revert WrongPhase();
        bool retired = role == 0 ? _renounceOwnership() : _renounceRoles();
        if (retired) emit GuardRetired(legacy);
    }

    /// @inheritdoc IGuard
    function reclaim() external {
        if (msg.sender != recordedOwner) revert NotRecordedOwner(msg.sender);
        if (_phase() != IMigration.Phase.NONE) revert WrongPhase();
        if (_returnControl()) emit GuardReleased(legacy, recordedOwner);
    }

    // ------------------------------------------------------------------ what is shown

    function _whyNotOwner() internal view returns (bytes32) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.owner.selector);
        if (!ok) return "NO_OWNER";
        if (word != _self()) return "NOT_OWNER";
        (ok, word) = legacy.ask(ILegacy.pendingOwner.selector);
        if (ok && word != 0) return "PENDING_OWNER";
        (ok, word) = legacy.ask(abi.encodeCall(ILegacy.getRoleAdmin, (bytes32(0))));
        if (ok) return "ROLES_TOO";
        return 0;
    }

    function _whyNotRole() internal view returns (bytes32) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.owner.selector);
        if (ok && word != 0) return "OWNER_TOO";
        bytes32 current = role;
        for (uint256 i = 0; i < MAX_ROLES; ++i) {
            (ok, word) = legacy.ask(abi.encodeCall(ILegacy.getRoleMemberCount, (current)));
            if (!ok) return "NOT_ENUMERABLE";
            if (word != 1) return word == 0 ? bytes32("NO_MEMBER") : bytes32("MANY_MEMBERS");
            (ok, word) = legacy.ask(abi.encodeCall(ILegacy.getRoleMember, (current, 0)));
            if (!ok || word != _self()) return "NOT_MEMBER";
            (ok, word) = legacy.ask(abi.encodeCall(ILegacy.getRoleAdmin, (current)));
            if (!ok) return "NO_ROLE_ADMIN";
            if (bytes32(word) == current) return 0;
            current = bytes32(word);
        }
        return "ROLE_CHAIN";
    }

    /// @dev Lists of pausers beside the control that was shown.
    function _whyOthersToo() internal view returns (bytes32) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.authority.selector);
        if (ok && word != 0) return "AUTHORITY_TOO";
        (ok, word) = legacy.ask(abi.encodeCall(ILegacy.isPauser, (address(this))));
        if (ok) return "PAUSERS_TOO";
        return 0;
    }

    /// @dev What the frame of {rehearse} answers; without gas for it, it answers nothing.
    function _rehearsed() internal returns (bytes32 reason) {
        reason = "NOT_REHEARSED";
        try this.rehearse() {}
        catch (bytes memory answer) {
            if (answer.length == 4) return "NO_RENOUNCE"; // a ControlRefused
            // A Rehearsed: its selector, then its word.
            if (answer.length == 36) {
                assembly ("memory-safe") {
                    reason := mload(add(answer, 36))
                }
            }
        }
    }

    /// @dev Legacy is paused. Of nothing, because a guard has nothing; both ways, because some pauses gate
    /// only one. Then all of the control that was shown is dropped, as in {retire}: an unpause that still
    /// works did not depend on it. (One that belongs to an admin of the pauser role does.)
    function _whatPauseAllows() internal returns (bytes32) {
        if (legacy.grants(abi.encodeCall(ILegacy.transfer, (address(this), 0)))) return "PAUSE_LEAKS";
        if (legacy.grants(abi.encodeCall(ILegacy.transferFrom, (address(this), address(this), 0)))) {
            return "PAUSE_LEAKS";
        }
        _dropControl();
        if (legacy.tell(abi.encodeCall(ILegacy.unpause, ())) && !_pausedIs(true)) return "OTHER_UNPAUSER";
        return 0;
    }

    /// @dev Exclusive control that was shown at the freeze is closed under itself: only the sole owner,
    /// or the sole member of a role and of its admins, can admit another, and this guard does that only
    /// after ABORTED. So what is left to see is that the control has not been taken away.
    function _stillHeld() internal view returns (bool) {
        return role == 0 ? _owns() : _hasRole(role, address(this));
    }

    // ------------------------------------------------------------------ what is done

    function _pause() internal {
        if (!legacy.tell(abi.encodeCall(ILegacy.pause, ())) || !_pausedIs(true)) revert PauseRefused();
    }

    function _unpause() internal {
        if (!_tellUnpause()) revert CannotUnpause();
    }

    function _tellUnpause() internal returns (bool) {
        return legacy.tell(abi.encodeCall(ILegacy.unpause, ())) && _pausedIs(false);
    }

    /// @dev For {rehearse} alone. An owner that cannot renounce is still replaced, where that is one step.
    function _dropControl() internal {
        if (role != 0) {
            _renounceRoles();
        } else if (!_leaveOwnership()) {
            bool replaced = legacy.tell(abi.encodeCall(ILegacy.transferOwnership, (recordedOwner)));
            if (!replaced || _owns()) revert ControlRefused();
        }
    }

    /// @dev Gives what control this guard has to the recorded owner. Returns whether it had any to give.
    function _returnControl() internal returns (bool) {
        return role == 0 ? _returnOwnership() : _returnRoles();
    }

    function _returnOwnership() internal returns (bool) {
        if (!_ownsOrRefuse() || _pendingOwnerIs(recordedOwner)) return false;
        if (!legacy.tell(abi.encodeCall(ILegacy.transferOwnership, (recordedOwner)))) revert ControlRefused();
        return true;
    }

    /// @dev From the pauser role up to the role that administers itself. A role is left only when the
    /// recorded owner has it: control is never dropped on the floor.
    function _returnRoles() internal returns (bool returned) {
        bytes32 current = role;
        for (uint256 i = 0; i < MAX_ROLES; ++i) {
            bytes32 admin = _adminOrRefuse(current);
            if (_hasRole(current, address(this))) returned = _returnRole(current, admin) || returned;
            if (admin == current) break;
            current = admin;
        }
    }

    function _returnRole(bytes32 current, bytes32 admin) internal returns (bool) {
        if (!_hasRole(current, recordedOwner)) {
            if (!_hasRole(admin, address(this))) return false;
            bool granted = legacy.tell(abi.encodeCall(ILegacy.grantRole, (current, recordedOwner)));
            if (!granted || !_hasRole(current, recordedOwner)) revert ControlRefused();
        }
        if (!_leaveRole(current)) revert ControlRefused();
        return true;
    }

    function _renounceOwnership() internal returns (bool) {
        if (!_ownsOrRefuse()) return false;
        if (!_leaveOwnership()) revert ControlRefused();
        return true;
    }

    function _renounceRoles() internal returns (bool retired) {
        bytes32 current = role;
        for (uint256 i = 0; i < MAX_ROLES; ++i) {
            bytes32 admin = _adminOrRefuse(current);
            if (_hasRole(current, address(this))) {
                if (!_leaveRole(current)) revert ControlRefused();
                retired = true;
            }
            if (admin == current) break;
            current = admin;
        }
    }

    function _leaveOwnership() internal returns (bool) {
        return legacy.tell(abi.encodeCall(ILegacy.renounceOwnership, ())) && !_owns();
    }

    function _leaveRole(bytes32 role_) internal returns (bool) {
        return
            legacy.tell(abi.encodeCall(ILegacy.renounceRole, (role_, address(this)))) && !_hasRole(role_, address(this));
    }

    // ------------------------------------------------------------------ what is asked

    /// @dev An address where no migration has been deployed yet is in NONE, as one is that has just been: a
    /// guard of an address that never gets one gives control back as well.
    function _phase() internal view returns (IMigration.Phase) {
        return migration.code.length == 0 ? IMigration.Phase.NONE : IMigration(migration).phase();
    }

    /// @dev False also where the token does not answer: nothing is concluded from silence.
    function _pausedIs(bool wanted) internal view returns (bool) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.paused.selector);
        return ok && word == (wanted ? 1 : 0);
    }

    function _owns() internal view returns (bool) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.owner.selector);
        return ok && word == _self();
    }

    /// @dev A token that does not say who owns it is not one with nothing to give back: try again later.
    function _ownsOrRefuse() internal view returns (bool) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.owner.selector);
        if (!ok) revert ControlRefused();
        return word == _self();
    }

    function _adminOrRefuse(bytes32 role_) internal view returns (bytes32) {
        (bool ok, uint256 word) = legacy.ask(abi.encodeCall(ILegacy.getRoleAdmin, (role_)));
        if (!ok) revert ControlRefused();
        return bytes32(word);
    }

    function _pendingOwnerIs(address account) internal view returns (bool) {
        (bool ok, uint256 word) = legacy.ask(ILegacy.pendingOwner.selector);
        return ok && word == uint160(account);
    }

    function _hasRole(bytes32 role_, address account) internal view returns (bool) {
        (bool ok, uint256 word) = legacy.ask(abi.encodeCall(ILegacy.hasRole, (role_, account)));
        return ok && word == 1;
    }

    function _self() internal view returns (uint256) {
        return uint160(address(this));
    }
}
