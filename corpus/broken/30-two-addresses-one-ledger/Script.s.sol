// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Alias, Migrator} from "./Migrator.sol";

/// @notice Two addresses keep one ledger, and each of them is migrated: everybody gets twice.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        Alias second = new Alias(legacy);
        legacy.transferOwnership(created(OWNER, 7));
        successor.transferOwnership(created(OWNER, 7));
        new Migrator(legacy, address(second), successor);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 7));
        address legacy = created(OWNER, 0);
        address second = created(OWNER, 4);
        vm.startBroadcast(OPERATOR);
        migrator.migrate(legacy, ALICE);
        migrator.migrate(second, ALICE);
        migrator.migrate(legacy, BOB);
        migrator.migrate(second, BOB);
        vm.stopBroadcast();
    }
}
