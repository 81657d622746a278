// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Bridge} from "./Bridge.sol";

/// @notice The mint fails for good when its message expires: the old is burned, and there is no refund.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Bridge(legacy, successor);
    }

    function run() external override {
        Bridge bridge = Bridge(created(OWNER, 6));
        vm.startBroadcast(ALICE);
        bridge.leave();
        vm.stopBroadcast();
        vm.startBroadcast(OPERATOR);
        bridge.arrive(ALICE);
        vm.stopBroadcast();
        vm.startBroadcast(BOB);
        bridge.leave();
        vm.stopBroadcast();
        vm.startBroadcast(OPERATOR);
        bridge.arrive(BOB);
        vm.stopBroadcast();
    }
}
