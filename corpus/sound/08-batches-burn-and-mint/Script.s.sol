// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice Two batches; nobody is frozen while they run.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Token("Successor", "NEW", address(migrator));
        new Migrator(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.transferOwnership(address(migrator));
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, BOB);
        migrator.migrate(batch);
        batch = new address[](1);
        batch[0] = CAROL;
        migrator.migrate(batch);
    }
}
