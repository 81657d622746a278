// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Collection} from "./Collection.sol";

/// @notice The successor: each id is made once, by the bridge, for who gave that id of the legacy.
contract Successor is ERC721 {
    address public immutable BRIDGE;

    error NotTheBridge();

    constructor(address bridge) ERC721("Cards", "CARD") {
        BRIDGE = bridge;
    }

    function mint(address to, uint256 id) external {
        if (msg.sender != BRIDGE) revert NotTheBridge();
        _mint(to, id);
    }
}

/// @notice Swaps ids of the legacy for the same ids of the successor. What was taken stays here.
contract Bridge {
    Collection public immutable LEGACY;
    Successor public immutable SUCCESSOR;

    constructor(Collection legacy, Successor successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Takes those of these ids that the caller has, and gives it the same ones. Again does nothing.
    function swap(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; i++) {
            if (LEGACY.ownerOf(ids[i]) != msg.sender) continue;
            LEGACY.transferFrom(msg.sender, address(this), ids[i]);
            SUCCESSOR.mint(msg.sender, ids[i]);
        }
    }
}
