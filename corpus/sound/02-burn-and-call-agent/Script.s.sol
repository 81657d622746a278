// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Legacy, Successor} from "./Agent.sol";

/// @notice The agent is named, then each holder comes when it likes.
contract Migrate is Script {
    Legacy internal legacy = Legacy(created(OWNER, 0));
    Successor internal successor = Successor(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new Legacy(OWNER);
        new Successor(legacy);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override {
        open();
        pull(ALICE);
        pull(BOB);
        pull(CAROL);
    }

    function open() internal broadcast(OWNER) {
        legacy.nameAgent(successor);
    }

    function pull(address holder) internal broadcast(holder) {
        legacy.migrate();
    }
}
