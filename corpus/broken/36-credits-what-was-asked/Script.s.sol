// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice A token that may come to take a fee: what was asked for is credited, not what arrived.
contract Migrate is Script {
    function deploy() external override {
        vm.startBroadcast(OWNER);
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        successor.transferOwnership(created(OWNER, 5));
        new Migrator(legacy, successor);
        vm.stopBroadcast();
        vm.startBroadcast(ALICE);
        legacy.approve(created(OWNER, 5), type(uint256).max);
        vm.stopBroadcast();
        vm.startBroadcast(BOB);
        legacy.approve(created(OWNER, 5), type(uint256).max);
        vm.stopBroadcast();
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 5));
        vm.startBroadcast(ALICE);
        migrator.migrate();
        vm.stopBroadcast();
        vm.startBroadcast(BOB);
        migrator.migrate();
        vm.stopBroadcast();
    }
}
