// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Swap} from "./Swap.sol";

/// @notice 50 LEND that somebody sent to the token itself stay behind, and nobody can claim them.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.mint(address(legacy), 50e18);
        legacy.transferOwnership(created(OWNER, 7));
        successor.transferOwnership(created(OWNER, 7));
        new Swap(legacy, successor);
    }

    function run() external override {
        Swap swap = Swap(created(OWNER, 7));
        vm.startBroadcast(ALICE);
        swap.swap();
        vm.stopBroadcast();
        vm.startBroadcast(BOB);
        swap.swap();
        vm.stopBroadcast();
    }
}
