// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyToken} from "src/demo/LegacyToken.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {HostileFixture} from "test/mocks/HostileFixture.sol";

contract FreezeTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
    }

    function test_pausesEveryLegacyAndRecordsIt() public {
        open();
        vm.roll(777);
        vm.expectEmit(address(migration));
        emit IMigration.Frozen(migration.id(), 777, START + MAX_FREEZE);
        vm.expectEmit(address(guards[0]));
        emit IGuard.GuardFrozen(address(legacies[0]), false);
        vm.expectEmit(address(migration));
        emit IMigration.LaneFrozen(migration.id(), 0, supply);
        freeze();
        checkPhase(FROZEN);
        check(migration.frozenBlock(), 777, "frozen block");
        check(migration.deadline(), START + MAX_FREEZE, "the shorter of the two");
        check(migration.laneCount(), 2, "lanes survive");
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertTrue(legacies[i].paused(), "paused");
            check(migration.lane(i).supply, supply, "supply");
            vm.prank(holders[0]);
            vm.expectRevert();
            legacies[i].transfer(stranger, 1);
        }
        check(migration.lane(0).generation, 1, "first generation");
        vm.assertEq(migration.lane(0).head, Heads.first(migration.id(), 0, 1), "head0");
        check(migration.lane(1).generation, 0, "read-through has none");
        vm.assertEq(migration.lane(1).head, bytes32(0), "read-through has no head");
    }

    function test_deadlineIsNeverLater() public {
        open();
        vm.warp(DEADLINE - 10);
        freeze();
        check(migration.deadline(), DEADLINE, "the rules' deadline stands");
    }

    function test_onlyOperator_onlyOpen_onlyInTime() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOperator.selector, operator));
        migration.freeze();
        open();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOperator.selector, owner));
        migration.freeze();
        uint256 snapshot = vm.snapshotState();
        vm.warp(DEADLINE);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.DeadlinePassed.selector, DEADLINE));
        migration.freeze();
        vm.revertToState(snapshot);
        freeze();
        vm.prank(operator);
        vm.expectRevert(wrongPhase(FROZEN));
        migration.freeze();
    }

    function test_refusesControlThatIsNotExclusive_andNothingIsFrozen() public {
        LegacyToken legacy = legacies[1];
        vm.prank(address(guards[1]));
        legacy.transferOwnership(legacyOwner);
        open();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotExclusive.selector, bytes32("NOT_OWNER")));
        migration.freeze();
        checkPhase(OPEN);
        vm.assertFalse(legacies[0].paused(), "lane 0 was not frozen by halves");
    }

    function test_refusesChangedCode() public {
        open();
        vm.etch(address(legacies[0]), hex"00");
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.CodeChanged.selector, 0));
        migration.freeze();
    }

    function test_refusesASupplyThatDoesNotFit() public {
        vm.prank(address(guards[0]));
        legacies[0].mint(stranger, 1 << 208);
        open();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.SupplyTooLarge.selector, 0, supply + (1 << 208)));
        migration.freeze();
    }

    /// @dev The largest supply there is, and one more.
    function test_supplyOf208Bits() public {
        uint256 largest = (1 << 208) - 1;
        vm.prank(address(guards[0]));
        legacies[0].mint(stranger, largest - supply);
        open();
        uint256 snapshot = vm.snapshotState();
        freeze();
        check(migration.lane(0).supply, largest, "all of its bits");
        vm.revertToState(snapshot);
        vm.prank(address(guards[0]));
        legacies[0].mint(stranger, 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.SupplyTooLarge.selector, 0, 1 << 208));
        migration.freeze();
    }

    function test_pausedBeforeStaysPausedAfterAbort() public {
        vm.prank(address(guards[0]));
        legacies[0].pause();
        open();
        freeze();
        vm.assertTrue(guards[0].wasPaused(), "recorded");
        abort(guardian);
        vm.assertTrue(legacies[0].paused(), "as it was");
        vm.assertEq(legacies[0].owner(), legacyOwner, "control is back");
        vm.assertFalse(legacies[1].paused(), "the other as it was");
    }

    function test_guardObeysOnlyTheMigration() public {
        open();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotMigration.selector, operator));
        guards[0].freeze();
    }
}

contract FreezeReentrancyTest is HostileFixture {
    function test_nothingGetsInWhileFreezing() public {
        freeze();
        onlyFound(FROZEN);
        check(token.passes(), 0, "nothing passed");
        checkPhase(FROZEN);
        check(migration.lane(1).supply, 1000, "the supply outside");
    }
}
