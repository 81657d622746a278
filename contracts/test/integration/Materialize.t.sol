// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {Vm} from "test/mocks/Test.sol";

contract MaterializeTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
        addLane(DECLARED);
        addLane(DECLARED_WIDE);
        addLane(CHAIN_READ);
    }

    function test_onlyAfterTheDecision() public {
        goTo(SEALED);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(ILedger.NotLive.selector);
            ledgers[i].materialize(holders);
        }
        abort(owner);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(ILedger.NotLive.selector);
            ledgers[i].materialize(holders);
        }
    }

    function test_oneTransferEventAHolder_once() public {
        goTo(COMMITTED);
        for (uint256 i = 0; i < 4; ++i) {
            vm.recordLogs();
            vm.prank(stranger);
            ledgers[i].materialize(holders);
            ledgers[i].materialize(holders);
            ledgers[i].materialize(one(stranger));
            Vm.Log[] memory logs = vm.getRecordedLogs();
            check(logs.length, holders.length, "one event a holder, none for others");
            uint256 sum;
            for (uint256 j = 0; j < holders.length; ++j) {
                vm.assertEq(logs[j].topics[0], IERC20.Transfer.selector, "Transfer");
                vm.assertEq(logs[j].topics[1], bytes32(0), "from the zero address");
                check(uint256(logs[j].topics[2]), uint160(holders[j]), "to the holder");
                check(abi.decode(logs[j].data, (uint256)), amounts[j], "the whole amount");
                vm.assertTrue(ledgers[i].materialized(holders[j]), "materialized");
                sum += ledgers[i].balanceOf(holders[j]);
            }
            check(sum, ledgers[i].totalSupply(), "sum is supply");
        }
    }

    /// @dev The balance is pinned: what legacy says later, were it thawed, does not matter any more.
    function test_pinsTheBalance() public {
        goTo(COMMITTED);
        ledgers[0].materialize(holders);
        vm.startPrank(address(guards[0]));
        legacies[0].unpause();
        legacies[0].mint(holders[0], 1e30);
        check(ledgers[0].balanceOf(holders[0]), amounts[0], "pinned");
        check(ledgers[0].totalSupply(), supply, "recorded");
    }
}

/// @dev A lane whose list contains the zero address and the last one. The legacy token cannot have
/// them as holders, so its supply is minted to somebody, and the list is declared.
contract EdgeAccountsTest is Fixture {
    address internal constant LAST = address(type(uint160).max);

    function test_zeroAddressHasItsBalance_immovable() public {
        addLane(DECLARED);
        goTo(FROZEN);
        holders = [address(0), LAST];
        amounts = [5, supply - 5];
        bytes memory data = batch(0, 0, 2);
        vm.startPrank(operator);
        bytes32 id = migration.id();
        bytes32 head = keccak256(abi.encode(id, 0, 1));
        head = keccak256(abi.encode(head, id, 0, 0, 2, supply, keccak256(data)));
        migration.declare(0, 1, 2, supply, head);
        migration.stage(0, 0, data);
        vm.stopPrank();
        seal();
        commit();
        check(ledgers[0].balanceOf(address(0)), 5, "zero address");
        check(ledgers[0].balanceOf(LAST), supply - 5, "last address");
        vm.recordLogs();
        ledgers[0].materialize(holders);
        check(vm.getRecordedLogs().length, 2, "both have their event");
        check(ledgers[0].balanceOf(address(0)), 5, "still there");
        vm.prank(address(0));
        vm.expectRevert();
        ledgers[0].transfer(LAST, 1);
        vm.prank(LAST);
        vm.expectRevert();
        ledgers[0].transfer(address(0), 1);
    }
}

/// @dev What frozen legacy answers on the first touch.
contract MaterializeReadThroughTest is Fixture {
    function test_balanceOf208Bits() public {
        addLane(READ_THROUGH);
        goTo(COMMITTED);
        address token = address(legacies[0]);
        bytes memory question = abi.encodeCall(IERC20.balanceOf, (holders[0]));
        uint256 limit = 1 << 208;
        vm.mockCall(token, question, abi.encode(limit));
        vm.expectRevert(abi.encodeWithSelector(ILedger.AmountTooLarge.selector, holders[0], limit));
        ledgers[0].materialize(one(holders[0]));
        vm.expectRevert(abi.encodeWithSelector(ILedger.AmountTooLarge.selector, holders[0], limit));
        vm.prank(holders[0]);
        ledgers[0].transfer(stranger, 1);
        vm.mockCall(token, question, abi.encode(limit - 1));
        ledgers[0].materialize(one(holders[0]));
        check(ledgers[0].balanceOf(holders[0]), limit - 1, "the largest");
    }
}
