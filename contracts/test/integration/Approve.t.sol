// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {SuccessorFixture} from "test/mocks/SuccessorFixture.sol";
import {Vm} from "test/mocks/Test.sol";

/// @dev Allowances, and what is spent of them.
contract ApproveTest is SuccessorFixture {
    function setUp() public {
        setUpLane(CHAIN_READ);
    }

    function inert() internal override {
        vm.prank(alice);
        vm.expectRevert(ILedger.NotLive.selector);
        token.approve(bob, 1);
        vm.prank(alice);
        vm.expectRevert(ILedger.NotLive.selector);
        token.approve(bob, 0);
        check(token.allowance(alice, bob), 0, "allowance");
    }

    function test_isSpent() public {
        goTo(COMMITTED);
        vm.prank(alice);
        token.approve(stranger, 10);
        vm.startPrank(stranger);
        token.transferFrom(alice, bob, 4);
        check(token.allowance(alice, stranger), 6, "spent");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 6, 7));
        token.transferFrom(alice, bob, 7);
        token.transferFrom(alice, bob, 6);
        vm.stopPrank();
        check(token.allowance(alice, stranger), 0, "all of it");
        check(token.balanceOf(bob), amounts[1] + 10, "moved");
    }

    function test_infiniteStays() public {
        goTo(COMMITTED);
        vm.prank(alice);
        token.approve(stranger, type(uint256).max);
        vm.prank(stranger);
        token.transferFrom(alice, bob, amounts[0]);
        check(token.allowance(alice, stranger), type(uint256).max, "infinite");
        vm.prank(alice);
        token.approve(stranger, type(uint256).max - 1);
        vm.prank(stranger);
        token.transferFrom(alice, bob, 0);
        check(token.allowance(alice, stranger), type(uint256).max - 1, "finite, nothing spent");
    }

    function test_oneEvent() public {
        goTo(COMMITTED);
        vm.expectEmit(address(token));
        emit IERC20.Approval(alice, stranger, 10);
        vm.prank(alice);
        token.approve(stranger, 10);
        token.materialize(holders);
        vm.recordLogs();
        vm.prank(stranger);
        token.transferFrom(alice, bob, 4);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        check(logs.length, 1, "one event");
        vm.assertEq(logs[0].topics[0], IERC20.Transfer.selector, "the transfer's");
    }

    function test_nobodyApprovesNobody() public {
        goTo(COMMITTED);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, address(0)));
        token.approve(address(0), 1);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidApprover.selector, address(0)));
        token.approve(alice, 1);
    }
}
