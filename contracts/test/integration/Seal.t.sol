// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract SealTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
        addLane(CHAIN_READ);
        goTo(FROZEN);
    }

    function refused(bytes memory why) internal {
        vm.expectRevert(why);
        vm.prank(stranger);
        migration.seal();
        checkPhase(FROZEN);
    }

    function notSupply(uint256 lane, uint256 sum) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IMigration.SumIsNotSupply.selector, lane, sum, supply);
    }

    function test_anyoneSealsWhatIsComplete() public {
        stageAll(0);
        stageAll(2);
        bytes32 head = Heads.seal(migration.id(), block.number);
        for (uint256 i = 0; i < 3; ++i) {
            IMigration.LaneState memory s = migration.lane(i);
            bytes32 code = address(legacies[i]).codehash;
            head = Heads.sealLane(head, i, s.generation, s.count, s.sum, s.head, supply, code);
        }
        vm.expectEmit(address(migration));
        emit IMigration.Sealed(migration.id(), head);
        seal();
        checkPhase(SEALED);
        vm.assertEq(migration.sealedHead(), head, "sealed head");
        vm.expectRevert(wrongPhase(SEALED));
        migration.seal();
    }

    function test_everyHolderOfAChainReadLane() public {
        stageAll(0);
        refused(notSupply(2, 0));
        stage(2, 0, firstBatch(2));
        refused(notSupply(2, migration.lane(2).sum));
        // The list skips one holder: strictly ascending accounts leave no way to add it.
        stage(2, 1, batch(2, 5, holders.length));
        refused(notSupply(2, supply - amounts[4]));
        vm.prank(operator);
        migration.restart(2);
        stageAll(2);
        seal();
    }

    function test_everyBatchOfADeclaredLane() public {
        stageAll(2);
        refused(abi.encodeWithSelector(IMigration.NotDeclared.selector, 0));
        declare(0);
        stage(0, 0, firstBatch(0));
        refused(abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0));
        stage(0, 1, secondBatch(0));
        seal();
    }

    function test_notWhatWasDeclared() public {
        stageAll(2);
        (uint32 batches, uint64 count, uint256 sum, bytes32 head) = declaration(0);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(operator);
            migration.declare(
                0,
                i == 0 ? batches + 1 : batches,
                i == 1 ? count + 1 : count,
                i == 2 ? sum + 1 : sum,
                i == 3 ? bytes32("other") : head
            );
            stage(0, 0, firstBatch(0));
            stage(0, 1, secondBatch(0));
            refused(abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0));
            vm.revertToState(snapshot);
        }
    }

    /// @dev Declared and staged alike, but one holder short of the supply.
    function test_declaredShortOfTheSupply() public {
        stageAll(2);
        bytes32 id = migration.id();
        IMigration.Batch memory b = commitment(0, 0, 6);
        bytes32 head = Heads.next(Heads.first(id, 0, 1), id, 0, 0, b);
        vm.prank(operator);
        migration.declare(0, 1, b.count, b.sum, head);
        stage(0, 0, batch(0, 0, 6));
        refused(notSupply(0, supply - amounts[6]));
    }

    function test_legacyMustStillBeFrozen() public {
        stageAll(0);
        stageAll(2);
        vm.prank(address(guards[1]));
        legacies[1].unpause();
        refused(abi.encodeWithSelector(IMigration.NotFrozen.selector, 1));
    }

    function test_onlyBeforeTheDeadline() public {
        stageAll(0);
        stageAll(2);
        vm.warp(START + MAX_FREEZE);
        refused(abi.encodeWithSelector(IMigration.DeadlinePassed.selector, START + MAX_FREEZE));
    }

    function test_sameSupply() public {
        stageAll(0);
        stageAll(2);
        // A pause with a way around it: a unit is minted, and the pause is back.
        vm.startPrank(address(guards[1]));
        legacies[1].unpause();
        legacies[1].mint(stranger, 1);
        legacies[1].pause();
        vm.stopPrank();
        refused(abi.encodeWithSelector(IMigration.SupplyChanged.selector, 1, supply, supply + 1));
    }

    function test_sameCode() public {
        stageAll(0);
        stageAll(2);
        vm.etch(address(legacies[0]), bytes.concat(address(legacies[0]).code, hex"00"));
        refused(abi.encodeWithSelector(IMigration.CodeChanged.selector, 0));
    }
}

/// @dev Lanes of legacy contracts without any supply: there is nothing to declare and nothing to stage.
contract SealEmptyTest is Fixture {
    function setUp() public {
        delete holders;
        delete amounts;
        supply = 0;
        addLane(DECLARED);
        addLane(DECLARED_WIDE);
        addLane(CHAIN_READ);
        addLane(READ_THROUGH);
        goTo(FROZEN);
    }

    function test_withoutADeclaration() public {
        seal();
        commit();
        for (uint256 i = 0; i < 4; ++i) {
            check(ledgers[i].totalSupply(), 0, "supply");
            check(ledgers[i].balanceOf(stranger), 0, "balance");
            vm.prank(stranger);
            ledgers[i].transfer(owner, 0);
            vm.assertTrue(ledgers[i].materialized(stranger), "live");
            guards[i].retire();
        }
    }

    /// @dev What is declared binds, also where nothing had to be.
    function test_notAsDeclared() public {
        vm.prank(operator);
        migration.declare(0, 1, 0, 0, "head");
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotAsDeclared.selector, 0));
        migration.seal();
        vm.prank(operator);
        migration.restart(0);
        seal();
    }

    /// @dev Whoever is staged makes the sum more than the supply.
    function test_nobodyCanBeStaged() public {
        bytes memory data = entry(DECLARED, stranger, 1);
        IMigration.Batch memory b = IMigration.Batch(1, 1, keccak256(data));
        bytes32 id = migration.id();
        bytes32 head = Heads.next(Heads.first(id, 0, 1), id, 0, 0, b);
        vm.prank(operator);
        migration.declare(0, 1, 1, 1, head);
        stage(0, 0, data);
        vm.expectRevert(abi.encodeWithSelector(IMigration.SumIsNotSupply.selector, 0, 1, 0));
        migration.seal();
    }
}
