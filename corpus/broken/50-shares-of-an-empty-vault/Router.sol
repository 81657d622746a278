// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";
import {NotAllowed, Vault} from "./Vault.sol";

/// @notice Moves shares that were approved to it from one vault to the other, for their holders.
contract Router {
    Token private immutable ASSET;
    Vault public immutable FROM;
    Vault public immutable TO;
    address public immutable OPERATOR;

    constructor(Token asset, Vault from, Vault to, address operator) {
        ASSET = asset;
        FROM = from;
        TO = to;
        OPERATOR = operator;
    }

    function migrate(address[] calldata holders) external {
        if (msg.sender != OPERATOR) revert NotAllowed();
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 shares = FROM.balanceOf(holders[i]);
            uint256 allowed = FROM.allowance(holders[i], address(this));
            if (allowed < shares) shares = allowed;
            if (shares == 0) continue;
            uint256 assets = FROM.redeem(shares, address(this), holders[i]);
            ASSET.approve(address(TO), assets);
            TO.deposit(assets, holders[i]);
        }
    }
}
