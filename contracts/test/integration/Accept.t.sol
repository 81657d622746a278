// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "src/interfaces/IGuard.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {TwoStepToken} from "test/weird/WeirdRoles.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

/// @dev Ownership that has to be accepted, both ways.
contract AcceptTest is GuardFixture {
    function test_byAnybody() public {
        TwoStepToken token = new TwoStepToken(legacyOwner);
        guarded(address(token), 0);
        shown("NOT_OWNER");
        vm.expectRevert(IGuard.ControlRefused.selector);
        guard.accept();
        vm.prank(legacyOwner);
        token.transferOwnership(address(guard));
        vm.prank(stranger);
        guard.accept();
        shown(0);
        freeze();
        abort(owner);
        vm.assertFalse(token.paused(), "thawed before the owner accepts");
        vm.assertEq(token.pendingOwner(), legacyOwner, "offered");
        vm.recordLogs();
        guard.release();
        check(vm.getRecordedLogs().length, 0, "offered once");
        vm.prank(legacyOwner);
        token.acceptOwnership();
        vm.assertEq(token.owner(), legacyOwner, "back");
    }

    function test_nobodyMayBePending() public {
        TwoStepToken token = new TwoStepToken(legacyOwner);
        guarded(address(token), 0);
        vm.prank(legacyOwner);
        token.transferOwnership(address(guard));
        guard.accept();
        vm.prank(address(guard));
        token.transferOwnership(stranger);
        shown("PENDING_OWNER");
    }

    function test_notOfATokenInOneStep() public {
        WeirdToken token = weird();
        vm.expectRevert(IGuard.ControlRefused.selector);
        guard.accept();
        vm.assertEq(token.owner(), address(guard), "owned already");
    }
}
