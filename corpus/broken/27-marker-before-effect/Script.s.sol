// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The script stops after the mark; begun again it stops at the mark, and the mint never comes.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 5));
        successor.transferOwnership(created(OWNER, 5));
        new Migrator(legacy, successor, OPERATOR);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 5));
        vm.startBroadcast(OPERATOR);
        migrator.begin(ALICE);
        migrator.finish(ALICE);
        vm.stopBroadcast();
    }
}
