// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {Vm} from "test/mocks/Test.sol";

/// @notice Drives every verb, as anybody, at any time. For each call it says beforehand whether the call
/// may succeed, from the rules in DESIGN and not from the contract, and it fails where they differ.
contract Handler is Fixture {
    uint256 internal constant LANES = 3;

    /// @dev What each account is entitled to: of legacy until the freeze, then what moved since.
    mapping(uint256 lane => mapping(address => uint256)) internal model;
    /// @dev The legacy balances at the freeze.
    mapping(uint256 lane => mapping(address => uint256)) internal frozenModel;
    uint256 internal frozenSupply;
    /// @dev The first terminal phase that was seen.
    IMigration.Phase public ended;
    /// @dev The first call of the migration that the rules do not name; empty when all is well.
    string public strayCall;
    address[] internal actors;
    bool internal recordedOwnerHasControl;

    constructor() {
        addLane(READ_THROUGH);
        addLane(DECLARED);
        addLane(CHAIN_READ);
        actors = [owner, operator, guardian, stranger, legacyOwner];
        for (uint256 lane = 0; lane < LANES; ++lane) {
            for (uint256 i = 0; i < holders.length; ++i) {
                model[lane][holders[i]] = amounts[i];
            }
        }
        frozenSupply = supply;
    }

    // ------------------------------------------------------------------ driving

    function pick(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }

    function phaseIs(IMigration.Phase phase) internal view returns (bool) {
        return migration.phase() == phase;
    }

    /// @dev One call of the migration: succeeds exactly when it may, and calls nothing that the rules
    /// do not name.
    function drive(address by, bytes memory data, bool mayPass) internal {
        vm.startStateDiffRecording();
        vm.prank(by);
        (bool ok,) = address(migration).call(data);
        watchCalls(vm.stopAndReturnStateDiff(), bytes4(data));
        vm.assertTrue(ok == mayPass, string.concat("may pass: ", mayPass ? "yes" : "no"));
        IMigration.Phase phase = migration.phase();
        if (ended == NONE && (phase == COMMITTED || phase == ABORTED)) ended = phase;
    }

    function watchCalls(Vm.AccountAccess[] memory accesses, bytes4 verb) internal {
        for (uint256 i = 0; i < accesses.length; ++i) {
            Vm.AccountAccess memory a = accesses[i];
            if (a.accessor != address(migration) || uint256(a.kind) > uint256(Vm.AccessKind.Create)) continue;
            if (a.value != 0 || !known(a.account, a.kind, bytes4(a.data), verb)) strayCall = "a stray call";
        }
    }

    function known(address to, Vm.AccessKind kind, bytes4 selector, bytes4 verb) internal view returns (bool) {
        for (uint256 lane = 0; lane < LANES; ++lane) {
            if (kind == Vm.AccessKind.StaticCall && verb == IMigration.open.selector) {
                if (to == address(guards[lane]) || to == address(ledgers[lane])) return true;
            } else if (kind == Vm.AccessKind.StaticCall) {
                if (to == address(guards[lane]) && selector == guards[lane].attest.selector) return true;
            } else if (kind == Vm.AccessKind.Call) {
                bool toGuard = selector == guards[lane].freeze.selector || selector == guards[lane].release.selector;
                if (to == address(guards[lane]) && toGuard) return true;
                if (to == address(ledgers[lane]) && selector == ledgers[lane].stage.selector) return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------------ the verbs

    /// @dev The next right step by the right account, so that long runs reach the decision.
    function progress() external {
        IMigration.Phase phase = migration.phase();
        if (phase == NONE) tryOpen(0, true);
        else if (phase == OPEN) tryFreeze(1);
        else if (phase == FROZEN) progressFrozen();
        else if (phase == SEALED) tryCommit(0, true);
        else tail(0, 0);
    }

    function progressFrozen() internal {
        for (uint256 lane = 1; lane < LANES; ++lane) {
            IMigration.LaneState memory state = migration.lane(lane);
            if (lane == 1 && state.declaredBatches == 0) return tryDeclare(1, 1);
            if (state.cursor == 0) return tryStage(1, lane, 0, 0);
        }
        trySeal(3);
    }

    function tryOpen(uint256 by, bool good) public {
        IMigration.Rules memory r = rules();
        if (r.deadline <= block.timestamp) good = false;
        if (!good) r.maxFreezeSecs = 0;
        address who = pick(by);
        drive(who, abi.encodeCall(migration.open, (r, NONCE)), good && who == owner && phaseIs(NONE));
    }

    function tryFreeze(uint256 by) public {
        address who = pick(by);
        bool may = phaseIs(OPEN) && who == operator && block.timestamp < migration.deadline();
        drive(who, abi.encodeCall(migration.freeze, ()), may && !recordedOwnerHasControl);
        if (!may || recordedOwnerHasControl) return;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            for (uint256 i = 0; i < holders.length; ++i) {
                frozenModel[lane][holders[i]] = model[lane][holders[i]];
            }
        }
    }

    function tryDeclare(uint256 by, uint256 lane) public {
        lane %= LANES + 1;
        address who = pick(by);
        bool may = phaseIs(FROZEN) && who == operator && lane == 1 && migration.lane(1).declaredBatches == 0;
        bytes32 head;
        if (may) {
            bytes32 id = migration.id();
            bytes memory data = list(1, 0);
            IMigration.Batch memory b = IMigration.Batch(uint64(data.length / 32), supply, keccak256(data));
            head = Heads.next(Heads.first(id, 1, migration.lane(1).generation), id, 1, 0, b);
        }
        uint64 count = uint64(list(1, 0).length / 32);
        drive(who, abi.encodeCall(migration.declare, (lane, 1, count, supply, head)), may);
    }

    /// @dev `bend` 0: the whole list. Else one that lacks a holder.
    function tryStage(uint256 by, uint256 lane, uint32 index, uint256 bend) public {
        lane %= LANES + 1;
        address who = pick(by);
        bytes memory data = list(lane, bend % 4);
        drive(who, abi.encodeCall(migration.stage, (lane, index, data)), who == operator && mayStage(lane, index));
    }

    function tryStageProven(uint256 by, uint256 lane, uint32 index, uint256 bend) external {
        lane %= LANES + 1;
        bend %= 4;
        bytes memory data = list(lane, bend);
        bytes memory call_ = abi.encodeCall(migration.stageProven, (lane, index, data, new IMigration.Batch[](0)));
        drive(pick(by), call_, lane == 1 && mayStage(lane, index) && keccak256(data) == keccak256(list(1, 0)));
    }

    /// @dev Every list ends with the last holder, so that a second batch is never ascending.
    function mayStage(uint256 lane, uint32 index) internal view returns (bool) {
        if (!phaseIs(FROZEN) || lane == 0 || lane >= LANES) return false;
        IMigration.LaneState memory state = migration.lane(lane);
        return index == 0 && state.cursor == 0 && (lane == 2 || state.declaredBatches != 0);
    }

    /// @dev The holders with a balance, without the `bend`-th, in the lane's format. The last never moves
    /// all of its balance, and is never left out.
    function list(uint256 lane, uint256 bend) internal view returns (bytes memory data) {
        if (lane >= LANES) lane = 1;
        for (uint256 i = 0; i < holders.length; ++i) {
            if (bend != 0 && i + 1 == bend) continue;
            uint256 amount = model[lane][holders[i]];
            if (amount != 0) data = bytes.concat(data, entry(sources[lane], holders[i], amount));
        }
    }

    function tryRestart(uint256 by, uint256 lane) external {
        lane %= LANES + 1;
        address who = pick(by);
        bool may = phaseIs(FROZEN) && who == operator && (lane == 1 || lane == 2);
        drive(who, abi.encodeCall(migration.restart, (lane)), may);
    }

    function trySeal(uint256 by) public {
        bool may = phaseIs(FROZEN) && block.timestamp < migration.deadline();
        for (uint256 lane = 1; may && lane < LANES; ++lane) {
            may = migration.lane(lane).cursor == 1 && migration.lane(lane).sum == frozenSupply;
            if (lane == 1) may = may && migration.lane(1).head == migration.lane(1).declaredHead;
        }
        drive(pick(by), abi.encodeCall(migration.seal, ()), may);
    }

    function tryCommit(uint256 by, bool seen) public {
        address who = pick(by);
        bytes32 head = seen ? migration.sealedHead() : bytes32("another");
        bool may = phaseIs(SEALED) && seen && who == owner && block.timestamp < migration.deadline();
        drive(who, abi.encodeCall(migration.commit, (head)), may);
    }

    function tryAbort(uint256 by, uint256 rarely) external {
        if (rarely % 6 != 0) return;
        address who = pick(by);
        bool open_ = phaseIs(OPEN) || phaseIs(FROZEN) || phaseIs(SEALED);
        bool may = open_ && (who == owner || who == guardian || block.timestamp >= migration.deadline());
        drive(who, abi.encodeCall(migration.abort, ()), may);
        if (may) recordedOwnerHasControl = true;
    }

    /// @dev release, retire and reclaim of any guard by anybody.
    function tail(uint256 by, uint256 what) public {
        address who = pick(by);
        uint256 lane = (what / 3) % LANES;
        bool ok;
        if (what % 3 == 0) {
            vm.prank(who);
            (ok,) = address(guards[lane]).call(abi.encodeCall(guards[lane].release, ()));
            vm.assertTrue(ok == phaseIs(ABORTED), "release only after ABORTED");
        } else if (what % 3 == 1) {
            vm.prank(who);
            (ok,) = address(guards[lane]).call(abi.encodeCall(guards[lane].retire, ()));
            vm.assertTrue(ok == phaseIs(COMMITTED), "retire only after COMMITTED");
        } else {
            if (what % 5 != 0) who = stranger;
            vm.prank(who);
            (ok,) = address(guards[lane]).call(abi.encodeCall(guards[lane].reclaim, ()));
            vm.assertTrue(ok == (phaseIs(NONE) && who == legacyOwner), "reclaim only in NONE");
            if (ok) recordedOwnerHasControl = true;
        }
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + time % 4 hours);
        vm.roll(block.number + 1);
    }

    // ------------------------------------------------------------------ holders

    function transferLegacy(uint256 lane, uint256 from, uint256 to, uint256 value) external {
        lane %= LANES;
        (address a, address b) = (holders[from % holders.length], holders[to % holders.length]);
        value = bounded(lane, a, value);
        bool frozen_ = phaseIs(FROZEN) || phaseIs(SEALED) || phaseIs(COMMITTED);
        vm.prank(a);
        (bool ok,) = address(legacies[lane]).call(abi.encodeCall(legacies[lane].transfer, (b, value)));
        vm.assertTrue(ok == !frozen_, "legacy moves unless frozen");
        if (ok) move(lane, a, b, value);
    }

    function transferSuccessor(uint256 lane, uint256 from, uint256 to, uint256 value) external {
        lane %= LANES;
        (address a, address b) = (holders[from % holders.length], holders[to % holders.length]);
        value = bounded(lane, a, value);
        vm.prank(a);
        (bool ok,) = address(ledgers[lane]).call(abi.encodeCall(ledgers[lane].transfer, (b, value)));
        vm.assertTrue(ok == phaseIs(COMMITTED), "the successor moves only after COMMITTED");
        if (ok) move(lane, a, b, value);
    }

    function approveSuccessor(uint256 lane, uint256 from, uint256 to) external {
        lane %= LANES;
        address spender = holders[to % holders.length];
        vm.prank(holders[from % holders.length]);
        (bool ok,) = address(ledgers[lane]).call(abi.encodeCall(ledgers[lane].approve, (spender, 1)));
        vm.assertTrue(ok == phaseIs(COMMITTED), "approved only after COMMITTED");
    }

    function materialize(uint256 lane, uint256 who) external {
        lane %= LANES;
        address[] memory account = one(holders[who % holders.length]);
        (bool ok,) = address(ledgers[lane]).call(abi.encodeCall(ledgers[lane].materialize, (account)));
        vm.assertTrue(ok == phaseIs(COMMITTED), "materialized only after COMMITTED");
    }

    function bounded(uint256 lane, address from, uint256 value) internal view returns (uint256) {
        uint256 balance = model[lane][from];
        if (from == holders[holders.length - 1]) return balance == 0 ? 0 : value % balance;
        return value % (balance + 1);
    }

    function move(uint256 lane, address from, address to, uint256 value) internal {
        model[lane][from] -= value;
        model[lane][to] += value;
    }

    // ------------------------------------------------------------------ what must hold

    function checkExclusive() external view {
        for (uint256 lane = 0; lane < LANES; ++lane) {
            SuccessorERC20 next = ledgers[lane];
            bool successorLive = next.totalSupply() != 0;
            for (uint256 i = 0; i < holders.length; ++i) {
                successorLive = successorLive || next.balanceOf(holders[i]) != 0 || next.materialized(holders[i]);
            }
            vm.assertFalse(!legacies[lane].paused() && successorLive, "I1: never both live");
            vm.assertTrue(successorLive == phaseIs(COMMITTED), "I1: live by the decision alone");
        }
    }

    function checkCustody() external view {
        bool committed = phaseIs(COMMITTED);
        for (uint256 lane = 0; lane < LANES; ++lane) {
            (uint256 here, uint256 there) = (0, 0);
            for (uint256 i = 0; i < holders.length; ++i) {
                here += legacies[lane].balanceOf(holders[i]);
                there += ledgers[lane].balanceOf(holders[i]);
            }
            check(here, supply, "I2: legacy keeps its record");
            check(there, committed ? supply : 0, "I2: the successor has all or nothing");
            if (committed) vm.assertTrue(legacies[lane].paused(), "I2: and legacy cannot pay it out again");
        }
    }

    function checkConservation() external view {
        bool committed = phaseIs(COMMITTED);
        for (uint256 lane = 0; lane < LANES; ++lane) {
            if (committed) check(ledgers[lane].totalSupply(), supply, "I3: supply");
            for (uint256 i = 0; i < holders.length; ++i) {
                address a = holders[i];
                if (committed) {
                    check(ledgers[lane].balanceOf(a), model[lane][a], "I3: account");
                    check(legacies[lane].balanceOf(a), frozenModel[lane][a], "I3: the frozen account");
                } else {
                    check(legacies[lane].balanceOf(a), model[lane][a], "I3: legacy account");
                }
            }
        }
    }

    function checkInert() external view {
        if (phaseIs(COMMITTED)) return;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            SuccessorERC20 next = ledgers[lane];
            check(next.totalSupply(), 0, "I4: supply");
            for (uint256 i = 0; i < holders.length; ++i) {
                check(next.balanceOf(holders[i]), 0, "I4: balance");
                vm.assertFalse(next.materialized(holders[i]), "I4: materialized");
                for (uint256 j = 0; j < holders.length; ++j) {
                    check(next.allowance(holders[i], holders[j]), 0, "I4: allowance");
                }
            }
        }
    }

    /// @dev Leaves the state as a stranger would: after the deadline, in one transaction.
    function checkRecoverable() external {
        if (phaseIs(NONE)) {
            for (uint256 lane = 0; lane < LANES; ++lane) {
                vm.prank(legacyOwner);
                guards[lane].reclaim();
            }
        } else if (!phaseIs(COMMITTED) && !phaseIs(ABORTED)) {
            if (block.timestamp < migration.deadline()) vm.warp(migration.deadline());
            vm.prank(stranger);
            migration.abort();
            checkPhase(ABORTED);
        }
        if (phaseIs(COMMITTED)) return;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            vm.assertFalse(legacies[lane].paused(), "I6: thawed");
            vm.assertEq(legacies[lane].owner(), legacyOwner, "I6: control is back");
        }
    }

    /// @dev From a terminal phase every verb by everybody is refused.
    function checkFinal() external {
        if (ended == NONE) return;
        checkPhase(ended);
        bytes[7] memory verbs = [
            abi.encodeCall(migration.open, (rules(), NONCE)),
            abi.encodeCall(migration.freeze, ()),
            abi.encodeCall(migration.stage, (1, 0, list(1, 0))),
            abi.encodeCall(migration.restart, (1)),
            abi.encodeCall(migration.seal, ()),
            abi.encodeCall(migration.commit, (migration.sealedHead())),
            abi.encodeCall(migration.abort, ())
        ];
        for (uint256 late = 0; late < 2; ++late) {
            for (uint256 i = 0; i < actors.length; ++i) {
                for (uint256 j = 0; j < verbs.length; ++j) {
                    vm.prank(actors[i]);
                    (bool ok,) = address(migration).call(verbs[j]);
                    vm.assertFalse(ok, "I7: no path leaves a terminal phase");
                }
            }
            vm.warp(DEADLINE + 1);
        }
        checkPhase(ended);
    }
}
