// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The only key that can finish is gone, and the release that anybody may send is a year away.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Migrator(legacy, successor, OPERATOR);
    }

    function run() external override {
        Migrator migrator = Migrator(created(OWNER, 6));
        address[] memory holders = new address[](2);
        holders[0] = ALICE;
        holders[1] = BOB;
        vm.startBroadcast(OPERATOR);
        migrator.freeze();
        migrator.finish(holders);
        vm.stopBroadcast();
    }
}
