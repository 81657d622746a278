// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice Two equal steps: one sent twice is the other sent early.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        address[] memory list = new address[](4);
        (list[0], list[1], list[2], list[3]) = (ALICE, BOB, CAROL, DAVE);
        new Token("Legacy", "OLD", OWNER);
        new Token("Successor", "NEW", address(migrator));
        new Migrator(legacy, successor, list);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.mint(DAVE, 100e18);
        legacy.transferOwnership(address(migrator));
    }

    function run() external override broadcast(OPERATOR) {
        migrator.next(2);
        migrator.next(2);
    }
}
