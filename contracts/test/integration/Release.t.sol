// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {ILegacy} from "src/interfaces/ILegacy.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {HostileFixture} from "test/mocks/HostileFixture.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

contract ReleaseTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
    }

    function test_onlyAfterAbort() public {
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].release();
        open();
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].release();
        freeze();
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].release();
        seal();
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].release();
        commit();
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].release();
    }

    function test_returnsControlFromOpen() public {
        goTo(OPEN);
        vm.expectEmit(address(guards[0]));
        emit IGuard.GuardReleased(address(legacies[0]), legacyOwner);
        abort(owner);
        checkLegacyRestored(0);
    }

    function test_isIdempotent() public {
        goTo(FROZEN);
        abort(owner);
        vm.recordLogs();
        guards[0].release();
        check(vm.getRecordedLogs().length, 0, "nothing left to do");
        checkLegacyRestored(0);
    }

    /// @dev The owner's own pause after the release is the owner's.
    function test_doesNotUndoALaterPause() public {
        goTo(FROZEN);
        abort(owner);
        vm.prank(legacyOwner);
        legacies[0].pause();
        guards[0].release();
        vm.assertTrue(legacies[0].paused(), "paused by its owner");
    }

    /// @dev Control that arrives after the abort goes back as well.
    function test_returnsControlThatComesLate() public {
        vm.prank(address(guards[0]));
        legacies[0].transferOwnership(legacyOwner);
        goTo(OPEN);
        abort(owner);
        address guard = address(guards[0]);
        vm.prank(legacyOwner);
        legacies[0].transferOwnership(guard);
        vm.prank(stranger);
        guards[0].release();
        checkLegacyRestored(0);
    }

    /// @dev Control that went to a guard which the rules do not name comes back at either end.
    function test_returnsControlOfAGuardThatTheRulesDoNotName() public {
        LegacyToken other = new LegacyToken("Other", "OTH", legacyOwner);
        PausableGuard unnamed = new PausableGuard(address(migration), address(other), legacyOwner, 0);
        vm.startPrank(legacyOwner);
        other.pause();
        other.transferOwnership(address(unnamed));
        vm.stopPrank();
        goTo(SEALED);
        vm.expectRevert(IGuard.WrongPhase.selector);
        unnamed.release();
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 2; ++i) {
            if (i == 0) commit();
            else abort(owner);
            vm.expectEmit(address(unnamed));
            emit IGuard.GuardReleased(address(other), legacyOwner);
            vm.prank(stranger);
            unnamed.release();
            vm.assertEq(other.owner(), legacyOwner, "control is back");
            vm.assertTrue(other.paused(), "as it was");
            unnamed.release();
            vm.revertToState(snapshot);
        }
    }
}

/// @dev Legacy contracts that do not take control back, or do not answer.
contract ReleaseRefusedTest is GuardFixture {
    /// @dev Aborts with the mocks in force, so that the release is deferred, and releases without them.
    function refused(bytes4 why) internal {
        abort(owner);
        vm.assertTrue(guard.frozen(), "deferred");
        vm.expectRevert(why);
        guard.release();
        vm.clearMockedCalls();
        guard.release();
        vm.assertFalse(legacies[0].paused(), "thawed");
    }

    function test_transferOwnershipRefused() public {
        WeirdToken token = weird();
        goTo(FROZEN);
        bytes memory give = abi.encodeCall(ILegacy.transferOwnership, (legacyOwner));
        vm.mockCallRevert(address(token), give, "");
        refused(IGuard.ControlRefused.selector);
        vm.assertEq(token.owner(), legacyOwner, "back at last");
    }

    function test_silentOwner() public {
        WeirdToken token = weird();
        goTo(FROZEN);
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.owner, ()), "");
        refused(IGuard.ControlRefused.selector);
        vm.assertEq(token.owner(), legacyOwner, "back at last");
    }

    function roleRefused(bytes memory call_, bool reverts) internal {
        LegacyRoleToken token = roleToken();
        goTo(FROZEN);
        if (reverts) vm.mockCallRevert(address(token), call_, "");
        else vm.mockCall(address(token), call_, "");
        refused(IGuard.ControlRefused.selector);
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner) && token.hasRole(0, legacyOwner), "back at last");
        check(token.getRoleMemberCount(PAUSER) + token.getRoleMemberCount(0), 2, "and only there");
    }

    function test_grantRoleRefused() public {
        roleRefused(abi.encodeCall(ILegacy.grantRole, (PAUSER, legacyOwner)), true);
    }

    /// @dev Control is not dropped on the floor because a token says yes and does nothing.
    function test_grantRoleThatDoesNothing() public {
        roleRefused(abi.encodeCall(ILegacy.grantRole, (PAUSER, legacyOwner)), false);
    }

    function test_renounceRoleRefused() public {
        handedOver();
        bytes memory call_ = abi.encodeCall(ILegacy.renounceRole, (PAUSER, address(guard)));
        vm.mockCallRevert(address(legacies[0]), call_, "");
        refused(IGuard.ControlRefused.selector);
    }

    function test_silentRoleAdmin() public {
        handedOver();
        vm.mockCallRevert(address(legacies[0]), abi.encodeCall(ILegacy.getRoleAdmin, (PAUSER)), "");
        refused(IGuard.ControlRefused.selector);
    }

    function handedOver() internal {
        roleToken();
        goTo(FROZEN);
    }

    /// @dev A token that somebody else has thawed already is given back, not unpaused again.
    function test_thawedBySomebodyElse() public {
        LegacyRoleToken token = roleToken();
        goTo(FROZEN);
        vm.prank(address(guard));
        token.unpause();
        abort(owner);
        vm.assertFalse(guard.frozen(), "released");
        vm.assertFalse(token.paused(), "thawed");
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner), "back");
    }
}

contract ReleaseReentrancyTest is HostileFixture {
    function test_everythingIsReleasedOnce() public {
        freeze();
        abort(owner);
        checkPhase(ABORTED);
        check(token.phases(), (1 << uint256(FROZEN)) | (1 << uint256(ABORTED)), "phases that it found");
        checkLegacyRestored(0);
        vm.assertEq(token.owner(), legacyOwner, "back");
        vm.assertFalse(token.paused(), "thawed");
        check(ledgers[1].balanceOf(legacyOwner), 0, "the successor stays inert");
    }
}
