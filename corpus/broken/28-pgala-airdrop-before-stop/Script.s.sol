// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Exchange} from "./Exchange.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The new is given while the old still moves, and a holder sells the old before it is stopped.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Token internal cash = Token(created(OWNER, 2));
    Exchange internal exchange = Exchange(created(OWNER, 3));
    Migrator internal migrator = Migrator(created(OWNER, 4));

    function deploy() external override {
        vm.startBroadcast(OWNER);
        new Token("Old", "OLD", OWNER);
        new Token("New", "NEW", address(migrator));
        new Token("Cash", "CASH", OWNER);
        new Exchange(legacy, cash);
        new Migrator(legacy, successor, OPERATOR);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.transferOwnership(address(migrator));
        cash.mint(address(exchange), 1000e18);
        vm.stopBroadcast();
        vm.startBroadcast(ALICE);
        legacy.approve(address(exchange), 500e18);
        vm.stopBroadcast();
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory holders = new address[](2);
        (holders[0], holders[1]) = (ALICE, BOB);
        migrator.give(holders);
        migrator.stop();
    }
}
