// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice A token that may come to call holders back: one that is called finds the migration locked.
contract Migrate is Script {
    Migrator internal migrator = Migrator(created(OWNER, 4));

    function deploy() external override {
        vm.startBroadcast(OWNER);
        Token legacy = new Token("Old", "OLD", OWNER);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        new Migrator(legacy, successor);
        successor.transferOwnership(address(migrator));
        vm.stopBroadcast();
        allow(ALICE, legacy);
        allow(BOB, legacy);
    }

    function run() external override {
        migrate(ALICE);
        migrate(ALICE);
        migrate(BOB);
        migrate(BOB);
    }

    function allow(address holder, Token legacy) internal broadcast(holder) {
        legacy.approve(address(migrator), type(uint256).max);
    }

    function migrate(address holder) internal broadcast(holder) {
        migrator.migrate();
    }
}
