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
        new Successor(OWNER, 1000e18);
        new Swap(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override {
        fund();
        pull(ALICE, 500e18);
        pull(BOB, 300e18);
        pull(CAROL, 200e18);
    }

    function fund() internal broadcast(OWNER) {
        successor.mint(address(swap), 1000e18);
    }

    function pull(address holder, uint256 amount) internal broadcast(holder) {
        legacy.approve(address(swap), amount);
        swap.swap(amount);
    }
}
