// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator, Vault} from "./Migrator.sol";

contract Migrate is Script {
    Migrator private immutable MIGRATOR = Migrator(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (ALICE, BOB, CAROL);
        Token legacy = new Token("Legacy", "OLD", OWNER);
        Token successor = new Token("Successor", "NEW", address(MIGRATOR));
        Vault vault = new Vault(DAVE);
        new Migrator(legacy, successor, list);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.mint(address(vault), 100e18);
        legacy.transferOwnership(address(MIGRATOR));
    }

    function run() external override broadcast(OPERATOR) {
        MIGRATOR.migrate();
    }
}
