// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {HookedToken, Migrator} from "./Migrator.sol";

/// @notice A recipient that refuses stands in front of everybody behind it, and the old is frozen for good.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        HookedToken successor = new HookedToken(OWNER);
        address[] memory holders = new address[](2);
        holders[0] = ALICE;
        holders[1] = BOB;
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Migrator(legacy, successor, holders);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 6));
        vm.startBroadcast(OPERATOR);
        migrator.start();
        migrator.push();
        migrator.push();
        vm.stopBroadcast();
    }
}
