// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Test} from "test/mocks/Test.sol";
import {Handler} from "./Handler.sol";

/// @notice I1 to I7 of DESIGN, after any sequence of calls by anybody.
contract InvariantsTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler internal handler;

    function setUp() public {
        handler = newHandler();
    }

    function newHandler() internal virtual returns (Handler) {
        return new Handler(false);
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    /// @dev `progress` six times over, so that about half of the runs reach the decision.
    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[24] memory all = [
            handler.progress.selector,
            handler.progress.selector,
            handler.progress.selector,
            handler.progress.selector,
            handler.progress.selector,
            handler.progress.selector,
            handler.tryOpen.selector,
            handler.tryFreeze.selector,
            handler.tryDeclare.selector,
            handler.tryStage.selector,
            handler.tryStageProven.selector,
            handler.tryRestart.selector,
            handler.trySeal.selector,
            handler.tryCommit.selector,
            handler.tryAbort.selector,
            handler.tail.selector,
            handler.tailUnnamed.selector,
            handler.wait.selector,
            handler.transferLegacy.selector,
            handler.transferLegacy.selector,
            handler.transferSuccessor.selector,
            handler.transferSuccessor.selector,
            handler.approveSuccessor.selector,
            handler.materialize.selector
        ];
        list = new FuzzSelector[](1);
        list[0].addr = address(handler);
        list[0].selectors = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            list[0].selectors[i] = all[i];
        }
    }

    function invariant_I1_exclusive() public view {
        handler.checkExclusive();
    }

    function invariant_I2_custody() public view {
        handler.checkCustody();
    }

    function invariant_I3_conservation() public view {
        handler.checkConservation();
    }

    function invariant_I4_inert() public view {
        handler.checkInert();
    }

    function invariant_I5_noArbitraryCall() public view {
        vm.assertEq(handler.strayCall(), "", "I5");
    }

    function invariant_I6_recoverable() public {
        handler.checkRecoverable();
    }

    function invariant_I7_final() public {
        handler.checkFinal();
    }

    /// @dev The handler reaches both ends, so that what holds does not hold for want of trying.
    function test_sometimes() public {
        handler.transferLegacy(1, 0, 3, type(uint256).max);
        handler.tailUnnamed(0, true);
        for (uint256 i = 0; i < 9; ++i) {
            handler.progress();
        }
        vm.assertTrue(handler.ended() == IMigration.Phase.COMMITTED, "committed");
        for (uint256 lane = 0; lane < 5; ++lane) {
            for (uint256 to = 3; to < 11; ++to) {
                handler.transferSuccessor(lane, 0, to, 7);
                handler.transferSuccessor(lane, 7, 0, 1); // the stranger, who was sent some
            }
        }
        handler.tailUnnamed(3, false);
        everything();
        handler = newHandler();
        handler.progress();
        handler.progress();
        handler.tryAbort(2, 0);
        vm.assertTrue(handler.ended() == IMigration.Phase.ABORTED, "aborted");
        handler.transferLegacy(1, 0, 3, type(uint256).max);
        everything();
    }

    function everything() internal {
        handler.checkExclusive();
        handler.checkCustody();
        handler.checkConservation();
        handler.checkInert();
        handler.checkRecoverable();
        handler.checkFinal();
        vm.assertEq(handler.strayCall(), "", "I5");
    }
}

/// @notice The same where anybody may commit what is sealed, in fewer runs: little else is different.
/// forge-config: default.invariant.runs = 6
contract PreauthorisedInvariantsTest is InvariantsTest {
    function newHandler() internal override returns (Handler) {
        return new Handler(true);
    }
}
