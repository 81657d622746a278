// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Migration} from "src/Migration.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
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

    /// @dev A guard of an address where nothing is deployed, by mistake or not yet, is no trap.
    function test_whereNoMigrationIsDeployed() public {
        LegacyToken legacy = new LegacyToken("Legacy", "LEG", legacyOwner);
        vm.prank(legacyOwner);
        legacy.mintBatch(holders, amounts);
        PausableGuard guard = new PausableGuard(stranger, address(legacy), legacyOwner, 0);
        legacies[0] = legacy;
        vm.prank(legacyOwner);
        legacy.transferOwnership(address(guard));
        vm.expectRevert(IGuard.WrongPhase.selector);
        guard.release();
        vm.expectRevert(IGuard.WrongPhase.selector);
        guard.retire();
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotRecordedOwner.selector, stranger));
        vm.prank(stranger);
        guard.reclaim();
        vm.prank(legacyOwner);
        guard.reclaim();
        checkLegacyRestored(0);
    }

    /// @dev The same address, once the migration is there.
    function test_untilTheMigrationIsDeployedAndOpen() public {
        address here = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        PausableGuard guard = new PausableGuard(here, address(legacies[0]), legacyOwner, 0);
        vm.prank(address(guards[0]));
        legacies[0].transferOwnership(address(guard));
        migration = new Migration(owner);
        vm.assertEq(address(migration), here, "deployed where it was expected");
        guards[0] = guard;
        ledgers[0] = deployLedger(address(legacies[0]), 0, READ_THROUGH);
        uint256 snapshot = vm.snapshotState();
        vm.prank(legacyOwner);
        guard.reclaim();
        checkLegacyRestored(0);
        vm.revertToState(snapshot);
        open();
        vm.expectRevert(IGuard.WrongPhase.selector);
        vm.prank(legacyOwner);
        guard.reclaim();
    }
}
