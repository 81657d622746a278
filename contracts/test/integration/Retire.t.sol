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

contract RetireTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
    }

    function test_givesUpControlForEver() public {
        goTo(COMMITTED);
        vm.expectEmit(address(guards[0]));
        emit IGuard.GuardRetired(address(legacies[0]));
        vm.prank(stranger);
        guards[0].retire();
        vm.assertEq(legacies[0].owner(), address(0), "nobody");
        vm.assertTrue(legacies[0].paused(), "frozen for ever");
        vm.recordLogs();
        guards[0].retire();
        check(vm.getRecordedLogs().length, 0, "idempotent");
        check(ledgers[0].balanceOf(holders[3]), amounts[3], "the successor reads on");
    }

    function test_onlyAfterCommit() public {
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
        goTo(SEALED);
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
        abort(owner);
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
    }

    /// @dev A guard that the rules do not name was never frozen: nobody makes it drop what it controls.
    function test_notAGuardThatTheRulesDoNotName() public {
        LegacyToken other = new LegacyToken("Other", "OTH", legacyOwner);
        PausableGuard unnamed = new PausableGuard(address(migration), address(other), legacyOwner, 0);
        vm.prank(legacyOwner);
        other.transferOwnership(address(unnamed));
        goTo(COMMITTED);
        vm.expectRevert(IGuard.WrongPhase.selector);
        vm.prank(stranger);
        unnamed.retire();
        vm.assertEq(other.owner(), address(unnamed), "still to be given back");
    }
}

/// @dev Legacy contracts that do not let go, or do not answer.
contract RetireRefusedTest is GuardFixture {
    function refused() internal {
        vm.expectRevert(IGuard.ControlRefused.selector);
        guard.retire();
        vm.clearMockedCalls();
        vm.assertTrue(legacies[0].paused(), "frozen all the same");
        guard.retire();
    }

    function test_renounceOwnershipRefused() public {
        address token = address(weird());
        goTo(COMMITTED);
        vm.mockCallRevert(token, abi.encodeCall(ILegacy.renounceOwnership, ()), "");
        refused();
        vm.assertEq(legacies[0].owner(), address(0), "retired at last");
    }

    function test_renounceRoleRefused() public {
        LegacyRoleToken token = roleToken();
        goTo(COMMITTED);
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.renounceRole, (0, address(guard))), "");
        refused();
        check(token.getRoleMemberCount(PAUSER) + token.getRoleMemberCount(0), 0, "retired at last");
    }

    /// @dev A token that says yes and does nothing has not been retired.
    function test_renouncingThatDoesNothing() public {
        address token = address(weird());
        goTo(COMMITTED);
        vm.mockCall(token, abi.encodeCall(ILegacy.renounceOwnership, ()), "");
        refused();
        vm.assertEq(legacies[0].owner(), address(0), "retired at last");
    }

    function test_leavingThatDoesNothing() public {
        LegacyRoleToken token = roleToken();
        goTo(COMMITTED);
        vm.mockCall(address(token), abi.encodeCall(ILegacy.renounceRole, (PAUSER, address(guard))), "");
        refused();
        check(token.getRoleMemberCount(PAUSER) + token.getRoleMemberCount(0), 0, "retired at last");
    }

    function test_silentOwner() public {
        address token = address(weird());
        goTo(COMMITTED);
        vm.mockCallRevert(token, abi.encodeCall(ILegacy.owner, ()), "");
        refused();
        vm.assertEq(legacies[0].owner(), address(0), "retired at last");
    }

    function test_silentRoleAdmin() public {
        LegacyRoleToken token = roleToken();
        goTo(COMMITTED);
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.getRoleAdmin, (PAUSER)), "");
        refused();
        check(token.getRoleMemberCount(PAUSER) + token.getRoleMemberCount(0), 0, "retired at last");
    }
}

contract RetireReentrancyTest is HostileFixture {
    function test_nothingThawsWhileRetiring() public {
        freeze();
        seal();
        commit();
        check(token.phases(), 1 << uint256(FROZEN), "nothing of seal and commit calls it");
        guards[1].retire();
        guards[0].retire();
        checkPhase(COMMITTED);
        vm.assertTrue(legacies[0].paused() && token.paused(), "frozen for ever");
        vm.assertTrue(legacies[0].owner() == address(0) && token.owner() == address(0), "retired");
        check(ledgers[1].balanceOf(legacyOwner), 1000, "live");
    }
}
