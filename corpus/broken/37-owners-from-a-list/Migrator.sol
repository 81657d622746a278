// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Collection} from "./Collection.sol";

/// @notice Gives each id of the successor to whom a list names, and burns that id of the legacy.
/// @dev Assumes: it owns both collections.
contract Migrator {
    Collection public immutable LEGACY;
    Collection public immutable SUCCESSOR;
    address public immutable OPERATOR;

    error NotTheOperator();

    constructor(Collection legacy, Collection successor, address operator) {
        LEGACY = legacy;
        SUCCESSOR = successor;
        OPERATOR = operator;
    }

    /// @notice Again does nothing. Whoever has an id by now is not asked for.
    function migrate(uint256[] calldata ids, address[] calldata owners) external {
        if (msg.sender != OPERATOR) revert NotTheOperator();
        for (uint256 i = 0; i < ids.length; i++) {
            if (SUCCESSOR.exists(ids[i])) continue;
            LEGACY.burn(ids[i]);
            SUCCESSOR.mint(owners[i], ids[i]);
        }
    }
}
