// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract StageProvenTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(CHAIN_READ);
        addLane(DECLARED_WIDE);
    }

    function rest(uint256 lane) internal view returns (IMigration.Batch[] memory list) {
        list = new IMigration.Batch[](1);
        list[0] = commitment(lane, 4, holders.length);
    }

    function prove(uint256 lane, uint32 index, bytes memory data, IMigration.Batch[] memory behind) internal {
        vm.prank(stranger);
        migration.stageProven(lane, index, data, behind);
    }

    function refused(uint256 lane, uint32 index, bytes memory data, IMigration.Batch[] memory behind, bytes memory why)
        internal
    {
        vm.expectRevert(why);
        prove(lane, index, data, behind);
    }

    function test_aStrangerStagesWhatWasDeclared() public {
        goTo(FROZEN);
        for (uint256 lane = 0; lane < 3; lane += 2) {
            declare(lane);
            prove(lane, 0, firstBatch(lane), rest(lane));
            prove(lane, 1, secondBatch(lane), new IMigration.Batch[](0));
            check(migration.lane(lane).sum, supply, "sum");
            vm.assertEq(migration.lane(lane).head, migration.lane(lane).declaredHead, "head");
        }
        stageAll(1);
        seal();
    }

    function test_refusesAnythingElse() public {
        goTo(FROZEN);
        declare(0);
        bytes memory why = abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0);
        IMigration.Batch[] memory good = rest(0);
        IMigration.Batch[] memory none = new IMigration.Batch[](0);
        // A batch that skips a holder, another cut of the same holders, a shortened rest.
        refused(0, 0, batch(0, 0, 3), good, why);
        refused(0, 0, batch(0, 0, holders.length), none, why);
        refused(0, 0, firstBatch(0), none, why);
        IMigration.Batch[] memory bent = rest(0);
        bent[0].count += 1;
        refused(0, 0, firstBatch(0), bent, why);
        bent = rest(0);
        bent[0].sum -= 1;
        refused(0, 0, firstBatch(0), bent, why);
        bent = rest(0);
        bent[0].dataHash = "other";
        refused(0, 0, firstBatch(0), bent, why);
        check(migration.lane(0).cursor, 0, "nothing was staged");
    }

    /// @dev A head that leads where it should with a number of batches, a count or a sum that does not.
    function test_refusesWhatTheDeclarationDoesNotAddUpTo() public {
        goTo(FROZEN);
        (uint32 batches, uint64 count, uint256 sum, bytes32 head) = declaration(0);
        bytes memory why = abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(operator);
            migration.declare(
                0, i == 0 ? batches + 1 : batches, i == 1 ? count + 1 : count, i == 2 ? sum + 1 : sum, head
            );
            refused(0, 0, firstBatch(0), rest(0), why);
            vm.revertToState(snapshot);
        }
    }

    function test_onlyDeclaredLanes_onlyAtTheCursor_onlyFrozen() public {
        open();
        refused(0, 0, firstBatch(0), new IMigration.Batch[](0), wrongPhase(OPEN));
        freeze();
        bytes memory data = firstBatch(0);
        IMigration.Batch[] memory good = rest(0);
        refused(0, 0, data, good, abi.encodeWithSelector(IMigration.NotDeclared.selector, 0));
        refused(1, 0, data, good, abi.encodeWithSelector(IMigration.NotStaged.selector, 1));
        refused(3, 0, data, good, abi.encodeWithSelector(IMigration.NoSuchLane.selector, 3));
        declare(0);
        refused(0, 1, data, good, abi.encodeWithSelector(IMigration.WrongBatch.selector, 0, 1, 0));
    }

    /// @dev A batch a holder: what is behind the first is more than one.
    function test_manyBatches() public {
        goTo(FROZEN);
        (bytes32 id, uint32 batches) = (migration.id(), uint32(holders.length));
        bytes32 head = Heads.first(id, 0, 1);
        for (uint32 i = 0; i < batches; ++i) {
            head = Heads.next(head, id, 0, i, commitment(0, i, i + 1));
        }
        vm.prank(operator);
        migration.declare(0, batches, batches, supply, head);
        for (uint32 i = 0; i < batches; ++i) {
            IMigration.Batch[] memory behind = new IMigration.Batch[](batches - 1 - i);
            for (uint32 j = 0; j < behind.length; ++j) {
                behind[j] = commitment(0, i + 1 + j, i + 2 + j);
            }
            if (behind.length > 1) {
                (behind[0], behind[1]) = (behind[1], behind[0]);
                bytes memory why = abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0);
                refused(0, i, batch(0, i, i + 1), behind, why);
                (behind[0], behind[1]) = (behind[1], behind[0]);
            }
            prove(0, i, batch(0, i, i + 1), behind);
        }
        stageAll(1);
        stageAll(2);
        seal();
        commit();
        check(ledgers[0].balanceOf(holders[6]), amounts[6], "staged by a stranger");
    }
}
