// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {FarmV1, FarmV2} from "./Farm.sol";

/// @notice The keeper settles those who are in the new farm already, then the owner moves the others in.
contract Migrate is Script {
    FarmV2 private immutable V2 = FarmV2(created(OWNER, 2));
    FarmV1 private immutable V1 = FarmV1(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        Token lp = new Token("LP", "LP", OWNER);
        Token reward = new Token("Reward", "RWD", OWNER);
        new FarmV2(reward, address(V1));
        new FarmV1(reward, V2);
        V1.addPool(lp);
        V2.addPool(lp);
        lp.mint(OWNER, 1200e18);
        lp.approve(address(V1), 1000e18);
        lp.approve(address(V2), 200e18);
        V1.deposit(0, 500e18, ALICE);
        V1.deposit(0, 300e18, BOB);
        V1.deposit(0, 200e18, CAROL);
        V2.deposit(0, 100e18, CAROL);
        V2.deposit(0, 100e18, DAVE);
        reward.mint(OWNER, 140e18);
        reward.approve(address(V1), 100e18);
        reward.approve(address(V2), 40e18);
        V1.addRewards(0, 100e18);
        V2.addRewards(0, 40e18);
    }

    function run() external override {
        settle();
        move();
    }

    function settle() internal broadcast(OPERATOR) {
        address[] memory users = new address[](2);
        (users[0], users[1]) = (CAROL, DAVE);
        V2.checkpoint(0, users);
    }

    function move() internal broadcast(OWNER) {
        address[] memory users = new address[](3);
        (users[0], users[1], users[2]) = (ALICE, BOB, CAROL);
        V1.migrate(0, users);
    }
}
