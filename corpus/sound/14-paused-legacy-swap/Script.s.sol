// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Swap} from "./Swap.sol";

/// @notice The swap opens; two holders come, and one is fetched.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Swap internal swap = Swap(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Token("Successor", "NEW", address(swap));
        new Swap(legacy, successor, OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.transferOwnership(address(swap));
    }

    function run() external override {
        open();
        pull(ALICE);
        pull(BOB);
        fetch(CAROL);
    }

    function open() internal broadcast(OWNER) {
        swap.open();
    }

    function pull(address holder) internal broadcast(holder) {
        swap.swap();
    }

    function fetch(address holder) internal broadcast(OPERATOR) {
        swap.swapFor(holder);
    }
}
