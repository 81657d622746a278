// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();

struct DiamondStorage {
    address owner;
    mapping(bytes4 selector => address) facets;
}

struct FacetCut {
    address facet;
    bytes4[] selectors;
}

function diamondStorage() pure returns (DiamondStorage storage ds) {
    bytes32 slot = keccak256("unseen.diamond.storage");
    assembly { ds.slot := slot }
}

/// @notice A minimal diamond: selectors are added and replaced by its owner.
contract Diamond {
    constructor(FacetCut[] memory cuts) {
        diamondStorage().owner = msg.sender;
        _cut(cuts);
    }

    /// @notice Points selectors at facets. Again does nothing.
    function diamondCut(FacetCut[] memory cuts) external {
        if (msg.sender != diamondStorage().owner) revert NotAllowed();
        _cut(cuts);
    }

    function _cut(FacetCut[] memory cuts) private {
        DiamondStorage storage ds = diamondStorage();
        for (uint256 i = 0; i < cuts.length; i++) {
            FacetCut memory cut = cuts[i];
            if (cut.facet.code.length == 0) revert NotAllowed();
            for (uint256 j = 0; j < cut.selectors.length; j++) {
                ds.facets[cut.selectors[j]] = cut.facet;
            }
        }
    }

    fallback() external {
        address facet = diamondStorage().facets[msg.sig];
        if (facet == address(0)) revert NotAllowed();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
