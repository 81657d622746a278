// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "src/interfaces/IGuard.sol";
import {Fixture} from "test/mocks/Fixture.sol";

contract ReclaimTest is Fixture {
    function setUp() public {
        addLane(READ_THROUGH);
    }

    function test_theRecordedOwnerBeforeAnythingBegan() public {
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotRecordedOwner.selector, owner));
        vm.prank(owner);
        guards[0].reclaim();
        vm.prank(legacyOwner);
        guards[0].reclaim();
        checkLegacyRestored(0);
        vm.prank(legacyOwner);
        guards[0].reclaim();
    }

    function test_notOnceItIsOpen() public {
        open();
        vm.expectRevert(IGuard.WrongPhase.selector);
        vm.prank(legacyOwner);
        guards[0].reclaim();
    }
}
