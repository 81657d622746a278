// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {SpotMigrator, SpotPool} from "./SpotMigrator.sol";

contract Migrate is Script {
    Token private immutable LEGACY = Token(created(OWNER, 0));
    SpotMigrator private immutable MIGRATOR = SpotMigrator(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        Token successor = new Token("Successor", "NEW", OWNER);
        SpotPool pool = new SpotPool(7000e18, 7000e18);
        SpotMigrator migrator = new SpotMigrator(legacy, successor, pool);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        successor.mint(address(migrator), 800e18);
    }

    function run() external override {
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(address(MIGRATOR), amount);
        MIGRATOR.migrate(amount);
    }
}
