// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice A second address for the same ledger.
contract Alias {
    Token public immutable token;

    constructor(Token token_) {
        token = token_;
    }

    function balanceOf(address account) external view returns (uint256) {
        return token.balanceOf(account);
    }
}

/// @notice Freezes the old, and gives the new for what each listed address says, once an address and holder.
contract Migrator {
    Token public immutable legacy;
    Token public immutable successor;
    mapping(address => bool) public listed;
    mapping(address => mapping(address => bool)) public done;

    constructor(Token legacy_, address second, Token successor_) {
        legacy = legacy_;
        successor = successor_;
        listed[address(legacy_)] = true;
        listed[second] = true;
    }

    function migrate(address asset, address holder) external {
        require(listed[asset]);
        if (!legacy.paused()) legacy.pause();
        if (done[asset][holder]) return;
        done[asset][holder] = true;
        successor.mint(holder, Alias(asset).balanceOf(holder));
    }
}
