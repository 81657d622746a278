// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "./IGuard.sol";
import {ILedger} from "./ILedger.sol";

/// @title One migration of one or more legacy assets to their successors
/// @notice Everything that can fail happens before the decision and has no effect for users; the
/// decision is one storage write; everything after it can be retried by anyone.
/// @dev Assumes: a legacy contract whose pause is in force has no path, for anybody, that changes a
/// balance or the total supply. The guard shows that control is exclusive and tries two transfers, it
/// cannot read code. A supply that changes while frozen (an ungated burn, by any holder) stops seal and
/// commit, and so the migration.
/// @dev Assumes, of a READ_THROUGH lane: the balances of legacy add up to its supply. Nothing is staged,
/// so nothing on chain adds them up; `sealift` does, over the list of holders at the frozen block. The
/// sum is proven on chain in the lanes that are staged.
interface IMigration {
    /// @notice The phase of the whole migration. COMMITTED and ABORTED are final.
    enum Phase {
        NONE,
        OPEN,
        FROZEN,
        SEALED,
        COMMITTED,
        ABORTED
    }

    /// @notice Where a lane's amounts come from.
    /// READ_THROUGH: nothing is staged, the successor reads the frozen legacy contract on first touch.
    /// CHAIN_READ: accounts are staged, 20 bytes each, and the ledger reads `legacy.balanceOf`.
    /// DECLARED: entries are uploaded, 32 bytes each, `address20 | uint96`.
    /// DECLARED_WIDE: entries are uploaded, 64 bytes each, `address left-padded to 32 | uint256`.
    enum Source {
        READ_THROUGH,
        CHAIN_READ,
        DECLARED,
        DECLARED_WIDE
    }

    /// @notice What is fixed about one lane before anything moves.
    struct LaneRules {
        address legacy;
        Source source;
        IGuard guard;
        ILedger ledger;
        bytes32 legacyCodeHash;
        bytes32 guardCodeHash;
        bytes32 ledgerCodeHash;
    }

    /// @notice What is fixed before anything moves. Times are unix seconds and seconds; `maxFreezeSecs` is
    /// at most 30 days. `deadline` may be any time to come: legacy is live until the freeze.
    struct Rules {
        uint64 deadline;
        uint64 maxFreezeSecs;
        address operator;
        address guardian;
        bool preauthorised;
        LaneRules[] lanes;
    }

    /// @notice What has been staged in a lane, and what was declared for it.
    struct LaneState {
        uint32 generation;
        uint32 cursor;
        uint64 count;
        uint256 sum;
        bytes32 head;
        uint256 floor; // the smallest account (as a number) that the next batch may begin with
        uint256 supply; // recorded by freeze()
        uint32 declaredBatches; // zero: nothing is declared in this generation
        uint64 declaredCount;
        uint256 declaredSum;
        bytes32 declaredHead;
    }

    /// @notice The commitment to one batch, as it enters the head.
    struct Batch {
        uint64 count;
        uint256 sum;
        bytes32 dataHash;
    }

    /// @notice The rules are fixed. `rulesHash` is keccak256(abi.encode(rules)).
    event Opened(bytes32 indexed id, bytes32 rulesHash, bytes32 nonce);
    /// @notice Every legacy contract is paused; `deadline` is the effective one.
    event Frozen(bytes32 indexed id, uint256 blockNumber, uint256 deadline);
    /// @notice A lane's legacy supply, which what is staged must add up to.
    event LaneFrozen(bytes32 indexed id, uint256 indexed lane, uint256 supply);
    /// @notice What will be staged in this generation of a lane.
    event Declared(
        bytes32 indexed id,
        uint256 indexed lane,
        uint256 generation,
        uint256 batches,
        uint256 count,
        uint256 sum,
        bytes32 head
    );
    /// @notice Batch `index` is staged; `count` and `sum` are the batch's, `head` is after it.
    event Staged(
        bytes32 indexed id,
        uint256 indexed lane,
        uint256 generation,
        uint256 index,
        uint256 count,
        uint256 sum,
        bytes32 head
    );
    /// @notice A lane is empty again, in a new generation.
    event Restarted(bytes32 indexed id, uint256 indexed lane, uint256 generation);
    /// @notice All lanes are complete; `head` is what the owner commits to.
    event Sealed(bytes32 indexed id, bytes32 head);
    /// @notice The decision: the successors are live.
    event Committed(bytes32 indexed id, bytes32 head);
    /// @notice The decision: the legacy contracts are live.
    event Aborted(bytes32 indexed id, address indexed by);
    /// @notice A guard could not be released by abort(); anyone may call `guard.release()` again.
    event ReleaseDeferred(bytes32 indexed id, uint256 indexed lane);

    error NotOwner(address caller);
    error NotOperator(address caller);
    error NotAllowed(address caller); // commit, abort
    error WrongPhase(Phase phase);
    error DeadlinePassed(uint256 deadline);
    error BadRules(uint256 lane, bytes32 reason);
    error NoSuchLane(uint256 lane);
    error NotStaged(uint256 lane); // the lane's source does not take this call
    error CodeChanged(uint256 lane);
    error NotFrozen(uint256 lane);
    error SupplyChanged(uint256 lane, uint256 recorded, uint256 found);
    error WrongBatch(uint256 lane, uint256 index, uint256 cursor);
    error AlreadyDeclared(uint256 lane);
    error NotDeclared(uint256 lane);
    error NotAsDeclared(uint256 lane);
    error SupplyTooLarge(uint256 lane, uint256 supply); // 2^208 or more
    error SumIsNotSupply(uint256 lane, uint256 sum, uint256 supply);
    error WrongHead(bytes32 expected, bytes32 given);

    /// @notice NONE -> OPEN by the owner: fixes the rules for ever.
    function open(Rules calldata rules, bytes32 nonce) external;

    /// @notice OPEN -> FROZEN by the operator: every guard freezes its legacy contract.
    /// The deadline becomes the earlier of the rules' deadline and now + maxFreezeSecs.
    function freeze() external;

    /// @notice Fixes what will be staged in a declared lane, once a generation, by the operator.
    /// A lane whose legacy has no supply needs no declaration.
    function declare(uint256 lane, uint32 batches, uint64 count, uint256 sum, bytes32 head) external;

    /// @notice Stages batch `index` (== cursor) of a lane, by the operator.
    function stage(uint256 lane, uint32 index, bytes calldata data) external;

    /// @notice Stages batch `index` of a declared lane, by anyone: `rest` are the batches behind it,
    /// which together with it must lead from the lane's head to the declared head.
    function stageProven(uint256 lane, uint32 index, bytes calldata data, Batch[] calldata rest) external;

    /// @notice Throws away what is staged in a lane and begins a new generation, by the operator.
    function restart(uint256 lane) external;

    /// @notice FROZEN -> SEALED by anyone: what was staged is complete, lane by lane.
    function seal() external;

    /// @notice SEALED -> COMMITTED: the decision, one storage write. By the owner, who passes the
    /// sealed head that he has seen, or by anyone where the rules pre-authorise it.
    function commit(bytes32 head) external;

    /// @notice Any non-terminal phase but NONE -> ABORTED: by owner or guardian before the deadline,
    /// by anyone at or after it. Tries to release every guard, with an equal share of the gas for each.
    function abort() external;

    /// @notice Who opens and commits, and may abort.
    function owner() external view returns (address);
    /// @notice keccak256(abi.encode(chain id, this contract, rules hash, nonce)); zero before open().
    function id() external view returns (bytes32);
    /// @notice The decision. Anything may look at it at any time; COMMITTED and ABORTED never change.
    function phase() external view returns (Phase);
    /// @notice The effective deadline, unix seconds: of the rules, and earlier than that once frozen.
    function deadline() external view returns (uint256);
    /// @notice The block of the freeze; zero before it.
    function frozenBlock() external view returns (uint256);
    /// @notice What commit() takes; zero before seal().
    function sealedHead() external view returns (bytes32);
    /// @notice What `ledger` may act on: live is whether the migration has committed and its rules name
    /// it for this lane; only then the generation that was sealed and the frozen supply are not zero.
    function decided(uint256 lane, address ledger) external view returns (bool live, uint32 generation, uint256 supply);
    /// @notice How many lanes the rules have; zero before open().
    function laneCount() external view returns (uint256);
    /// @notice The rules of one lane.
    function laneRules(uint256 lane) external view returns (LaneRules memory);
    /// @notice What has been staged in one lane.
    function lane(uint256 lane) external view returns (LaneState memory);
    /// @notice Who freezes, declares and stages.
    function operator() external view returns (address);
    /// @notice Who besides the owner may abort before the deadline; may be nobody.
    function guardian() external view returns (address);
    /// @notice Whether anyone may commit what is sealed.
    function preauthorised() external view returns (bool);
}
