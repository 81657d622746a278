// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyToken} from "src/demo/LegacyToken.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract AbortTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
    }

    function restored(IMigration.Phase from, address by, uint256 time) internal {
        uint256 snapshot = vm.snapshotState();
        goTo(from);
        vm.warp(time);
        vm.expectEmit(address(migration));
        emit IMigration.Aborted(migration.id(), by);
        abort(by);
        checkPhase(ABORTED);
        for (uint256 i = 0; i < 2; ++i) {
            checkLegacyRestored(i);
            check(ledgers[i].balanceOf(holders[0]), 0, "the successor stays inert");
        }
        vm.revertToState(snapshot);
    }

    function test_ownerOrGuardianBefore_anyoneAtOrAfterTheDeadline() public {
        IMigration.Phase[3] memory phases = [OPEN, FROZEN, SEALED];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 end = phases[i] == OPEN ? DEADLINE : START + MAX_FREEZE;
            restored(phases[i], owner, START);
            restored(phases[i], guardian, end - 1);
            restored(phases[i], stranger, end);
            restored(phases[i], stranger, end + 1000 days);
        }
    }

    function test_notByOthersBeforeTheDeadline() public {
        goTo(FROZEN);
        vm.warp(START + MAX_FREEZE - 1);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotAllowed.selector, operator));
        abort(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotAllowed.selector, stranger));
        abort(stranger);
    }

    function test_atEveryBatch() public {
        for (uint32 staged = 0; staged < 3; ++staged) {
            uint256 snapshot = vm.snapshotState();
            goTo(FROZEN);
            declare(0);
            if (staged > 0) stage(0, 0, firstBatch(0));
            if (staged > 1) stage(0, 1, secondBatch(0));
            abort(owner);
            checkLegacyRestored(0);
            checkLegacyRestored(1);
            vm.revertToState(snapshot);
        }
    }

    function test_notFromTheEnds() public {
        vm.expectRevert(wrongPhase(NONE));
        abort(owner);
        uint256 snapshot = vm.snapshotState();
        goTo(COMMITTED);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(wrongPhase(COMMITTED));
        abort(owner);
        vm.revertToState(snapshot);
        goTo(ABORTED);
        vm.expectRevert(wrongPhase(ABORTED));
        abort(owner);
    }

    /// @dev Lane 0 refuses to unpause; lane 1 is released all the same, and lane 0 later.
    function test_oneStuckLaneDoesNotHoldTheOthers() public {
        goTo(FROZEN);
        bytes memory code = address(legacies[0]).code;
        vm.etch(address(legacies[0]), hex"60006000fd");
        vm.expectEmit(address(migration));
        emit IMigration.ReleaseDeferred(migration.id(), 0);
        abort(owner);
        checkPhase(ABORTED);
        checkLegacyRestored(1);
        vm.etch(address(legacies[0]), code);
        vm.prank(stranger);
        guards[0].release();
        checkLegacyRestored(0);
    }

    /// @dev With any gas: either nothing happened, or the abort is final and a release finishes it.
    function test_tooLittleGasIsHarmless(uint256 gasLimit) public {
        goTo(SEALED);
        gasLimit = 30_000 + gasLimit % 300_000;
        vm.warp(DEADLINE);
        vm.prank(stranger);
        try migration.abort{gas: gasLimit}() {
            checkPhase(ABORTED);
        } catch {
            checkPhase(SEALED);
            abort(stranger);
        }
        guards[0].release();
        guards[1].release();
        checkLegacyRestored(0);
        checkLegacyRestored(1);
    }
}
