// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();

bytes32 constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

/// @notice An ERC-1967 proxy.
contract Proxy {
    event Upgraded(address indexed implementation);

    constructor(address implementation, bytes memory data) {
        bytes32 slot = IMPLEMENTATION;
        assembly {
            sstore(slot, implementation)
        }
        emit Upgraded(implementation);
        (bool ok,) = implementation.delegatecall(data);
        if (!ok) revert NotAllowed();
    }

    fallback() external {
        bytes32 slot = IMPLEMENTATION;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(slot), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
