// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Items, NotAllowed} from "./Items.sol";

/// @notice Burns legacy items and mints as many new ones to the same holder, in one transaction.
contract Migrator {
    Items private immutable LEGACY;
    Items private immutable SUCCESSOR;
    address private immutable OPERATOR;

    event Migrated(address indexed holder, uint256[] ids, uint256[] values);

    constructor(Items legacy, Items successor, address operator) {
        LEGACY = legacy;
        SUCCESSOR = successor;
        OPERATOR = operator;
    }

    /// @notice Moves all that a holder has of each of these items. Again does nothing.
    /// @param ids Different items; one that is named twice makes it revert.
    function migrate(address holder, uint256[] calldata ids) external {
        if (msg.sender != OPERATOR && msg.sender != holder) revert NotAllowed();
        uint256[] memory values = new uint256[](ids.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            values[i] = LEGACY.balanceOf(holder, ids[i]);
            sum += values[i];
        }
        if (sum == 0) return;
        LEGACY.burnBatch(holder, ids, values);
        SUCCESSOR.mintBatch(holder, ids, values);
        emit Migrated(holder, ids, values);
    }
}
