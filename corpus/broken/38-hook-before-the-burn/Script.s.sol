// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Exchange, Items} from "./Exchange.sol";

/// @notice A holder whose account has code is told of the new while it still has the old, and comes once more.
contract Migrate is Script {
    Exchange internal exchange = Exchange(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Items legacy = new Items(OWNER);
        Items successor = new Items(OWNER);
        new Exchange(legacy, successor);
        legacy.mint(ALICE, 7, 5);
        legacy.mint(BOB, 7, 3);
        legacy.mint(BOB, 8, 2);
        legacy.transferOwnership(address(exchange));
        successor.transferOwnership(address(exchange));
    }

    function run() external override {
        migrate(ALICE, 7);
        migrate(BOB, 7);
        migrate(BOB, 8);
    }

    function migrate(address holder, uint256 id) internal broadcast(holder) {
        exchange.migrate(id);
    }
}
