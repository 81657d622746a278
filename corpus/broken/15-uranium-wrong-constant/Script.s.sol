// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {ReserveV1, ReserveV2} from "./Reserve.sol";

contract Migrate is Script {
    Token private immutable LEGACY = Token(created(OWNER, 0));
    ReserveV1 private immutable V1 = ReserveV1(created(OWNER, 2));
    ReserveV2 private immutable V2 = ReserveV2(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        Token successor = new Token("Successor", "NEW", OWNER);
        ReserveV1 v1 = new ReserveV1(legacy, successor);
        new ReserveV2(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        successor.mint(address(v1), 800e18);
    }

    function run() external override {
        vm.startBroadcast(OWNER);
        V1.moveTo(address(V2));
        vm.stopBroadcast();
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(address(V2), amount);
        V2.swap(amount, amount);
    }
}
