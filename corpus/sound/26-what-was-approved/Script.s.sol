// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Migrator, NewToken, OldToken} from "./Tokens.sol";

contract Migrate is Script {
    OldToken internal old = OldToken(created(OWNER, 0));
    NewToken internal successor = NewToken(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));

    function deploy() external override {
        build();
        approve(ALICE, type(uint256).max);
        approve(BOB, 300e18);
        approve(DAVE, 40e18);
    }

    function build() internal broadcast(OWNER) {
        address[] memory holders = new address[](4);
        uint256[] memory values = new uint256[](4);
        (holders[0], values[0]) = (ALICE, 500e18);
        (holders[1], values[1]) = (BOB, 300e18);
        (holders[2], values[2]) = (CAROL, 200e18);
        (holders[3], values[3]) = (DAVE, 100e18);
        new OldToken(holders, values);
        new NewToken(address(migrator));
        new Migrator(old, successor, OPERATOR);
    }

    function run() external override {
        approve(CAROL, 200e18);
        migrate(ALICE, BOB);
        migrate(CAROL, DAVE);
    }

    function approve(address holder, uint256 value) internal broadcast(holder) {
        old.approve(address(migrator), value);
    }

    function migrate(address first, address second) internal broadcast(OPERATOR) {
        address[] memory holders = new address[](2);
        (holders[0], holders[1]) = (first, second);
        migrator.migrateFor(holders);
    }
}
