// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Legacy, Successor} from "./Agent.sol";

/// @notice The successor is made by the migration itself. When a step is sent again there are two, of which the
/// legacy token knows one.
contract Migrate is Script {
    Legacy internal legacy = Legacy(created(OWNER, 0));

    function deploy() external override broadcast(OWNER) {
        new Legacy(OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
    }

    function run() external override broadcast(OWNER) {
        legacy.nameSuccessor(new Successor(legacy));
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, BOB);
        legacy.migrate(batch);
        batch = new address[](1);
        batch[0] = CAROL;
        legacy.migrate(batch);
    }
}
