// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Successor, Swap} from "./Swap.sol";

/// @notice The swap is funded with the whole supply, then each holder comes when it likes.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Successor internal successor = Successor(created(OWNER, 1));
    Swap internal swap = Swap(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Successor(OWNER, address(swap), 1000e18);
        new Swap(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override {
        fund();
        pull(ALICE);
        pull(BOB);
        pull(CAROL);
    }

    function fund() internal broadcast(OWNER) {
        successor.fund();
    }

    function pull(address holder) internal broadcast(holder) {
        legacy.approve(address(swap), type(uint256).max);
        swap.swap();
    }
}
