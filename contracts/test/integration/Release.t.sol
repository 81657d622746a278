// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "src/interfaces/IGuard.sol";
import {Fixture} from "test/mocks/Fixture.sol";

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
}
