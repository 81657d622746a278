// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {ILegacy} from "src/interfaces/ILegacy.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

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
        (bool live,,) = migration.decided(0, address(ledgers[0]));
        vm.assertFalse(live, "not before");
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

/// @dev The largest migration, all sources in it, at the transaction cap.
contract CommitSixteenLanesTest is Fixture {
    function test_fromOpenToCommit() public {
        for (uint256 i = 0; i < 16; ++i) {
            addLane(IMigration.Source(i % 4));
        }
        goTo(COMMITTED);
        for (uint256 i = 0; i < 16; ++i) {
            check(ledgers[i].totalSupply(), supply, "supply");
            for (uint256 j = 0; j < holders.length; ++j) {
                check(ledgers[i].balanceOf(holders[j]), amounts[j], "balance");
            }
            ledgers[i].materialize(holders);
            vm.prank(holders[0]);
            ledgers[i].transfer(stranger, amounts[0]);
            check(ledgers[i].balanceOf(stranger), amounts[0], "moved");
            guards[i].retire();
            vm.assertTrue(legacies[i].paused(), "frozen for ever");
        }
    }
}

/// @dev What a guard attests is looked at again, by the answers of a token alone.
contract CommitAttestTest is GuardFixture {
    function refused() internal {
        bytes32 head = migration.sealedHead();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotFrozen.selector, 0));
        vm.prank(owner);
        migration.commit(head);
        checkPhase(SEALED);
    }

    function test_theRoleMustStillBeHeld() public {
        LegacyRoleToken token = roleToken();
        goTo(SEALED);
        vm.prank(address(guard));
        token.renounceRole(PAUSER, address(guard));
        refused();
    }

    function test_theOwnershipMustStillBeHeld() public {
        WeirdToken token = weird();
        goTo(SEALED);
        vm.prank(address(guard));
        token.transferOwnership(stranger);
        refused();
    }

    function test_theSupplyMustStillBeAnswered() public {
        WeirdToken token = weird();
        token.setSupply(0); // what silence looks like, were it not noticed
        goTo(SEALED);
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.totalSupply, ()), "");
        refused();
        vm.clearMockedCalls();
        commit();
    }

    function test_thePauseMustStillBeAnswered() public {
        WeirdToken token = weird();
        goTo(SEALED);
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.paused, ()), "");
        refused();
    }
}

/// @dev Ledgers that name the migration and are not named by its rules.
contract CommitOtherLedgerTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
        addLane(CHAIN_READ);
        goTo(COMMITTED);
    }

    function inert(SuccessorERC20 twin) internal {
        check(twin.totalSupply(), 0, "supply");
        check(twin.balanceOf(holders[0]), 0, "balance");
        vm.expectRevert(ILedger.NotLive.selector);
        twin.materialize(holders);
        vm.startPrank(holders[0]);
        vm.expectRevert(ILedger.NotLive.selector);
        twin.transfer(stranger, 0);
        vm.expectRevert(ILedger.NotLive.selector);
        twin.approve(stranger, 1);
        vm.stopPrank();
    }

    /// @dev The same balances would be claimed a second time.
    function test_aTwinNeverLives() public {
        inert(deployLedger(address(legacies[0]), 0, READ_THROUGH));
        inert(deployLedger(address(legacies[1]), 1, READ_THROUGH));
        inert(deployLedger(address(legacies[0]), 1, READ_THROUGH));
        check(ledgers[0].balanceOf(holders[0]), amounts[0], "the one of the rules does");
        check(ledgers[1].balanceOf(holders[0]), amounts[0], "and the other one");
    }

    function test_aLedgerOfNoLaneNeverLives() public {
        inert(deployLedger(address(legacies[0]), 2, READ_THROUGH));
    }

    /// @dev What a ledger is told: of its own lane alone.
    function test_decided() public view {
        told(1, address(ledgers[1]), true);
        told(0, address(ledgers[1]), false);
        told(2, address(0), false);
    }

    function told(uint256 lane, address ledger, bool wanted) internal view {
        (bool live, uint32 generation, uint256 found) = migration.decided(lane, ledger);
        vm.assertTrue(live == wanted, "live");
        check(generation, wanted ? 1 : 0, "generation");
        check(found, wanted ? supply : 0, "supply");
    }
}
