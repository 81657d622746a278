// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Vault} from "./Vault.sol";

/// @notice Initializer 4 runs, initializer 3 is skipped, and a stranger withdraws without any approval.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Vault(legacy, successor);
    }

    function run() external override {
        Vault vault = Vault(created(OWNER, 6));
        vm.startBroadcast(OWNER);
        vault.initializeV4();
        vm.stopBroadcast();
        vm.startBroadcast(ALICE);
        vault.swap();
        vm.stopBroadcast();
        vm.startBroadcast(BOB);
        vault.swap();
        vm.stopBroadcast();
    }
}
