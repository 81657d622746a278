// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @notice Pays each leaf of a list once, to the account in the leaf, whoever sends the claim.
/// @dev Assumes: it is funded with the exact sum of the list.
contract Distributor {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;
    bytes32 public immutable ROOT;
    BitMaps.BitMap private claimed;

    event Claimed(uint256 indexed index, address indexed account, uint256 amount);

    error AlreadyClaimed(uint256 index);
    error NotInList();

    constructor(IERC20 token, bytes32 root) {
        TOKEN = token;
        ROOT = root;
    }

    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        if (claimed.get(index)) revert AlreadyClaimed(index);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))));
        if (!MerkleProof.verifyCalldata(proof, ROOT, leaf)) revert NotInList();
        claimed.set(index);
        TOKEN.safeTransfer(account, amount);
        emit Claimed(index, account, amount);
    }

    function isClaimed(uint256 index) external view returns (bool) {
        return claimed.get(index);
    }
}
