// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {ILegacy} from "src/interfaces/ILegacy.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {
    AdminUnpausesToken,
    BurningToken,
    FalseWhilePausedToken,
    KeptRolesToken,
    LeakyToken
} from "test/weird/WeirdControl.sol";
import {ListedPausersToken, NoRenounceToken, NoWayOutToken} from "test/weird/WeirdControl.sol";
import {SelfAdminToken, SilentLeakyToken, SplitRolesToken} from "test/weird/WeirdControl.sol";

/// @dev What shows only while legacy is paused, and is tried in the freeze.
contract RehearseTest is GuardFixture {
    function test_leavesNothingBehind() public {
        LegacyRoleToken token = roleToken();
        goTo(FROZEN);
        vm.assertTrue(token.paused(), "paused");
        vm.assertTrue(token.hasRole(PAUSER, address(guard)), "the role is kept");
        check(token.getRoleMemberCount(PAUSER), 1, "by nobody else");
        (bool ok,) = guard.exclusive();
        vm.assertTrue(ok, "as before");
    }

    function test_byTheGuardAlone() public {
        weird();
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotMigration.selector, stranger));
        vm.prank(stranger);
        guard.rehearse();
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotMigration.selector, address(migration)));
        vm.prank(address(migration));
        guard.rehearse();
    }

    function test_saysWhatItFound() public {
        weird();
        vm.prank(address(guard));
        LeakyToken(address(legacies[0])).pause();
        vm.expectRevert(abi.encodeWithSelector(PausableGuard.Rehearsed.selector, bytes32(0)));
        vm.prank(address(guard));
        guard.rehearse();
    }

    // ------------------------------------------------------------------ a pause that leaks

    function test_pauseThatStopsNothing() public {
        owned(address(new LeakyToken(legacyOwner, false, false)));
        freezeRefused("PAUSE_LEAKS");
    }

    function test_pauseThatStopsOnlyTransferFrom() public {
        owned(address(new LeakyToken(legacyOwner, false, true)));
        freezeRefused("PAUSE_LEAKS");
    }

    function test_pauseThatStopsOnlyTransfer() public {
        owned(address(new LeakyToken(legacyOwner, true, false)));
        freezeRefused("PAUSE_LEAKS");
    }

    function test_transfersWithoutAnAnswer() public {
        owned(address(new SilentLeakyToken(legacyOwner)));
        freezeRefused("PAUSE_LEAKS");
    }

    function test_pauseThatStopsBoth() public {
        owned(address(new LeakyToken(legacyOwner, true, true)));
        goTo(FROZEN);
    }

    function test_falseWhilePaused() public {
        owned(address(new FalseWhilePausedToken(legacyOwner)));
        goTo(FROZEN);
    }

    // ------------------------------------------------------------------ an unpause of others

    /// @dev The guard has the role that pauses, alone. The one that unpauses it has as well, not alone.
    function test_unpauserRole() public {
        SplitRolesToken token = new SplitRolesToken(legacyOwner);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(token.UNPAUSER_ROLE(), address(guard));
        token.grantRole(PAUSER, address(guard));
        token.grantRole(0, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        token.renounceRole(0, legacyOwner);
        vm.stopPrank();
        (bool ok,) = guard.exclusive();
        vm.assertTrue(ok, "answers do not show it");
        freezeRefused("OTHER_UNPAUSER");
    }

    /// @dev The admin of the pauser role belongs to the control that was shown.
    function test_adminWhoUnpauses() public {
        AdminUnpausesToken token = new AdminUnpausesToken(legacyOwner);
        handOver(LegacyRoleToken(address(token)));
        uint256 snapshot = vm.snapshotState();
        goTo(FROZEN);
        abort(owner);
        vm.assertFalse(token.paused(), "thawed");
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner) && token.hasRole(0, legacyOwner), "returned");
        vm.revertToState(snapshot);
        goTo(COMMITTED);
        guard.retire();
        check(token.getRoleMemberCount(PAUSER) + token.getRoleMemberCount(0), 0, "nobody");
    }

    /// @dev The guard owns it, and is on a list of pausers that no known question asks about.
    function test_listOfPausers() public {
        ListedPausersToken token = new ListedPausersToken(legacyOwner);
        owned(address(token));
        vm.prank(legacyOwner);
        token.list(address(guard));
        (bool ok,) = guard.exclusive();
        vm.assertTrue(ok, "answers do not show it");
        freezeRefused("OTHER_UNPAUSER");
    }

    // ------------------------------------------------------------------ control that stays

    /// @dev Replacing the owner is as good as renouncing, to find out; to retire it is not.
    function test_ownerWhoCannotRenounce() public {
        owned(address(new NoRenounceToken(legacyOwner)));
        goTo(COMMITTED);
        vm.expectRevert(IGuard.ControlRefused.selector);
        guard.retire();
        vm.assertTrue(legacies[0].paused(), "frozen all the same");
    }

    function test_ownerWhoCannotLeave() public {
        NoWayOutToken token = new NoWayOutToken(legacyOwner);
        owned(address(token));
        guard.accept();
        freezeRefused("NO_RENOUNCE");
    }

    /// @dev A yes that changes nothing is a no.
    function test_leavingThatDoesNothing() public {
        LegacyRoleToken token = roleToken();
        bytes memory leave = abi.encodeCall(ILegacy.renounceRole, (PAUSER, address(guard)));
        vm.mockCall(address(token), leave, "");
        freezeRefused("NO_RENOUNCE");
        vm.clearMockedCalls();
        vm.mockCall(address(token), abi.encodeCall(ILegacy.renounceRole, (0, address(guard))), "");
        freezeRefused("NO_RENOUNCE");
    }

    function test_renouncingThatDoesNothing() public {
        address token = address(weird());
        vm.mockCall(token, abi.encodeCall(ILegacy.renounceOwnership, ()), "");
        vm.mockCall(token, abi.encodeCall(ILegacy.transferOwnership, (legacyOwner)), "");
        freezeRefused("NO_RENOUNCE");
    }

    function test_memberWhoCannotLeave() public {
        KeptRolesToken token = new KeptRolesToken(legacyOwner);
        handOver(token);
        freezeRefused("NO_RENOUNCE");
    }

    /// @dev A role that administers itself could not be granted back. It need not be: nothing stays.
    function test_roleThatAdministersItself() public {
        SelfAdminToken token = new SelfAdminToken(legacyOwner);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        vm.stopPrank();
        goTo(FROZEN);
        vm.assertTrue(token.hasRole(PAUSER, address(guard)), "kept");
        abort(owner);
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner), "returned");
    }

    /// @dev Without gas to find out, nothing is frozen.
    function test_withoutGas() public {
        owned(address(new BurningToken(legacyOwner)));
        open();
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotExclusive.selector, bytes32("NOT_REHEARSED")));
        vm.prank(operator);
        migration.freeze{gas: 10_000_000}();
        checkPhase(OPEN);
    }
}
