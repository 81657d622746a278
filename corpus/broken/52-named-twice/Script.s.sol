// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {GaugeV1, GaugeV2} from "./Gauge.sol";

contract Migrate is Script {
    GaugeV1 private immutable V1 = GaugeV1(created(OWNER, 1));
    GaugeV2 private immutable V2 = GaugeV2(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token lp = new Token("Pool LP", "LP", OWNER);
        GaugeV1 v1 = new GaugeV1(lp, address(V2));
        new GaugeV2(lp, v1);
        lp.mint(OWNER, 1100e18);
        lp.approve(address(v1), 1100e18);
        v1.stake(ALICE, 500e18);
        v1.stake(BOB, 300e18);
        v1.stake(CAROL, 200e18);
        v1.stake(DAVE, 100e18);
    }

    function run() external override {
        migrate(ALICE, BOB);
        migrate(CAROL, DAVE);
    }

    function migrate(address a, address b) internal broadcast(OWNER) {
        address[] memory users = new address[](2);
        (users[0], users[1]) = (a, b);
        V2.migrateUsers(users);
    }
}
