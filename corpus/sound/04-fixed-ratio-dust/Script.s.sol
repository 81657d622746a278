// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Successor} from "./Migrator.sol";

/// @notice Holders come one by one; their balances do not divide by the ratio.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Successor internal successor = Successor(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Successor(legacy);
        legacy.mint(ALICE, 500e18 + 37);
        legacy.mint(BOB, 300e18 + 99);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override {
        pull(ALICE);
        pull(BOB);
        pull(CAROL);
    }

    function pull(address holder) internal broadcast(holder) {
        legacy.approve(address(successor), type(uint256).max);
        successor.migrate();
    }
}
