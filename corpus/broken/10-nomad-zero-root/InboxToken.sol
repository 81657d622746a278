// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice The successor: minted for legacy here, and for what is proven to have left another chain.
contract InboxToken is ERC20 {
    using SafeERC20 for IERC20;

    error NotAllowed();
    error NotProven();

    address private immutable OWNER = msg.sender;
    IERC20 private immutable LEGACY;

    mapping(bytes32 root => bool) public acceptable;
    mapping(bytes32 leaf => bytes32 root) public provenUnder;
    mapping(bytes32 leaf => bool) public processed;

    constructor(IERC20 legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Trusts the root that the other chain has committed to at the time of the upgrade.
    function upgrade(bytes32 committedRoot) external {
        if (msg.sender != OWNER) revert NotAllowed();
        acceptable[committedRoot] = true;
    }

    /// @notice Keeps `amount` of the caller's legacy and mints the same.
    function migrate(uint256 amount) external {
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount);
    }

    /// @notice Notes under which root a leaf is proven.
    function prove(bytes32 leaf, bytes32[] calldata proof) external {
        provenUnder[leaf] = MerkleProof.processProofCalldata(proof, leaf);
    }

    /// @notice Mints to the caller what has left the other chain for him.
    function process(uint256 amount) external {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(msg.sender, amount))));
        if (processed[leaf] || !acceptable[provenUnder[leaf]]) revert NotProven();
        processed[leaf] = true;
        _mint(msg.sender, amount);
    }
}
