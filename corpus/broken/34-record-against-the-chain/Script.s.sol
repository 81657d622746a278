// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The record has every holder as moved, and one of them was left on the old side.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Migrator(legacy, successor);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 6));
        vm.startBroadcast(OPERATOR);
        migrator.move(ALICE);
        migrator.move(BOB);
        vm.stopBroadcast();
    }
}
