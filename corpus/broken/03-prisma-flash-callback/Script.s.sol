// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {MigrationZap, Successor} from "./Zap.sol";

contract Migrate is Script {
    Token private immutable LEGACY = Token(created(OWNER, 0));
    MigrationZap private immutable ZAP = MigrationZap(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        Successor successor = new Successor(legacy);
        new MigrationZap(legacy, successor);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
    }

    function run() external override {
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(address(ZAP), amount);
        ZAP.migrate(amount);
    }
}
