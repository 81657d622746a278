// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Collection} from "./Collection.sol";
import {Bridge, Successor} from "./Bridge.sol";

/// @notice Each holder comes when it likes, and gets the very ids that it gives.
contract Migrate is Script {
    Collection internal legacy = Collection(created(OWNER, 0));
    Successor internal successor = Successor(created(OWNER, 1));
    Bridge internal bridge = Bridge(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Collection("Old Cards", "OLD", OWNER);
        new Successor(address(bridge));
        new Bridge(legacy, successor);
        legacy.mint(ALICE, 1);
        legacy.mint(ALICE, 4);
        legacy.mint(BOB, 2);
        legacy.mint(CAROL, 3);
        legacy.renounceOwnership();
    }

    function run() external override {
        swap(ALICE, 1, 4);
        swap(BOB, 2, 2);
        swap(CAROL, 3, 3);
    }

    function swap(address holder, uint256 first, uint256 last) internal broadcast(holder) {
        uint256[] memory ids = new uint256[](first == last ? 1 : 2);
        (ids[0], ids[ids.length - 1]) = (first, last);
        legacy.setApprovalForAll(address(bridge), true);
        bridge.swap(ids);
    }
}
