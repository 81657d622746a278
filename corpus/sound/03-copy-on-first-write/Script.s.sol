// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Successor} from "./Successor.sol";

/// @notice The successor, which owns the legacy token, switches and then copies who is known.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Successor internal successor = Successor(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Successor(legacy);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.transferOwnership(address(successor));
    }

    function run() external override broadcast(OPERATOR) {
        successor.open();
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (ALICE, BOB, CAROL);
        successor.copy(accounts);
    }
}
