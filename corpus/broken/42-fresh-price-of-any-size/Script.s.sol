// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Feed} from "./Feed.sol";
import {Migrator} from "./Migrator.sol";

/// @notice Holders are paid by a price that is fresh, however large it is.
contract Migrate is Script {
    Migrator internal migrator = Migrator(created(OWNER, 5));

    function deploy() external override {
        vm.startBroadcast(OWNER);
        Token legacy = new Token("Old", "OLD", OWNER);
        Token successor = new Token("New", "NEW", OWNER);
        Feed feed = new Feed(OWNER, 1e8);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        new Migrator(legacy, successor, feed);
        successor.transferOwnership(address(migrator));
        vm.stopBroadcast();
        allow(ALICE, legacy);
        allow(BOB, legacy);
    }

    function run() external override {
        migrate(ALICE);
        migrate(BOB);
    }

    function allow(address holder, Token legacy) internal broadcast(holder) {
        legacy.approve(address(migrator), type(uint256).max);
    }

    function migrate(address holder) internal broadcast(holder) {
        migrator.migrate();
    }
}
