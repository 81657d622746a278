// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Marks and burns in one transaction, mints in the next; a second run stops at the mark.
contract Migrator {
    error NotTheOperator();
    error AlreadyMigrated();
    error NotBegun();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable operator;
    mapping(address => uint256) public owed;
    bool public migrated;

    constructor(Token legacy_, Token successor_, address operator_) {
        legacy = legacy_;
        successor = successor_;
        operator = operator_;
    }

    function begin(address holder) external {
        require(msg.sender == operator, NotTheOperator());
        require(!migrated, AlreadyMigrated());
        migrated = true;
        owed[holder] = legacy.balanceOf(holder);
        legacy.burn(holder, owed[holder]);
    }

    /// @notice Anybody may.
    function finish(address holder) external {
        require(migrated, NotBegun());
        uint256 amount = owed[holder];
        owed[holder] = 0;
        successor.mint(holder, amount);
    }
}
