// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract CommitTest is Fixture {
    function setUp() public {
        addLane(CHAIN_READ);
        addLane(READ_THROUGH);
    }

    function refused(address by, bytes32 head, bytes memory why) internal {
        vm.expectRevert(why);
        vm.prank(by);
        migration.commit(head);
    }

    function test_theOwnerDecides() public {
        goTo(SEALED);
        bytes32 before = vm.load(address(migration), 0);
        vm.expectEmit(address(migration));
        emit IMigration.Committed(migration.id(), migration.sealedHead());
        commit();
        checkPhase(COMMITTED);
        // One word, of which only the phase has changed.
        check(uint256(before) >> 8, uint256(vm.load(address(migration), 0)) >> 8, "the rest of the word");
        for (uint256 i = 0; i < 2; ++i) {
            check(ledgers[i].totalSupply(), supply, "supply");
            for (uint256 j = 0; j < holders.length; ++j) {
                check(ledgers[i].balanceOf(holders[j]), amounts[j], "balance");
            }
        }
    }

    function test_onlyTheHeadThatWasSealed() public {
        goTo(SEALED);
        bytes32 head = migration.sealedHead();
        refused(owner, "other", abi.encodeWithSelector(IMigration.WrongHead.selector, head, bytes32("other")));
        commit();
    }

    function test_onlyTheOwner_onlySealed_onlyOnce() public {
        goTo(SEALED);
        bytes32 head = migration.sealedHead();
        refused(operator, head, abi.encodeWithSelector(IMigration.NotAllowed.selector, operator));
        refused(guardian, head, abi.encodeWithSelector(IMigration.NotAllowed.selector, guardian));
        commit();
        refused(owner, head, wrongPhase(COMMITTED));
    }

    function test_notBeforeTheSeal() public {
        goTo(FROZEN);
        refused(owner, 0, wrongPhase(FROZEN));
    }

    function test_anyoneWhenPreauthorised() public {
        preauthorised = true;
        goTo(SEALED);
        bytes32 head = migration.sealedHead();
        refused(stranger, 0, abi.encodeWithSelector(IMigration.WrongHead.selector, head, bytes32(0)));
        vm.prank(stranger);
        migration.commit(head);
        checkPhase(COMMITTED);
    }

    function test_onlyBeforeTheDeadline() public {
        goTo(SEALED);
        bytes32 head = migration.sealedHead();
        vm.warp(START + MAX_FREEZE);
        refused(owner, head, abi.encodeWithSelector(IMigration.DeadlinePassed.selector, START + MAX_FREEZE));
        vm.warp(START + MAX_FREEZE - 1);
        commit();
    }

    function test_legacyFrozenSameSupplySameCode() public {
        goTo(SEALED);
        bytes32 head = migration.sealedHead();
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(guards[1]));
        legacies[1].unpause();
        refused(owner, head, abi.encodeWithSelector(IMigration.NotFrozen.selector, 1));

        vm.prank(address(guards[1]));
        legacies[1].mint(stranger, 5);
        vm.prank(address(guards[1]));
        legacies[1].pause();
        refused(owner, head, abi.encodeWithSelector(IMigration.SupplyChanged.selector, 1, supply, supply + 5));

        vm.revertToState(snapshot);
        vm.etch(address(legacies[0]), bytes.concat(address(legacies[0]).code, hex"00"));
        refused(owner, head, abi.encodeWithSelector(IMigration.CodeChanged.selector, 0));

        vm.revertToState(snapshot);
        vm.prank(address(guards[0]));
        legacies[0].transferOwnership(stranger);
        refused(owner, head, abi.encodeWithSelector(IMigration.NotFrozen.selector, 0));
    }

    /// @dev No legacy call, and no call but to a guard, is left in the way of a transfer afterwards.
    function test_theDecisionSurvivesEverythingElse() public {
        goTo(COMMITTED);
        ledgers[0].materialize(holders);
        vm.etch(address(migration), hex"fe");
        vm.etch(address(legacies[0]), hex"fe");
        vm.prank(holders[0]);
        ledgers[0].transfer(stranger, 1);
        check(ledgers[0].balanceOf(stranger), 1, "transfer");
        check(ledgers[0].totalSupply(), supply, "supply");
    }
}
