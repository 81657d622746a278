// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {HookedToken, Migrator} from "./Migrator.sol";

/// @notice A holder whose account has code is told of the new while it still has the old, and migrates once more.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        HookedToken successor = new HookedToken(OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Migrator(legacy, successor);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 6));
        vm.startBroadcast(OPERATOR);
        migrator.migrate(ALICE);
        migrator.migrate(BOB);
        vm.stopBroadcast();
    }
}
