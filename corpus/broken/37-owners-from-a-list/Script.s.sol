// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Collection} from "./Collection.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The list of owners was made before the run, and the legacy goes on being traded.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Collection legacy = new Collection("Old Cards", "OLD", OWNER);
        Collection successor = new Collection("Cards", "CARD", OWNER);
        Migrator migrator = new Migrator(legacy, successor, OPERATOR);
        legacy.mint(ALICE, 1);
        legacy.mint(BOB, 2);
        legacy.mint(CAROL, 3);
        legacy.transferOwnership(address(migrator));
        successor.transferOwnership(address(migrator));
    }

    function run() external override broadcast(OPERATOR) {
        Migrator migrator = Migrator(created(OWNER, 2));
        uint256[] memory ids = new uint256[](2);
        address[] memory owners = new address[](2);
        (ids[0], ids[1]) = (1, 2);
        (owners[0], owners[1]) = (ALICE, BOB);
        migrator.migrate(ids, owners);
        ids = new uint256[](1);
        owners = new address[](1);
        (ids[0], owners[0]) = (3, CAROL);
        migrator.migrate(ids, owners);
    }
}
