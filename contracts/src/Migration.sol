// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {IMigration} from "./interfaces/IMigration.sol";
import {Decision, frozen, opened} from "./libraries/Decision.sol";
import {Heads} from "./libraries/Heads.sol";

/// @title One migration of one or more legacy assets to their successors
/// @dev Calls: `open` makes STATICCALLs of fixed selectors to the addresses of its rules, and nothing
/// else; every later call goes to a guard or a ledger that the rules fixed, with a fixed selector.
/// @dev Warning: a frozen deadline is the earlier of two promises, and `maxFreezeSecs` is at most 30 days.
/// From then on one transaction of anybody thaws every legacy contract that lets itself be unpaused, even
/// when owner, operator and guardian have disappeared. In OPEN legacy is live, and the deadline may be far.
contract Migration is IMigration, ReentrancyGuardTransient {
    /// @dev What has been staged in a lane. The first three slots are what a batch writes.
    struct Lane {
        uint160 last; // the highest account staged so far, meaningful when cursor > 0
        uint32 cursor;
        uint64 count;
        // slot
        uint208 sum;
        uint32 generation;
        // slot
        bytes32 head;
        // slot
        uint208 supply;
        // slot
        uint32 declaredBatches;
        uint64 declaredCount;
        // slots
        uint256 declaredSum;
        bytes32 declaredHead;
    }

    /// @dev The limit on lanes: keeps each transition far below the transaction cap of 2^24 gas
    /// (EIP-7825). An abort that has the whole cap leaves more than 900,000 gas to every lane, whatever the
    /// legacy contracts of the other lanes burn.
    uint256 internal constant MAX_LANES = 16;
    /// @dev The limit on `maxFreezeSecs`: no rules can take holders' tokens away for longer.
    uint256 internal constant LONGEST_FREEZE_SECS = 30 days;
    /// @dev Supplies and amounts are below 2^208, so that a ledger word has room for a generation.
    uint256 internal constant SUPPLY_LIMIT = 1 << 208;
    /// @dev The `lane` of a {BadRules} that is not about one lane.
    uint256 internal constant NO_LANE = type(uint256).max;

    Decision internal _decision;
    /// @inheritdoc IMigration
    bytes32 public id;
    /// @inheritdoc IMigration
    bytes32 public sealedHead;
    /// @inheritdoc IMigration
    address public operator;
    uint64 internal _maxFreezeSecs;
    /// @inheritdoc IMigration
    address public guardian;
    mapping(uint256 lane => LaneRules) internal _rules;
    mapping(uint256 lane => Lane) internal _lanes;
    /// @dev The sealed head and what every guard attested at the seal, in one slot for commit to read.
    bytes32 internal _attested;

    /// @inheritdoc IMigration
    address public immutable owner;

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        _;
    }

    /// @param owner_ who opens, commits and may abort: an account, a Safe or a timelock.
    constructor(address owner_) {
        if (owner_ == address(0)) revert NotOwner(owner_);
        owner = owner_;
    }

    /// @inheritdoc IMigration
    function open(Rules calldata rules, bytes32 nonce) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _require(_decision, Phase.NONE);
        _checkRules(rules);

        bytes32 rulesHash = keccak256(abi.encode(rules));
        bytes32 id_ = Heads.id(block.chainid, address(this), rulesHash, nonce);
        id = id_;
        operator = rules.operator;
        guardian = rules.guardian;
        _maxFreezeSecs = rules.maxFreezeSecs;
        for (uint256 i = 0; i < rules.lanes.length; ++i) {
            _checkLane(rules, i);
            _rules[i] = rules.lanes[i];
        }
        _decision = opened(rules.deadline, rules.lanes.length, rules.preauthorised);
        emit Opened(id_, rulesHash, nonce);
    }

    /// @inheritdoc IMigration
    // Every transition is nonReentrant, and commit refuses the phase that is written first.
    // slither-disable-next-line reentrancy-no-eth
    function freeze() external onlyOperator nonReentrant {
        Decision word = _require(_decision, Phase.OPEN);
        _requireBefore(word);
        uint256 end = block.timestamp + _maxFreezeSecs;
        if (end > word.deadline()) end = word.deadline();
        // The phase is written before the guards call foreign code: nothing that a legacy contract
        // does in its pause can find the migration open, and no other transition can be lost.
        // forge-lint: disable-next-line(unsafe-typecast)
        word = frozen(word, uint64(end), uint64(block.number)); // end <= the old deadline, a uint64
        _decision = word;
        bytes32 id_ = id;
        emit Frozen(id_, block.number, end);

        for (uint256 i = 0; i < word.lanes(); ++i) {
            LaneRules storage rules = _rules[i];
            if (rules.legacy.codehash != rules.legacyCodeHash) revert CodeChanged(i);
            uint256 supply = rules.guard.freeze();
            if (supply >= SUPPLY_LIMIT) revert SupplyTooLarge(i, supply);
            Lane storage lane_ = _lanes[i];
            // forge-lint: disable-next-line(unsafe-typecast)
            lane_.supply = uint208(supply); // checked above
            if (rules.source != Source.READ_THROUGH) {
                lane_.generation = 1;
                lane_.head = Heads.first(id_, i, 1);
            }
            emit LaneFrozen(id_, i, supply);
        }
    }

    /// @inheritdoc IMigration
    function declare(uint256 lane_, uint32 batches, uint64 count, uint256 sum, bytes32 head)
        external
        onlyOperator
        nonReentrant
    {
        _requireLane(_require(_decision, Phase.FROZEN), lane_);
        if (!_isDeclared(_rules[lane_].source)) revert NotStaged(lane_);
        Lane storage state = _lanes[lane_];
        if (state.declaredBatches != 0) revert AlreadyDeclared(lane_);
        if (batches == 0) revert NotDeclared(lane_);
        state.declaredBatches = batches;
        state.declaredCount = count;
        state.declaredSum = sum;
        state.declaredHead = head;
        emit Declared(id, lane_, state.generation, batches, count, sum, head);
    }

    /// @inheritdoc IMigration
    function stage(uint256 lane_, uint32 index, bytes calldata data) external onlyOperator nonReentrant {
        _requireLane(_require(_decision, Phase.FROZEN), lane_);
        _stage(lane_, index, data);
    }

    /// @inheritdoc IMigration
    function stageProven(uint256 lane_, uint32 index, bytes calldata data, Batch[] calldata rest)
        external
        nonReentrant
    {
        _requireLane(_require(_decision, Phase.FROZEN), lane_);
        if (!_isDeclared(_rules[lane_].source)) revert NotStaged(lane_);
        _stage(lane_, index, data);

        Lane storage state = _lanes[lane_];
        (bytes32 head, uint256 count, uint256 sum) = _fold(lane_, state.head, state.cursor, rest);
        bool declared = head == state.declaredHead && state.cursor + rest.length == state.declaredBatches
            && state.count + count == state.declaredCount && state.sum + sum == state.declaredSum;
        if (!declared) revert NotAsDeclared(lane_);
    }

    /// @inheritdoc IMigration
    function restart(uint256 lane_) external onlyOperator nonReentrant {
        _requireLane(_require(_decision, Phase.FROZEN), lane_);
        if (_rules[lane_].source == Source.READ_THROUGH) revert NotStaged(lane_);
        Lane storage state = _lanes[lane_];
        uint32 generation = state.generation + 1;
        state.last = 0;
        state.cursor = 0;
        state.count = 0;
        state.sum = 0;
        state.generation = generation;
        state.head = Heads.first(id, lane_, generation);
        state.declaredBatches = 0;
        state.declaredCount = 0;
        state.declaredSum = 0;
        state.declaredHead = 0;
        emit Restarted(id, lane_, generation);
    }

    /// @inheritdoc IMigration
    function seal() external nonReentrant {
        Decision word = _require(_decision, Phase.FROZEN);
        _requireBefore(word);
        bytes32 id_ = id;
        bytes32 head = Heads.seal(id_, word.frozenBlock());
        for (uint256 i = 0; i < word.lanes(); ++i) {
            Lane storage state = _lanes[i];
            LaneRules storage rules = _rules[i];
            _requireComplete(i, rules.source, state);
            bytes32 codeHash = rules.legacyCodeHash;
            head = Heads.sealLane(head, i, state.generation, state.count, state.sum, state.head, state.supply, codeHash);
        }
        _requireUnchanged(word);
        _attested = _attest(word, head);
        sealedHead = head;
        _decision = word.withPhase(Phase.SEALED);
        emit Sealed(id_, head);
    }

    /// @inheritdoc IMigration
    /// @dev No call here can change state (`attest` is a STATICCALL), so the decision is this one SSTORE.
    function commit(bytes32 head) external {
        Decision word = _require(_decision, Phase.SEALED);
        if (msg.sender != owner && !word.preauthorised()) revert NotAllowed(msg.sender);
        _requireBefore(word);
        if (_attest(word, head) != _attested) {
            // Only now the slots are read that say what is different. Were nothing found to be, then
            // everything has been checked one by one.
            if (head != sealedHead) revert WrongHead(sealedHead, head);
            _requireUnchanged(word);
        }
        _decision = word.withPhase(Phase.COMMITTED);
        emit Committed(id, head);
    }

    /// @inheritdoc IMigration
    /// @dev Each lane gets an equal share of the gas that is left, so that a legacy contract which burns all
    /// of it takes its own lane's share and nothing else. What a lane does not use goes to those behind it.
    /// The caller chooses the gas: with little more than `lanes` times the dearest release none runs out. With
    /// less, one that does is reported as {ReleaseDeferred}, and with far less nothing happens at all. That
    /// is harmless: once the phase is final anyone can call `release` again, which is all or nothing.
    function abort() external nonReentrant {
        Decision word = _decision;
        Phase phase_ = word.phase();
        if (phase_ != Phase.OPEN && phase_ != Phase.FROZEN && phase_ != Phase.SEALED) revert WrongPhase(phase_);
        if (block.timestamp < word.deadline() && msg.sender != owner && msg.sender != guardian) {
            revert NotAllowed(msg.sender);
        }
        _decision = word.withPhase(Phase.ABORTED);
        bytes32 id_ = id;
        emit Aborted(id_, msg.sender);
        uint256 lanes = word.lanes();
        for (uint256 i = 0; i < lanes; ++i) {
            IGuard guard = _rules[i].guard;
            bool released = false;
            // A call of an address without code would revert here, not there.
            if (address(guard).code.length != 0) {
                try guard.release{gas: gasleft() / (lanes - i)}() {
                    released = true;
                } catch {}
            }
            if (!released) emit ReleaseDeferred(id_, i);
        }
    }

    /// @inheritdoc IMigration
    function phase() external view returns (Phase) {
        return _decision.phase();
    }

    /// @inheritdoc IMigration
    function deadline() external view returns (uint256) {
        return _decision.deadline();
    }

    /// @inheritdoc IMigration
    function frozenBlock() external view returns (uint256) {
        return _decision.frozenBlock();
    }

    /// @inheritdoc IMigration
    function laneCount() external view returns (uint256) {
        return _decision.lanes();
    }

    /// @inheritdoc IMigration
    function preauthorised() external view returns (bool) {
        return _decision.preauthorised();
    }

    /// @inheritdoc IMigration
    /// @dev Reads four slots, in the first touch of a successor.
    function decided(uint256 lane_, address ledger)
        external
        view
        returns (bool live, uint32 generation, uint256 supply)
    {
        Decision word = _decision;
        live = word.phase() == Phase.COMMITTED && lane_ < word.lanes() && address(_rules[lane_].ledger) == ledger;
        if (live) (generation, supply) = (_lanes[lane_].generation, _lanes[lane_].supply);
    }

    /// @inheritdoc IMigration
    function laneRules(uint256 lane_) external view returns (LaneRules memory) {
        _requireLane(_decision, lane_);
        return _rules[lane_];
    }

    /// @inheritdoc IMigration
    function lane(uint256 lane_) external view returns (LaneState memory) {
        _requireLane(_decision, lane_);
        Lane storage state = _lanes[lane_];
        return LaneState({
            generation: state.generation,
            cursor: state.cursor,
            count: state.count,
            sum: state.sum,
            head: state.head,
            floor: _floor(state),
            supply: state.supply,
            declaredBatches: state.declaredBatches,
            declaredCount: state.declaredCount,
            declaredSum: state.declaredSum,
            declaredHead: state.declaredHead
        });
    }

    /// @dev Stages one batch and advances the head. `index` must be the cursor: a batch that is sent
    /// twice, or out of order, has no effect.
    // Every transition is nonReentrant, and commit refuses every phase in which this can run.
    // slither-disable-next-line reentrancy-no-eth
    function _stage(uint256 lane_, uint32 index, bytes calldata data) internal {
        Source source = _rules[lane_].source;
        if (source == Source.READ_THROUGH) revert NotStaged(lane_);
        Lane storage state = _lanes[lane_];
        uint32 cursor = state.cursor;
        if (index != cursor) revert WrongBatch(lane_, index, cursor);
        if (_isDeclared(source) && state.declaredBatches == 0) revert NotDeclared(lane_);

        uint32 generation = state.generation;
        Batch memory batch = Batch({count: 0, sum: 0, dataHash: keccak256(data)});
        uint256 floor = 0;
        (batch.count, batch.sum, floor) = _rules[lane_].ledger.stage(generation, _floor(state), data);
        bytes32 head = Heads.next(state.head, id, lane_, index, batch);

        uint256 sum = state.sum + batch.sum;
        if (sum >= SUPPLY_LIMIT) revert SumIsNotSupply(lane_, sum, state.supply);
        // forge-lint: disable-next-line(unsafe-typecast)
        state.last = uint160(floor - 1); // the ledger's floor is an account + 1
        state.cursor = cursor + 1;
        state.count += batch.count;
        // forge-lint: disable-next-line(unsafe-typecast)
        state.sum = uint208(sum); // checked above
        state.head = head;
        emit Staged(id, lane_, generation, index, batch.count, batch.sum, head);
    }

    /// @dev Where the batches behind `head` lead, `index` being the first of them.
    function _fold(uint256 lane_, bytes32 head, uint256 index, Batch[] calldata rest)
        internal
        view
        returns (bytes32, uint256 count, uint256 sum)
    {
        bytes32 id_ = id;
        for (uint256 i = 0; i < rest.length; ++i) {
            Batch memory batch = rest[i];
            count += batch.count;
            sum += batch.sum;
            head = Heads.next(head, id_, lane_, index + i, batch);
        }
        return (head, count, sum);
    }

    /// @dev The smallest account that the next batch may begin with. The zero address is an account.
    function _floor(Lane storage state) internal view returns (uint256) {
        return state.cursor == 0 ? 0 : uint256(state.last) + 1;
    }

    /// @dev Every guard's attestation, folded into the head: equal at seal and at commit, or something
    /// has changed.
    function _attest(Decision word, bytes32 head) internal view returns (bytes32 folded) {
        folded = head;
        uint256 lanes = word.lanes();
        for (uint256 i = 0; i < lanes; ++i) {
            (bool isFrozen, uint256 supply, bytes32 codeHash) = _rules[i].guard.attest();
            if (!isFrozen) revert NotFrozen(i);
            folded = Heads.attest(folded, supply, codeHash);
        }
    }

    /// @dev Every guard attests what the rules and the freeze recorded.
    function _requireUnchanged(Decision word) internal view {
        for (uint256 i = 0; i < word.lanes(); ++i) {
            (bool isFrozen, uint256 supply, bytes32 codeHash) = _rules[i].guard.attest();
            if (!isFrozen) revert NotFrozen(i);
            if (codeHash != _rules[i].legacyCodeHash) revert CodeChanged(i);
            if (supply != _lanes[i].supply) revert SupplyChanged(i, _lanes[i].supply, supply);
        }
    }

    /// @dev With legacy frozen, strictly ascending accounts whose amounts sum to the supply prove that
    /// no holder is missing and none is double. A lane without supply has nothing to declare: an entry is
    /// never empty, so that no batch can be staged in it and sealed.
    function _requireComplete(uint256 lane_, Source source, Lane storage state) internal view {
        if (source == Source.READ_THROUGH) return;
        if (_isDeclared(source) && (state.supply != 0 || state.declaredBatches != 0)) {
            if (state.declaredBatches == 0) revert NotDeclared(lane_);
            bool declared = state.cursor == state.declaredBatches && state.count == state.declaredCount
                && state.sum == state.declaredSum && state.head == state.declaredHead;
            if (!declared) revert NotAsDeclared(lane_);
        }
        if (state.sum != state.supply) revert SumIsNotSupply(lane_, state.sum, state.supply);
    }

    function _checkRules(Rules calldata rules) internal view {
        if (rules.lanes.length == 0) revert BadRules(NO_LANE, "NO_LANES");
        if (rules.lanes.length > MAX_LANES) revert BadRules(NO_LANE, "TOO_MANY_LANES");
        if (rules.deadline <= block.timestamp) revert BadRules(NO_LANE, "DEADLINE");
        if (rules.maxFreezeSecs == 0 || rules.maxFreezeSecs > LONGEST_FREEZE_SECS) {
            revert BadRules(NO_LANE, "MAX_FREEZE");
        }
        if (rules.operator == address(0)) revert BadRules(NO_LANE, "OPERATOR");
    }

    function _checkLane(Rules calldata rules, uint256 i) internal view {
        LaneRules calldata lane_ = rules.lanes[i];
        address legacy = lane_.legacy;
        IGuard guard = lane_.guard;
        ILedger ledger = lane_.ledger;
        if (legacy.code.length == 0 || legacy.codehash != lane_.legacyCodeHash) revert BadRules(i, "LEGACY_CODE");
        if (address(guard).code.length == 0 || address(guard).codehash != lane_.guardCodeHash) {
            revert BadRules(i, "GUARD_CODE");
        }
        if (address(ledger).code.length == 0 || address(ledger).codehash != lane_.ledgerCodeHash) {
            revert BadRules(i, "LEDGER_CODE");
        }
        if (guard.migration() != address(this)) revert BadRules(i, "GUARD_MIGRATION");
        if (guard.legacy() != legacy) revert BadRules(i, "GUARD_LEGACY");
        if (ledger.migration() != address(this)) revert BadRules(i, "LEDGER_MIGRATION");
        if (ledger.legacy() != legacy) revert BadRules(i, "LEDGER_LEGACY");
        if (ledger.laneIndex() != i) revert BadRules(i, "LEDGER_LANE");
        if (ledger.source() != lane_.source) revert BadRules(i, "LEDGER_SOURCE");
        if (rules.preauthorised && _isDeclared(lane_.source)) revert BadRules(i, "PREAUTHORISED");
        for (uint256 j = 0; j < i; ++j) {
            LaneRules calldata other = rules.lanes[j];
            if (other.legacy == legacy) revert BadRules(i, "LEGACY_TWICE");
            if (address(other.guard) == address(guard)) revert BadRules(i, "GUARD_TWICE");
            if (address(other.ledger) == address(ledger)) revert BadRules(i, "LEDGER_TWICE");
        }
    }

    function _require(Decision word, Phase wanted) internal pure returns (Decision) {
        if (word.phase() != wanted) revert WrongPhase(word.phase());
        return word;
    }

    function _requireBefore(Decision word) internal view {
        if (block.timestamp >= word.deadline()) revert DeadlinePassed(word.deadline());
    }

    function _requireLane(Decision word, uint256 lane_) internal pure {
        if (lane_ >= word.lanes()) revert NoSuchLane(lane_);
    }

    function _isDeclared(Source source) internal pure returns (bool) {
        return source == Source.DECLARED || source == Source.DECLARED_WIDE;
    }
}
