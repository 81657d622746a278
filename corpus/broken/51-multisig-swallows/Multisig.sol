// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();

/// @notice Signers approve a transaction by its hash; with enough approvals anyone executes it, in order of nonces.
contract Multisig {
    uint256 public immutable THRESHOLD;
    uint256 public nonce;
    mapping(address signer => bool) public isSigner;
    mapping(bytes32 hash => mapping(address signer => bool)) public approvedBy;
    mapping(bytes32 hash => uint256) public approvals;

    event ApproveHash(bytes32 indexed hash, address indexed signer);
    event ExecutionSuccess(bytes32 indexed hash);
    event ExecutionFailure(bytes32 indexed hash);

    constructor(address[] memory signers, uint256 threshold) {
        THRESHOLD = threshold;
        for (uint256 i = 0; i < signers.length; i++) {
            isSigner[signers[i]] = true;
        }
    }

    function hashOf(address to, bytes memory data, uint256 at) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), to, keccak256(data), at));
    }

    function approveHash(bytes32 hash) external {
        if (!isSigner[msg.sender]) revert NotAllowed();
        if (approvedBy[hash][msg.sender]) return;
        approvedBy[hash][msg.sender] = true;
        approvals[hash] += 1;
        emit ApproveHash(hash, msg.sender);
    }

    /// @notice Executes the transaction of the present nonce. One that fails has had its nonce too.
    function execTransaction(address to, bytes calldata data) external returns (bool success) {
        bytes32 hash = hashOf(to, data, nonce);
        if (approvals[hash] < THRESHOLD) revert NotAllowed();
        nonce += 1;
        (success,) = to.call(data);
        if (success) emit ExecutionSuccess(hash);
        else emit ExecutionFailure(hash);
    }
}
