// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migration} from "./Migration.sol";

/// @notice Freeze, two batches, finish.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Migration internal migration = Migration(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Token("Successor", "NEW", OWNER);
        new Migration(legacy, successor, OPERATOR);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        successor.pause();
        legacy.transferOwnership(address(migration));
        successor.transferOwnership(address(migration));
    }

    function run() external override broadcast(OPERATOR) {
        migration.freeze();
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, BOB);
        migration.copy(batch);
        batch = new address[](1);
        batch[0] = CAROL;
        migration.copy(batch);
        migration.finish();
    }
}
