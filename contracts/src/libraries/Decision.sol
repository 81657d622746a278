// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "../interfaces/IMigration.sol";

/// @notice The decision word: the one storage slot whose value is the phase of the whole migration.
/// @dev From the low end: phase (8 bits), effective deadline (64, unix seconds), block of the freeze
/// (64), number of lanes (8), pre-authorised (1). One word, so that a transition is one SSTORE.
type Decision is uint256;

using {phase, deadline, frozenBlock, lanes, preauthorised, withPhase} for Decision global;

/// @notice The word of a migration that has just been opened.
function opened(uint64 deadline_, uint256 lanes_, bool preauthorised_) pure returns (Decision) {
    uint256 flag = preauthorised_ ? 1 : 0;
    return Decision.wrap(uint256(IMigration.Phase.OPEN) | (uint256(deadline_) << 8) | (lanes_ << 136) | (flag << 144));
}

/// @notice The same migration, frozen at a block, with its effective deadline.
function frozen(Decision word, uint64 deadline_, uint64 block_) pure returns (Decision) {
    return Decision.wrap(
        uint256(IMigration.Phase.FROZEN) | (uint256(deadline_) << 8) | (uint256(block_) << 72)
            | (Decision.unwrap(word) >> 136 << 136)
    );
}

function phase(Decision word) pure returns (IMigration.Phase) {
    return IMigration.Phase(uint8(Decision.unwrap(word)));
}

function deadline(Decision word) pure returns (uint64) {
    return uint64(Decision.unwrap(word) >> 8);
}

function frozenBlock(Decision word) pure returns (uint64) {
    return uint64(Decision.unwrap(word) >> 72);
}

function lanes(Decision word) pure returns (uint256) {
    return uint8(Decision.unwrap(word) >> 136);
}

function preauthorised(Decision word) pure returns (bool) {
    return (Decision.unwrap(word) >> 144) & 1 != 0;
}

function withPhase(Decision word, IMigration.Phase phase_) pure returns (Decision) {
    return Decision.wrap((Decision.unwrap(word) >> 8 << 8) | uint256(phase_));
}
