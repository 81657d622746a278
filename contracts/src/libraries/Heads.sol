// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "../interfaces/IMigration.sol";

/// @notice The commitments of a migration: its id, the head of each lane, the sealed head.
/// @dev Every hash is keccak256 over `abi.encode`, that is over 32-byte words. The Rust manifest
/// computes the same from test/vectors/heads.json.
library Heads {
    /// @notice What names one migration in every hash and event.
    function id(uint256 chainId, address migration, bytes32 rulesHash, bytes32 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, migration, rulesHash, nonce));
    }

    /// @notice The head of a lane before the first batch of a generation.
    function first(bytes32 id_, uint256 lane, uint256 generation) internal pure returns (bytes32) {
        return keccak256(abi.encode(id_, lane, generation));
    }

    /// @notice The head after batch `index`.
    function next(bytes32 head, bytes32 id_, uint256 lane, uint256 index, IMigration.Batch memory batch)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(head, id_, lane, index, batch.count, batch.sum, batch.dataHash));
    }

    /// @notice The seed of the sealed head.
    function seal(bytes32 id_, uint256 frozenBlock) internal pure returns (bytes32) {
        return keccak256(abi.encode(id_, frozenBlock));
    }

    /// @notice The sealed head with one more lane in it, lanes in order.
    function sealLane(
        bytes32 sealed_,
        uint256 lane,
        uint256 generation,
        uint256 count,
        uint256 sum,
        bytes32 head,
        uint256 supply,
        bytes32 legacyCodeHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(sealed_, lane, generation, count, sum, head, supply, legacyCodeHash));
    }

    /// @notice `folded` with what the next lane's guard attests.
    function attest(bytes32 folded, uint256 supply, bytes32 codeHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(folded, supply, codeHash));
    }
}
