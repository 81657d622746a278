// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";
import {Faucet} from "../src/Faucet.sol";
import {Holders} from "../src/Holders.sol";
import {Migrator} from "../src/Migrator.sol";

/// @notice The cheatcodes that the loops use.
interface Vm {
    function deleteStateSnapshot(uint256 id) external returns (bool);
    function envOr(string calldata name, uint256 otherwise) external view returns (uint256);
    function prank(address sender) external;
    function revertToState(uint256 id) external returns (bool);
    function snapshotState() external returns (uint256);
}

/// @notice What a careful team writes by hand: a loop over every crash point and every fault, with a way to the end
/// from each, and a look at every account.
abstract contract Loop {
    /// @dev Where an executor stops or goes wrong: it has sent the batches before the crash point.
    enum Fault {
        CrashBeforeSend,
        AnswerLost,
        Reverted,
        Dropped,
        Duplicated,
        Swapped,
        GasCut,
        Stranger
    }

    uint256 internal constant FAULTS = 8;
    /// @dev Less than a batch needs.
    uint256 internal constant CUT_GAS = 100_000;
    address internal constant STRANGER = address(0xbad00001);
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    Token internal legacy;
    Token internal successor;
    Migrator internal migrator;
    uint256 internal batches;

    struct Due {
        address account;
        uint256 amount;
    }

    error Misjudged(uint256 holder, uint256 inLegacy, uint256 inSuccessor);

    function setUp() public {
        batches = vm.envOr("N", uint256(100));
        uint256 holders = batches * Holders.BATCH;
        Faucet faucet = new Faucet(address(this));
        legacy = new Token("Legacy", "OLD", address(faucet));
        successor = new Token("Successor", "NEW", address(this));
        migrator = new Migrator(legacy, successor, address(this));
        successor.transferOwnership(address(migrator));
        migrator.enlist(holders);
        faucet.fill(legacy, holders);
        faucet.hand(legacy, address(migrator));
    }

    /// @dev Which of two halves of the crash points this is: forge runs contracts on several cores.
    function half() internal pure virtual returns (uint256);

    /// @notice The crash points of a half. forge runs each from the state after setUp, one after the other: a loop over
    /// all of them takes longer, because forge copies every event since the beginning whenever it goes back to a
    /// snapshot.
    function fixtureCrash() external view returns (uint256[] memory points) {
        uint256 last = vm.envOr("N", uint256(100));
        points = new uint256[]((last + 2 - half()) / 2);
        for (uint256 n = 0; n < points.length; n++) {
            points[n] = 2 * n + half();
        }
    }

    /// @notice Every scenario begins at the state after setUp.
    function tableReplay(uint256 crash) public {
        Due[] memory list = due();
        uint256 memoryEnd = mark();
        uint256 start = vm.snapshotState();
        for (uint256 fault = 0; fault < FAULTS; fault++) {
            vm.revertToState(start);
            send(0, crash);
            uint256 next = strike(crash, Fault(fault));
            unharmed(list);
            send(next, batches);
            complete(list);
            release(memoryEnd);
        }
    }

    /// @notice The state of the crash point is kept.
    function tableSnapshot(uint256 crash) public {
        send(0, crash);
        scenarios(crash, true, true);
    }

    /// @notice As above, but the accounts are looked at only at the end.
    function tableEndOnly(uint256 crash) public {
        send(0, crash);
        scenarios(crash, false, true);
    }

    /// @notice Without any way to the end: the accounts are looked at right after the fault, in one walk over the crash
    /// points of a half.
    function test_safety() public {
        for (uint256 crash = 0; crash <= batches; crash++) {
            if (crash % 2 == half()) scenarios(crash, true, false);
            if (crash < batches) migrator.migrateBatch(crash);
        }
    }

    function scenarios(uint256 crash, bool looks, bool recovers) internal {
        Due[] memory list = due();
        uint256 memoryEnd = mark();
        uint256 here = vm.snapshotState();
        for (uint256 fault = 0; fault < FAULTS; fault++) {
            uint256 next = strike(crash, Fault(fault));
            if (looks) unharmed(list);
            if (recovers) {
                send(next, batches);
                complete(list);
            }
            vm.revertToState(here);
            release(memoryEnd);
        }
        vm.deleteStateSnapshot(here);
    }

    function send(uint256 from, uint256 to) internal {
        for (uint256 batch = from; batch < to; batch++) {
            migrator.migrateBatch(batch);
        }
    }

    /// @notice Lets a fault happen at a crash point; says with which batch the executor goes on. After the last batch
    /// the fault concerns that one, once more.
    function strike(uint256 crash, Fault fault) internal returns (uint256 next) {
        uint256 batch = crash == batches ? batches - 1 : crash;
        next = crash;
        if (fault == Fault.AnswerLost) {
            migrator.migrateBatch(batch);
        } else if (fault == Fault.Duplicated) {
            migrator.migrateBatch(batch);
            migrator.migrateBatch(batch);
            next = batch + 1;
        } else if (fault == Fault.Swapped) {
            uint256 other = batch + 1 == batches ? batch - 1 : batch + 1;
            migrator.migrateBatch(other);
            migrator.migrateBatch(batch);
            next = batch + 1 == batches ? batches : batch + 2;
        } else if (fault == Fault.GasCut) {
            try migrator.migrateBatch{gas: CUT_GAS}(batch) {} catch {}
        } else if (fault == Fault.Stranger) {
            vm.prank(STRANGER);
            migrator.migrateBatch(batches - 1);
        }
    }

    function due() internal view returns (Due[] memory list) {
        list = new Due[](batches * Holders.BATCH);
        for (uint256 n = 0; n < list.length; n++) {
            list[n] = Due(Holders.account(n), Holders.amount(n));
        }
    }

    /// @dev Every entitlement is there exactly once.
    function unharmed(Due[] memory list) internal view {
        for (uint256 n = 0; n < list.length; n++) {
            uint256 inLegacy = legacy.balanceOf(list[n].account);
            uint256 inSuccessor = successor.balanceOf(list[n].account);
            if (inLegacy + inSuccessor != list[n].amount) revert Misjudged(n, inLegacy, inSuccessor);
        }
    }

    /// @dev Every entitlement has arrived.
    function complete(Due[] memory list) internal view {
        for (uint256 n = 0; n < list.length; n++) {
            uint256 inLegacy = legacy.balanceOf(list[n].account);
            uint256 inSuccessor = successor.balanceOf(list[n].account);
            if (inLegacy != 0 || inSuccessor != list[n].amount) revert Misjudged(n, inLegacy, inSuccessor);
        }
    }

    function mark() internal pure returns (uint256 end) {
        assembly ("memory-safe") {
            end := mload(0x40)
        }
    }

    /// @dev What answers took of the memory is used again: a loop that grows its memory is slower.
    function release(uint256 end) internal pure {
        assembly ("memory-safe") {
            mstore(0x40, end)
        }
    }
}

contract Even is Loop {
    function half() internal pure override returns (uint256) {
        return 0;
    }
}

contract Odd is Loop {
    function half() internal pure override returns (uint256) {
        return 1;
    }
}
