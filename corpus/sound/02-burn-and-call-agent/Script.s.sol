// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Legacy, Successor} from "./Agent.sol";

/// @notice The agent is made and named in the migration; a second one that a rerun makes is never named.
contract Migrate is Script {
    Legacy internal legacy = Legacy(created(OWNER, 0));

    function deploy() external override broadcast(OWNER) {
        new Legacy(OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override {
        open();
        pull(ALICE, 500e18);
        pull(BOB, 300e18);
        pull(CAROL, 200e18);
    }

    function open() internal broadcast(OWNER) {
        legacy.nameAgent(new Successor(legacy));
    }

    function pull(address holder, uint256 amount) internal broadcast(holder) {
        legacy.migrate(amount);
    }
}
