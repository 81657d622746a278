// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract RestartTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
        addLane(CHAIN_READ);
    }

    function test_beginsANewGeneration() public {
        goTo(FROZEN);
        stageAll(0);
        vm.expectEmit(address(migration));
        emit IMigration.Restarted(migration.id(), 0, 2);
        vm.prank(operator);
        migration.restart(0);
        IMigration.LaneState memory wanted;
        wanted.generation = 2;
        wanted.supply = supply;
        wanted.head = Heads.first(migration.id(), 0, 2);
        vm.assertEq(abi.encode(migration.lane(0)), abi.encode(wanted), "empty");
    }

    /// @dev What an earlier generation staged for somebody who is not in the last one does not count.
    function test_earlierGenerationsDoNotCount() public {
        goTo(FROZEN);
        (uint64 count, uint256 sum) = (1, supply);
        bytes memory wrong = entry(DECLARED, stranger, supply);
        vm.prank(operator);
        migration.declare(0, 1, count, sum, "wrong");
        stage(0, 0, wrong);
        vm.prank(operator);
        migration.restart(0);
        stageAll(0);
        stageAll(2);
        seal();
        commit();
        check(ledgers[0].balanceOf(stranger), 0, "the wrong holder has nothing");
        ledgers[0].materialize(one(stranger));
        check(ledgers[0].balanceOf(stranger), 0, "nor after a touch");
        check(ledgers[0].balanceOf(holders[6]), amounts[6], "the right ones have theirs");
    }

    function test_onlyOperator_onlyFrozen_onlyStaged() public {
        open();
        vm.expectRevert(wrongPhase(OPEN));
        vm.prank(operator);
        migration.restart(0);
        freeze();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOperator.selector, stranger));
        vm.prank(stranger);
        migration.restart(0);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotStaged.selector, 1));
        migration.restart(1);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NoSuchLane.selector, 3));
        migration.restart(3);
    }
}
