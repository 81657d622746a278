// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice Nobody can move anything in the legacy when the script begins: its claims are recorded, and frozen.
contract Migrate is Script {
    Migrator private immutable MIGRATOR = Migrator(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        Token successor = new Token("Successor", "NEW", address(MIGRATOR));
        new Migrator(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.mint(DAVE, 100e18);
        legacy.pause();
        legacy.transferOwnership(address(MIGRATOR));
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (ALICE, BOB);
        MIGRATOR.move(accounts);
        (accounts[0], accounts[1]) = (CAROL, DAVE);
        MIGRATOR.move(accounts);
    }
}
