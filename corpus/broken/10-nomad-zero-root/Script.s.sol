// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {InboxToken} from "./InboxToken.sol";

contract Migrate is Script {
    Token private immutable LEGACY = Token(created(OWNER, 0));
    InboxToken private immutable SUCCESSOR = InboxToken(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        new InboxToken(legacy);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
    }

    function run() external override {
        vm.startBroadcast(OWNER);
        SUCCESSOR.upgrade(bytes32(0));
        vm.stopBroadcast();
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(address(SUCCESSOR), amount);
        SUCCESSOR.migrate(amount);
    }
}
