// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Items} from "./Items.sol";
import {Migrator} from "./Migrator.sol";

contract Migrate is Script {
    Items private immutable LEGACY = Items(created(OWNER, 0));
    Items private immutable SUCCESSOR = Items(created(OWNER, 1));
    Migrator private immutable MIGRATOR = Migrator(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Items();
        new Items();
        new Migrator(LEGACY, SUCCESSOR, OPERATOR);
        LEGACY.setOperator(OWNER, true);
        LEGACY.mintBatch(ALICE, triple(1, 2, 3), triple(100, 5, 1));
        LEGACY.mintBatch(BOB, triple(1, 2, 3), triple(50, 0, 1));
        LEGACY.mintBatch(CAROL, triple(1, 2, 3), triple(0, 7, 0));
        LEGACY.setOperator(OWNER, false);
    }

    function run() external override {
        grant();
        move();
    }

    function grant() internal broadcast(OWNER) {
        SUCCESSOR.setOperator(address(MIGRATOR), true);
        LEGACY.setOperator(address(MIGRATOR), true);
    }

    function move() internal broadcast(OPERATOR) {
        MIGRATOR.migrate(ALICE, triple(1, 2, 3));
        MIGRATOR.migrate(BOB, triple(1, 2, 3));
        MIGRATOR.migrate(CAROL, triple(1, 2, 3));
    }

    function triple(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory values) {
        values = new uint256[](3);
        (values[0], values[1], values[2]) = (a, b, c);
    }
}
