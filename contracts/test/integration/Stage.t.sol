// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {StagedERC20} from "src/ledgers/StagedERC20.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract StageTest is Fixture {
    uint256 internal constant PACKED = 0;
    uint256 internal constant WIDE = 1;
    uint256 internal constant READ = 2;
    uint256 internal constant THROUGH = 3;
    address internal constant LAST = address(type(uint160).max);

    function setUp() public {
        addLane(DECLARED);
        addLane(DECLARED_WIDE);
        addLane(CHAIN_READ);
        addLane(READ_THROUGH);
        goTo(FROZEN);
        declare(PACKED);
        declare(WIDE);
    }

    function refused(uint256 lane, bytes memory data, bytes memory why) internal {
        uint32 cursor = migration.lane(lane).cursor;
        vm.expectRevert(why);
        vm.prank(operator);
        migration.stage(lane, cursor, data);
    }

    function pair(uint256 lane, address a, uint256 x, address b, uint256 y) internal view returns (bytes memory) {
        return bytes.concat(entry(sources[lane], a, x), entry(sources[lane], b, y));
    }

    function test_advancesCursorCountSumHeadAndFloor() public {
        for (uint256 lane = 0; lane < 3; ++lane) {
            IMigration.Batch memory b = commitment(lane, 0, 4);
            bytes32 id = migration.id();
            bytes32 head = Heads.next(Heads.first(id, lane, 1), id, lane, 0, b);
            vm.expectEmit(address(migration));
            emit IMigration.Staged(id, lane, 1, 0, 4, b.sum, head);
            stage(lane, 0, firstBatch(lane));
            IMigration.LaneState memory state = migration.lane(lane);
            check(state.cursor, 1, "cursor");
            check(state.count, 4, "count");
            check(state.sum, b.sum, "sum");
            vm.assertEq(state.head, head, "head");
            check(state.floor, uint256(uint160(holders[3])) + 1, "floor");
            stage(lane, 1, secondBatch(lane));
            state = migration.lane(lane);
            check(state.count, holders.length, "count at the end");
            check(state.sum, supply, "sum at the end");
        }
    }

    function test_indexIsTheCursor() public {
        bytes memory data = firstBatch(PACKED);
        vm.expectRevert(abi.encodeWithSelector(IMigration.WrongBatch.selector, PACKED, 1, 0));
        vm.prank(operator);
        migration.stage(PACKED, 1, data);
        stage(PACKED, 0, data);
        vm.expectRevert(abi.encodeWithSelector(IMigration.WrongBatch.selector, PACKED, 0, 1));
        vm.prank(operator);
        migration.stage(PACKED, 0, data);
    }

    function test_strictlyAscending() public {
        for (uint256 lane = 0; lane < 3; ++lane) {
            (address a, address b) = (holders[1], holders[2]);
            bytes memory why = abi.encodeWithSelector(ILedger.NotAscending.selector, a);
            refused(lane, pair(lane, b, 1, a, 1), why);
            refused(lane, pair(lane, a, 1, a, 1), why);
            stage(lane, 0, entry(sources[lane], b, 1));
            refused(lane, entry(sources[lane], a, 1), why);
            refused(lane, entry(sources[lane], b, 1), abi.encodeWithSelector(ILedger.NotAscending.selector, b));
        }
    }

    function test_emptyEntries() public {
        bytes memory why = abi.encodeWithSelector(ILedger.EmptyEntry.selector, stranger);
        for (uint256 lane = 0; lane < 3; ++lane) {
            refused(lane, entry(sources[lane], stranger, 0), why);
        }
    }

    function test_wholeEntriesOnly() public {
        for (uint256 lane = 0; lane < 3; ++lane) {
            refused(lane, "", abi.encodeWithSelector(ILedger.BadData.selector, 0));
            bytes memory data = bytes.concat(firstBatch(lane), hex"01");
            refused(lane, data, abi.encodeWithSelector(ILedger.BadData.selector, data.length));
        }
        bytes memory dirty = abi.encode(uint256(1) << 160, 1);
        refused(WIDE, dirty, abi.encodeWithSelector(ILedger.BadData.selector, 64));
    }

    function test_wideAmountsHaveALimit() public {
        uint256 limit = 1 << 208;
        refused(
            WIDE,
            entry(DECLARED_WIDE, stranger, limit),
            abi.encodeWithSelector(ILedger.AmountTooLarge.selector, stranger, limit)
        );
        stage(WIDE, 0, entry(DECLARED_WIDE, holders[0], limit - 1));
        check(migration.lane(WIDE).sum, limit - 1, "the largest amount");
        refused(
            WIDE,
            entry(DECLARED_WIDE, holders[1], 1),
            abi.encodeWithSelector(IMigration.SumIsNotSupply.selector, WIDE, limit, supply)
        );
    }

    function test_zeroAddressAndLastAddressAreAccounts() public {
        for (uint256 lane = 0; lane < 2; ++lane) {
            stage(lane, 0, pair(lane, address(0), 7, address(1), type(uint96).max));
            stage(lane, 1, entry(sources[lane], LAST, type(uint96).max));
            IMigration.LaneState memory state = migration.lane(lane);
            check(state.sum, 7 + 2 * uint256(type(uint96).max), "sum");
            check(state.floor, 1 << 160, "nothing is above the last account");
            bytes memory why = abi.encodeWithSelector(ILedger.NotAscending.selector, LAST);
            refused(lane, entry(sources[lane], LAST, type(uint96).max), why);
        }
    }

    function test_onlyOperator_onlyFrozen_onlyStagedLanes() public {
        bytes memory data = firstBatch(PACKED);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotOperator.selector, stranger));
        vm.prank(stranger);
        migration.stage(PACKED, 0, data);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotStaged.selector, THROUGH));
        migration.stage(THROUGH, 0, data);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NoSuchLane.selector, 4));
        migration.stage(4, 0, data);
        migration.restart(PACKED);
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotDeclared.selector, PACKED));
        migration.stage(PACKED, 0, data);
        vm.stopPrank();
        abort(owner);
        vm.expectRevert(wrongPhase(ABORTED));
        vm.prank(operator);
        migration.stage(PACKED, 0, data);
    }

    function test_ledgerObeysOnlyTheMigration() public {
        for (uint256 lane = 0; lane < 3; ++lane) {
            bytes memory data = firstBatch(lane);
            vm.expectRevert(abi.encodeWithSelector(ILedger.NotMigration.selector, operator));
            vm.prank(operator);
            ledgers[lane].stage(1, 0, data);
        }
        vm.expectRevert(abi.encodeWithSelector(ILedger.BadData.selector, 0));
        vm.prank(address(migration));
        ledgers[THROUGH].stage(1, 0, "");
    }

    function test_nothingIsVisibleBeforeTheDecision() public {
        stage(PACKED, 0, firstBatch(PACKED));
        check(ledgers[PACKED].balanceOf(holders[0]), 0, "balance");
        check(ledgers[PACKED].totalSupply(), 0, "supply");
        vm.assertFalse(ledgers[PACKED].materialized(holders[0]), "materialized");
    }
    // ------------------------------------------------------------------ what legacy answers

    function noBalance() internal {
        refused(READ, abi.encodePacked(holders[2]), abi.encodeWithSelector(StagedERC20.NoBalance.selector, holders[2]));
        refused(READ, firstBatch(READ), abi.encodeWithSelector(StagedERC20.NoBalance.selector, holders[2]));
    }

    function balanceOf(address account) internal pure returns (bytes memory) {
        return abi.encodeCall(IERC20.balanceOf, (account));
    }

    function test_balanceThatReverts() public {
        vm.mockCallRevert(address(legacies[READ]), balanceOf(holders[2]), "");
        noBalance();
        vm.mockCallRevert(address(legacies[READ]), balanceOf(holders[2]), abi.encode(1));
        noBalance();
    }

    function test_balanceOf31Bytes() public {
        vm.mockCall(address(legacies[READ]), balanceOf(holders[2]), new bytes(31));
        noBalance();
        vm.mockCall(address(legacies[READ]), balanceOf(holders[2]), bytes.concat(new bytes(30), hex"01"));
        noBalance();
    }

    function test_balanceOf208Bits() public {
        (uint256 limit, address token) = (1 << 208, address(legacies[READ]));
        bytes memory why = abi.encodeWithSelector(ILedger.AmountTooLarge.selector, holders[2], limit);
        vm.mockCall(token, balanceOf(holders[2]), abi.encode(limit));
        refused(READ, firstBatch(READ), why);
        why = abi.encodeWithSelector(ILedger.AmountTooLarge.selector, holders[2], type(uint256).max);
        vm.mockCall(token, balanceOf(holders[2]), abi.encode(type(uint256).max));
        refused(READ, firstBatch(READ), why);
        vm.mockCall(token, balanceOf(holders[2]), abi.encode(limit - 1));
        stage(READ, 0, abi.encodePacked(holders[2]));
        check(migration.lane(READ).sum, limit - 1, "the largest");
    }

    /// @dev The order is wrong and the answer is missing: the order is what is said.
    function test_orderBeforeSilence() public {
        stage(READ, 0, abi.encodePacked(holders[3]));
        vm.mockCallRevert(address(legacies[READ]), balanceOf(holders[2]), "");
        refused(READ, abi.encodePacked(holders[2]), abi.encodeWithSelector(ILedger.NotAscending.selector, holders[2]));
    }
}
