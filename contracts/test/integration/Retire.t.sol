// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "src/interfaces/IGuard.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract RetireTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
    }

    function test_givesUpControlForEver() public {
        goTo(COMMITTED);
        vm.expectEmit(address(guards[0]));
        emit IGuard.GuardRetired(address(legacies[0]));
        vm.prank(stranger);
        guards[0].retire();
        vm.assertEq(legacies[0].owner(), address(0), "nobody");
        vm.assertTrue(legacies[0].paused(), "frozen for ever");
        vm.recordLogs();
        guards[0].retire();
        check(vm.getRecordedLogs().length, 0, "idempotent");
        check(ledgers[0].balanceOf(holders[3]), amounts[3], "the successor reads on");
    }

    function test_onlyAfterCommit() public {
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
        goTo(SEALED);
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
        abort(owner);
        vm.expectRevert(IGuard.WrongPhase.selector);
        guards[0].retire();
    }
}
