// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The holders of the bench, the same each time: who holder `n` is, and what it is entitled to.
library Holders {
    /// @notice Holders a batch.
    uint256 internal constant BATCH = 5;

    function account(uint256 n) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("sealift bench holder", n)))));
    }

    function amount(uint256 n) internal pure returns (uint256) {
        return (1000 + n) * 1e18;
    }
}
