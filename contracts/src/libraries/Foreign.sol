// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Calls to a contract that is not trusted to answer well.
library Foreign {
    /// @notice The first word of the answer to a view; `ok` is false for a revert or a short answer.
    /// @dev Copies 32 bytes at most, so that a huge answer costs the callee and not the caller. The
    /// compiler's own low-level call copies all of it.
    function ask(address target, bytes memory call_) internal view returns (bool ok, uint256 word) {
        assembly ("memory-safe") {
            ok := staticcall(gas(), target, add(call_, 32), mload(call_), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            if ok { word := mload(0) }
        }
    }

    /// @notice The same for a view without arguments. Saves about 90 gas a call, in every commit.
    function ask(address target, bytes4 selector) internal view returns (bool ok, uint256 word) {
        assembly ("memory-safe") {
            mstore(0, selector)
            ok := staticcall(gas(), target, 0, 4, 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            if ok { word := mload(0) }
        }
    }

    /// @notice Makes a call. Returns whether it did not revert, and did not answer with a zero word: an
    /// ERC-20 transfer answers true, or nothing at all.
    function grants(address target, bytes memory call_) internal returns (bool ok) {
        assembly ("memory-safe") {
            mstore(0, 1)
            ok := call(gas(), target, 0, add(call_, 32), mload(call_), 0, 32)
            ok := and(ok, iszero(iszero(mload(0))))
        }
    }

    /// @notice Makes a call whose answer does not matter. Returns whether it did not revert.
    function tell(address target, bytes memory call_) internal returns (bool ok) {
        assembly ("memory-safe") {
            ok := call(gas(), target, 0, add(call_, 32), mload(call_), 0, 0)
        }
    }
}
