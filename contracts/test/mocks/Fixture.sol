// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Migration} from "src/Migration.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {ReadThroughERC20} from "src/ledgers/ReadThroughERC20.sol";
import {StagedERC20} from "src/ledgers/StagedERC20.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Test} from "./Test.sol";

/// @notice A migration with lanes of LegacyToken, and one step of the workflow a function.
abstract contract Fixture is Test {
    IMigration.Phase internal constant NONE = IMigration.Phase.NONE;
    IMigration.Phase internal constant OPEN = IMigration.Phase.OPEN;
    IMigration.Phase internal constant FROZEN = IMigration.Phase.FROZEN;
    IMigration.Phase internal constant SEALED = IMigration.Phase.SEALED;
    IMigration.Phase internal constant COMMITTED = IMigration.Phase.COMMITTED;
    IMigration.Phase internal constant ABORTED = IMigration.Phase.ABORTED;

    IMigration.Source internal constant READ_THROUGH = IMigration.Source.READ_THROUGH;
    IMigration.Source internal constant CHAIN_READ = IMigration.Source.CHAIN_READ;
    IMigration.Source internal constant DECLARED = IMigration.Source.DECLARED;
    IMigration.Source internal constant DECLARED_WIDE = IMigration.Source.DECLARED_WIDE;

    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant DEADLINE = START + 7 days;
    uint64 internal constant MAX_FREEZE = 1 days;
    bytes32 internal constant NONCE = "nonce";

    address internal owner = actor("owner");
    address internal operator = actor("operator");
    address internal guardian = actor("guardian");
    address internal stranger = actor("stranger");
    address internal legacyOwner = actor("legacy owner");

    Migration internal migration;
    LegacyToken[] internal legacies;
    PausableGuard[] internal guards;
    SuccessorERC20[] internal ledgers;
    IMigration.Source[] internal sources;
    bool internal preauthorised;

    /// @dev Sorted; amounts[i] belongs to holders[i], in every lane.
    address[] internal holders;
    uint256[] internal amounts;
    uint256 internal supply;

    constructor() {
        vm.warp(START);
        vm.roll(100);
        for (uint160 i = 0; i < 7; ++i) {
            holders.push(address(0x1000 + i * 0x1111));
            amounts.push(uint256(i + 1) * 1e18 + i);
            supply += amounts[i];
        }
        migration = new Migration(owner);
    }

    // ------------------------------------------------------------------ lanes

    function addLane(IMigration.Source source) internal returns (uint256 lane) {
        LegacyToken legacy = new LegacyToken("Legacy", "LEG", legacyOwner);
        vm.prank(legacyOwner);
        legacy.mintBatch(holders, amounts);
        lane = addLane(legacy, source);
        address guard = address(guards[lane]);
        vm.prank(legacyOwner);
        legacy.transferOwnership(guard);
    }

    function addLane(LegacyToken legacy, IMigration.Source source) internal returns (uint256 lane) {
        lane = legacies.length;
        legacies.push(legacy);
        guards.push(new PausableGuard(address(migration), address(legacy), legacyOwner, 0));
        ledgers.push(deployLedger(address(legacy), lane, source));
        sources.push(source);
    }

    function deployLedger(address legacy, uint256 lane, IMigration.Source source) internal returns (SuccessorERC20) {
        if (source == READ_THROUGH) return new ReadThroughERC20("Next", "NXT", 18, migration, legacy, lane);
        return new StagedERC20("Next", "NXT", 18, migration, legacy, lane, source);
    }

    function rules() internal view returns (IMigration.Rules memory r) {
        r.deadline = DEADLINE;
        r.maxFreezeSecs = MAX_FREEZE;
        r.operator = operator;
        r.guardian = guardian;
        r.preauthorised = preauthorised;
        r.lanes = new IMigration.LaneRules[](legacies.length);
        for (uint256 i = 0; i < legacies.length; ++i) {
            r.lanes[i] = IMigration.LaneRules({
                legacy: address(legacies[i]),
                source: sources[i],
                guard: IGuard(address(guards[i])),
                ledger: ILedger(address(ledgers[i])),
                legacyCodeHash: address(legacies[i]).codehash,
                guardCodeHash: address(guards[i]).codehash,
                ledgerCodeHash: address(ledgers[i]).codehash
            });
        }
    }

    // ------------------------------------------------------------------ the workflow

    function open() internal {
        IMigration.Rules memory r = rules();
        vm.prank(owner);
        migration.open(r, NONCE);
    }

    function freeze() internal {
        vm.prank(operator);
        migration.freeze();
    }

    function declare(uint256 lane) internal {
        (uint32 batches, uint64 count, uint256 sum, bytes32 head) = declaration(lane);
        vm.prank(operator);
        migration.declare(lane, batches, count, sum, head);
    }

    function stage(uint256 lane, uint32 index, bytes memory data) internal {
        vm.prank(operator);
        migration.stage(lane, index, data);
    }

    /// @dev Declares where that is due, and stages everything in two batches.
    function stageAll(uint256 lane) internal {
        if (sources[lane] == READ_THROUGH) return;
        if (isDeclared(lane)) declare(lane);
        stage(lane, 0, firstBatch(lane));
        stage(lane, 1, secondBatch(lane));
    }

    function seal() internal {
        vm.prank(stranger);
        migration.seal();
    }

    function commit() internal {
        bytes32 head = migration.sealedHead();
        vm.prank(owner);
        migration.commit(head);
    }

    function abort(address by) internal {
        vm.prank(by);
        migration.abort();
    }

    /// @dev From NONE, the straight way.
    function goTo(IMigration.Phase phase) internal {
        if (phase == NONE) return;
        open();
        if (phase == ABORTED) return abort(owner);
        if (phase == OPEN) return;
        freeze();
        if (phase == FROZEN) return;
        for (uint256 i = 0; i < legacies.length; ++i) {
            stageAll(i);
        }
        seal();
        if (phase == SEALED) return;
        commit();
    }

    // ------------------------------------------------------------------ data

    function isDeclared(uint256 lane) internal view returns (bool) {
        return sources[lane] == DECLARED || sources[lane] == DECLARED_WIDE;
    }

    function entry(IMigration.Source source, address account, uint256 amount) internal pure returns (bytes memory) {
        if (source == CHAIN_READ) return abi.encodePacked(account);
        if (source == DECLARED) return abi.encodePacked(account, uint96(amount));
        return abi.encode(account, amount);
    }

    /// @dev By halves: the memory of a concatenation one by one grows with the square.
    function batch(uint256 lane, uint256 from, uint256 to) internal view returns (bytes memory) {
        if (from == to) return "";
        if (from + 1 == to) return entry(sources[lane], holders[from], amounts[from]);
        uint256 middle = (from + to) / 2;
        return bytes.concat(batch(lane, from, middle), batch(lane, middle, to));
    }

    function firstBatch(uint256 lane) internal view returns (bytes memory) {
        return batch(lane, 0, 4);
    }

    function secondBatch(uint256 lane) internal view returns (bytes memory) {
        return batch(lane, 4, holders.length);
    }

    function commitment(uint256 lane, uint256 from, uint256 to) internal view returns (IMigration.Batch memory b) {
        b.count = uint64(to - from);
        for (uint256 i = from; i < to; ++i) {
            b.sum += amounts[i];
        }
        b.dataHash = keccak256(batch(lane, from, to));
    }

    function declaration(uint256 lane) internal view returns (uint32 batches, uint64 count, uint256 sum, bytes32 head) {
        bytes32 id = migration.id();
        head = Heads.first(id, lane, migration.lane(lane).generation);
        head = Heads.next(head, id, lane, 0, commitment(lane, 0, 4));
        head = Heads.next(head, id, lane, 1, commitment(lane, 4, holders.length));
        return (2, uint64(holders.length), supply, head);
    }

    function checkPhase(IMigration.Phase wanted) internal view {
        check(uint256(migration.phase()), uint256(wanted), "phase");
    }

    function wrongPhase(IMigration.Phase found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMigration.WrongPhase.selector, found);
    }

    /// @dev Legacy is as it was: every balance, transfers work, control is back.
    function checkLegacyRestored(uint256 lane) internal {
        LegacyToken legacy = legacies[lane];
        vm.assertEq(legacy.owner(), legacyOwner, "control is back");
        vm.assertFalse(legacy.paused(), "not paused");
        for (uint256 i = 0; i < holders.length; ++i) {
            check(legacy.balanceOf(holders[i]), amounts[i], "legacy balance");
        }
        vm.prank(holders[0]);
        legacy.transfer(stranger, 1);
        check(legacy.balanceOf(stranger), 1, "legacy transfers");
    }

    function one(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
