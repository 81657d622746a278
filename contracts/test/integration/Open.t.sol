// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Migration} from "src/Migration.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract OpenTest is Fixture {
    function setUp() public {
        addLane(DECLARED);
        addLane(READ_THROUGH);
    }

    function refused(IMigration.Rules memory r, uint256 lane, bytes32 reason) internal {
        vm.expectRevert(abi.encodeWithSelector(IMigration.BadRules.selector, lane, reason));
        vm.prank(owner);
        migration.open(r, NONCE);
    }

    function test_fixesTheRules() public {
        IMigration.Rules memory r = rules();
        bytes32 rulesHash = keccak256(abi.encode(r));
        bytes32 id = Heads.id(block.chainid, address(migration), rulesHash, NONCE);
        vm.expectEmit(address(migration));
        emit IMigration.Opened(id, rulesHash, NONCE);
        open();
        checkPhase(OPEN);
        vm.assertEq(migration.id(), id, "id");
        vm.assertEq(migration.operator(), operator, "operator");
        vm.assertEq(migration.guardian(), guardian, "guardian");
        check(migration.deadline(), DEADLINE, "deadline");
        check(migration.laneCount(), 2, "lanes");
        check(migration.frozenBlock(), 0, "frozen block");
        vm.assertFalse(migration.preauthorised(), "preauthorised");
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(keccak256(abi.encode(migration.laneRules(i))), keccak256(abi.encode(r.lanes[i])), "lane rules");
        }
    }

    /// @dev In a call of its own: with dynamic linking, a test ends at the first `new` that reverts, and passes.
    function construct(address owner_) external {
        new Migration(owner_);
    }

    function test_onlyOwner_onlyOnce() public {
        IMigration.Rules memory r = rules();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOwner.selector, operator));
        vm.prank(operator);
        migration.open(r, NONCE);
        open();
        vm.expectRevert(wrongPhase(OPEN));
        vm.prank(owner);
        migration.open(r, NONCE);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOwner.selector, address(0)));
        this.construct(address(0));
    }

    function test_refusesRulesAsAWhole() public {
        uint256 none = type(uint256).max;
        IMigration.Rules memory r = rules();
        r.deadline = uint64(block.timestamp);
        refused(r, none, "DEADLINE");
        r = rules();
        r.maxFreezeSecs = 0;
        refused(r, none, "MAX_FREEZE");
        r = rules();
        r.maxFreezeSecs = 30 days + 1;
        refused(r, none, "MAX_FREEZE");
        r.maxFreezeSecs = type(uint64).max;
        refused(r, none, "MAX_FREEZE");
        r = rules();
        r.operator = address(0);
        refused(r, none, "OPERATOR");
        r = rules();
        r.lanes = new IMigration.LaneRules[](0);
        refused(r, none, "NO_LANES");
        r.lanes = new IMigration.LaneRules[](17);
        refused(r, none, "TOO_MANY_LANES");
    }

    /// @dev However far the deadline is, no freeze is longer than thirty days.
    function test_theLongestFreeze() public {
        IMigration.Rules memory r = rules();
        (r.deadline, r.maxFreezeSecs) = (type(uint64).max, 30 days);
        vm.prank(owner);
        migration.open(r, NONCE);
        freeze();
        check(migration.deadline(), START + 30 days, "deadline");
        vm.warp(START + 30 days);
        abort(stranger);
        checkLegacyRestored(0);
        checkLegacyRestored(1);
    }

    function test_refusesOtherCode() public {
        IMigration.Rules memory r = rules();
        r.lanes[1].legacyCodeHash = "other";
        refused(r, 1, "LEGACY_CODE");
        r = rules();
        r.lanes[0].guardCodeHash = "other";
        refused(r, 0, "GUARD_CODE");
        r = rules();
        r.lanes[1].ledgerCodeHash = "other";
        refused(r, 1, "LEDGER_CODE");
        r = rules();
        r.lanes[0].legacy = stranger;
        r.lanes[0].legacyCodeHash = stranger.codehash;
        refused(r, 0, "LEGACY_CODE");
    }

    function test_refusesPartsOfAnotherMigration() public {
        IMigration.Rules memory r = rules();
        PausableGuard foreign = new PausableGuard(owner, address(legacies[0]), legacyOwner, 0);
        r.lanes[0].guard = foreign;
        r.lanes[0].guardCodeHash = address(foreign).codehash;
        refused(r, 0, "GUARD_MIGRATION");
        r = rules();
        (r.lanes[0].guard, r.lanes[0].guardCodeHash) = (r.lanes[1].guard, r.lanes[1].guardCodeHash);
        refused(r, 0, "GUARD_LEGACY");
        r = rules();
        (r.lanes[0].ledger, r.lanes[0].ledgerCodeHash) = (r.lanes[1].ledger, r.lanes[1].ledgerCodeHash);
        refused(r, 0, "LEDGER_LEGACY");
        r = rules();
        (r.lanes[0], r.lanes[1]) = (r.lanes[1], r.lanes[0]);
        refused(r, 0, "LEDGER_LANE");
        r = rules();
        r.lanes[0].source = CHAIN_READ;
        refused(r, 0, "LEDGER_SOURCE");
        Migration other = new Migration(owner);
        r = rules();
        vm.expectRevert(abi.encodeWithSelector(IMigration.BadRules.selector, 0, bytes32("GUARD_MIGRATION")));
        vm.prank(owner);
        other.open(r, NONCE);
    }

    function test_refusesALedgerOfAnotherMigration() public {
        IMigration.Rules memory r = rules();
        Migration here = migration;
        migration = new Migration(owner);
        ILedger foreign = ILedger(address(deployLedger(address(legacies[0]), 0, DECLARED)));
        migration = here;
        (r.lanes[0].ledger, r.lanes[0].ledgerCodeHash) = (foreign, address(foreign).codehash);
        refused(r, 0, "LEDGER_MIGRATION");
    }

    function test_refusesTheSamePartTwice() public {
        IMigration.Rules memory r = rules();
        ILedger second = ILedger(address(deployLedger(address(legacies[0]), 1, DECLARED)));
        r.lanes[1].legacy = r.lanes[0].legacy;
        r.lanes[1].source = DECLARED;
        (r.lanes[1].guard, r.lanes[1].guardCodeHash) = (r.lanes[0].guard, r.lanes[0].guardCodeHash);
        (r.lanes[1].ledger, r.lanes[1].ledgerCodeHash) = (second, address(second).codehash);
        refused(r, 1, "LEGACY_TWICE");
    }

    /// @dev A guard that says of two lanes that it is theirs.
    function test_refusesTheSameGuardTwice() public {
        IMigration.Rules memory r = rules();
        (r.lanes[1].guard, r.lanes[1].guardCodeHash) = (r.lanes[0].guard, r.lanes[0].guardCodeHash);
        vm.mockCalls(address(guards[0]), abi.encodeCall(IGuard.legacy, ()), inTurn(legacyOf(0), legacyOf(1)));
        refused(r, 1, "GUARD_TWICE");
    }

    function test_refusesTheSameLedgerTwice() public {
        IMigration.Rules memory r = rules();
        (r.lanes[1].ledger, r.lanes[1].ledgerCodeHash) = (r.lanes[0].ledger, r.lanes[0].ledgerCodeHash);
        address ledger = address(ledgers[0]);
        vm.mockCalls(ledger, abi.encodeCall(ILedger.legacy, ()), inTurn(legacyOf(0), legacyOf(1)));
        vm.mockCalls(ledger, abi.encodeCall(ILedger.laneIndex, ()), inTurn(0, 1));
        vm.mockCalls(
            ledger, abi.encodeCall(ILedger.source, ()), inTurn(uint256(r.lanes[0].source), uint256(r.lanes[1].source))
        );
        refused(r, 1, "LEDGER_TWICE");
    }

    function legacyOf(uint256 lane) internal view returns (uint256) {
        return uint160(address(legacies[lane]));
    }

    function inTurn(uint256 first, uint256 second) internal pure returns (bytes[] memory answers) {
        answers = new bytes[](2);
        (answers[0], answers[1]) = (abi.encode(first), abi.encode(second));
    }

    function test_preauthorisedOnlyWhatTheContractReads() public {
        preauthorised = true;
        refused(rules(), 0, "PREAUTHORISED");
    }

    function test_preauthorisedReadLanes() public {
        delete legacies;
        delete guards;
        delete ledgers;
        delete sources;
        preauthorised = true;
        addLane(CHAIN_READ);
        addLane(READ_THROUGH);
        open();
        vm.assertTrue(migration.preauthorised(), "preauthorised");
    }

    function test_lanesBeyondTheLast() public {
        open();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NoSuchLane.selector, 2));
        migration.laneRules(2);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NoSuchLane.selector, 2));
        migration.lane(2);
    }
}
