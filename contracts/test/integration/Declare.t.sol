// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract DeclareTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
        addLane(CHAIN_READ);
    }

    function test_recordsWhatWillBeStaged() public {
        goTo(FROZEN);
        (uint32 batches, uint64 count, uint256 sum, bytes32 head) = declaration(0);
        vm.expectEmit(address(migration));
        emit IMigration.Declared(migration.id(), 0, 1, batches, count, sum, head);
        declare(0);
        IMigration.LaneState memory state = migration.lane(0);
        check(state.declaredBatches, 2, "batches");
        check(state.declaredCount, holders.length, "count");
        check(state.declaredSum, supply, "sum");
        vm.assertEq(state.declaredHead, head, "head");
    }

    function test_onceAGeneration() public {
        goTo(FROZEN);
        declare(0);
        vm.expectRevert(abi.encodeWithSelector(IMigration.AlreadyDeclared.selector, 0));
        vm.prank(operator);
        migration.declare(0, 1, 1, 1, 0);
        vm.prank(operator);
        migration.restart(0);
        declare(0);
    }

    function test_onlyOperator_onlyFrozen_onlyUploaded() public {
        open();
        vm.prank(operator);
        vm.expectRevert(wrongPhase(OPEN));
        migration.declare(0, 1, 1, 1, 0);
        freeze();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOperator.selector, stranger));
        vm.prank(stranger);
        migration.declare(0, 1, 1, 1, 0);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotStaged.selector, 1));
        migration.declare(1, 1, 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotStaged.selector, 2));
        migration.declare(2, 1, 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NoSuchLane.selector, 3));
        migration.declare(3, 1, 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotDeclared.selector, 0));
        migration.declare(0, 0, 1, 1, 0);
    }
}
