// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {Vm} from "test/mocks/Test.sol";

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

    /// @dev Nothing can be called where the code is gone. The phase, and the other lane, do not depend on it.
    function test_aGuardWithoutCode() public {
        goTo(SEALED);
        vm.etch(address(guards[0]), "");
        vm.expectEmit(address(migration));
        emit IMigration.ReleaseDeferred(migration.id(), 0);
        abort(owner);
        checkPhase(ABORTED);
        checkLegacyRestored(1);
    }

    /// @dev Of few lanes, each gets what it needs from no more than the executor sends: a fifth on top.
    function test_noMoreGasThanIsNeeded() public {
        goTo(SEALED);
        uint256 snapshot = vm.snapshotState();
        uint256 used = gasleft();
        abort(owner);
        used -= gasleft();
        vm.revertToState(snapshot);
        vm.prank(owner);
        migration.abort{gas: used * 6 / 5}();
        checkLegacyRestored(0);
        checkLegacyRestored(1);
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

/// @dev Legacy contracts that burn all the gas they get, in the largest migration, at the transaction cap.
contract AbortGasTest is Fixture {
    uint256 internal constant LANES = 16;
    /// @dev EIP-7825, less 21,000 and four bytes of call data.
    uint256 internal constant GAS = 16_777_216 - 21_064;

    function setUp() public {
        for (uint256 i = 0; i < LANES; ++i) {
            addLane(READ_THROUGH);
        }
        goTo(SEALED);
        vm.warp(START + MAX_FREEZE);
    }

    /// @dev Lanes whose bit is set burn; all slots and addresses are cold, as in a transaction of its own.
    function aborted(uint256 burning, uint256 gas) internal returns (uint256 used) {
        for (uint256 i = 0; i < LANES; ++i) {
            if (burns(burning, i)) vm.etch(address(legacies[i]), hex"fe");
            vm.cool(address(legacies[i]));
            vm.cool(address(guards[i]));
        }
        vm.cool(address(migration));
        vm.recordLogs();
        vm.prank(stranger);
        used = gasleft();
        migration.abort{gas: gas}();
        used -= gasleft();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        checkPhase(ABORTED);
        uint256 deferred;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IMigration.ReleaseDeferred.selector) continue;
            vm.assertTrue(burns(burning, uint256(logs[i].topics[2])), "deferred without a reason");
            ++deferred;
        }
        for (uint256 i = 0; i < LANES; ++i) {
            vm.assertTrue(guards[i].frozen() == burns(burning, i), "released unless it burns");
            if (burns(burning, i)) --deferred;
            else checkLegacyRestored(i);
        }
        check(deferred, 0, "each that burns is reported");
    }

    function burns(uint256 burning, uint256 lane) internal pure returns (bool) {
        return (burning >> lane) & 1 != 0;
    }

    function test_theFirstLaneBurns() public {
        aborted(1, GAS);
    }

    function test_theLastLaneBurns() public {
        aborted(1 << 15, GAS);
    }

    function test_twoLanesBurn() public {
        aborted(3, GAS);
    }

    function test_allButTheLastBurn() public {
        aborted((1 << 15) - 1, GAS);
    }

    function test_allLanesBurn() public {
        aborted((1 << 16) - 1, GAS);
    }

    /// @dev What the honest need, with which nothing is deferred, is a fraction of the cap.
    function test_noLaneBurns() public {
        vm.assertLe(aborted(0, GAS), 1_000_000, "16 lanes");
    }

    /// @dev With a fifth more than it takes, as the executor sends it, nothing is deferred.
    function test_noMoreGasThanIsNeeded() public {
        uint256 snapshot = vm.snapshotState();
        uint256 used = aborted(0, GAS);
        vm.revertToState(snapshot);
        aborted(0, used * 6 / 5);
    }
}
