// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Bridge} from "./Bridge.sol";

/// @notice Two holders send, the operator delivers.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Bridge internal bridge = Bridge(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new Token("Successor", "NEW", address(bridge));
        new Bridge(legacy, successor, OPERATOR);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.transferOwnership(address(bridge));
    }

    function run() external override {
        send(ALICE);
        send(BOB);
        deliver();
    }

    function send(address holder) internal broadcast(holder) {
        bridge.send();
    }

    function deliver() internal broadcast(OPERATOR) {
        bridge.deliver(ALICE);
        bridge.deliver(BOB);
    }
}
