// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Vm} from "test/mocks/Test.sol";
import {World} from "./World.sol";

/// @notice Drives every verb, as anybody, at any time. For each call it says beforehand whether the call
/// may succeed, from the rules in DESIGN and not from the contract, and it fails where they differ.
contract Handler is World {
    constructor(bool preauthorised_) World(preauthorised_) {}

    // ------------------------------------------------------------------ driving

    function pick(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
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
        for (uint256 lane = 0; lane < LANES; ++lane) {
            if (!isStaged(lane)) continue;
            IMigration.LaneState memory state = migration.lane(lane);
            if (isDeclared(lane) && state.declaredBatches == 0) return tryDeclare(1, lane);
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
        bool may = phaseIs(FROZEN) && who == operator && lane < LANES && isDeclared(lane);
        may = may && migration.lane(lane).declaredBatches == 0;
        bytes memory data = list(lane, 0);
        uint64 count = uint64(data.length / (lane == WIDE ? 64 : 32));
        bytes32 head;
        if (may) {
            bytes32 id = migration.id();
            IMigration.Batch memory b = IMigration.Batch(count, supply, keccak256(data));
            head = Heads.next(Heads.first(id, lane, migration.lane(lane).generation), id, lane, 0, b);
        }
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
        bool may = mayStage(lane, index) && isDeclared(lane) && keccak256(data) == keccak256(list(lane, 0));
        drive(pick(by), call_, may);
    }

    /// @dev Every list ends with the last holder, so that a second batch is never ascending.
    function mayStage(uint256 lane, uint32 index) internal view returns (bool) {
        if (!phaseIs(FROZEN) || lane >= LANES || !isStaged(lane)) return false;
        IMigration.LaneState memory state = migration.lane(lane);
        return index == 0 && state.cursor == 0 && (!isDeclared(lane) || state.declaredBatches != 0);
    }

    /// @dev The holders with a balance, without the `bend`-th, in the lane's format. The last never moves
    /// all of its balance, and is never left out.
    function list(uint256 lane, uint256 bend) internal view override returns (bytes memory data) {
        if (lane >= LANES) lane = PACKED;
        for (uint256 i = 0; i < holders.length; ++i) {
            if (bend != 0 && i + 1 == bend) continue;
            uint256 amount = model[lane][holders[i]];
            if (amount != 0) data = bytes.concat(data, entry(sources[lane], holders[i], amount));
        }
    }

    function tryRestart(uint256 by, uint256 lane) external {
        lane %= LANES + 1;
        address who = pick(by);
        bool may = phaseIs(FROZEN) && who == operator && lane < LANES && isStaged(lane);
        drive(who, abi.encodeCall(migration.restart, (lane)), may);
    }

    function trySeal(uint256 by) public {
        bool may = phaseIs(FROZEN) && block.timestamp < migration.deadline();
        for (uint256 lane = 0; may && lane < LANES; ++lane) {
            if (!isStaged(lane)) continue;
            IMigration.LaneState memory state = migration.lane(lane);
            may = state.cursor == 1 && state.sum == supply;
            if (isDeclared(lane)) may = may && state.head == state.declaredHead;
        }
        drive(pick(by), abi.encodeCall(migration.seal, ()), may);
    }

    function tryCommit(uint256 by, bool seen) public {
        address who = pick(by);
        bytes32 head = seen ? migration.sealedHead() : bytes32("another");
        bool may = phaseIs(SEALED) && seen && (who == owner || preauthorised);
        may = may && block.timestamp < migration.deadline();
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

    /// @dev The same of a guard that the rules do not name: what it was given comes back at either end.
    function tailUnnamed(uint256 by, bool give) external {
        address who = pick(by);
        vm.prank(who);
        (bool ok,) = address(unnamed).call(abi.encodeCall(unnamed.retire, ()));
        vm.assertFalse(ok, "nobody retires what was not frozen");
        vm.prank(who);
        (ok,) = address(unnamed).call(abi.encodeCall(unnamed.release, ()));
        vm.assertTrue(ok == (phaseIs(ABORTED) || phaseIs(COMMITTED)), "released at either end");
        if (ok) vm.assertEq(outside.owner(), legacyOwner, "control is back");
        if (!give || outside.owner() != legacyOwner) return;
        vm.prank(legacyOwner);
        outside.transferOwnership(address(unnamed));
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

    /// @dev From a holder or a stranger, to anybody: to the contracts of the migration as well.
    function transferSuccessor(uint256 lane, uint256 from, uint256 to, uint256 value) external {
        lane %= LANES;
        address[] memory all = everybody(lane);
        (address a, address b) = (all[from % (holders.length + 1)], all[to % all.length]);
        value = bounded(lane, a, value);
        vm.prank(a);
        (bool ok,) = address(ledgers[lane]).call(abi.encodeCall(ledgers[lane].transfer, (b, value)));
        vm.assertTrue(ok == phaseIs(COMMITTED), "the successor moves only after COMMITTED");
        if (ok) move(lane, a, b, value);
    }

    function approveSuccessor(uint256 lane, uint256 from, uint256 to) external {
        lane %= LANES;
        address spender = holders[to % SPENDERS];
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
}
