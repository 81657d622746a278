// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Mailbox} from "./Mailbox.sol";

/// @notice The letter comes too late, is returned, and is sent again with the deadline that has passed, for ever.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Old", "OLD", OWNER);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        Token successor = new Token("New", "NEW", OWNER);
        legacy.transferOwnership(created(OWNER, 6));
        successor.transferOwnership(created(OWNER, 6));
        new Mailbox(legacy, successor, OPERATOR);
    }

    function run() external override {
        Mailbox mailbox = Mailbox(created(OWNER, 6));
        address[] memory holders = new address[](2);
        holders[0] = ALICE;
        holders[1] = BOB;
        vm.startBroadcast(OPERATOR);
        mailbox.send();
        mailbox.accept(holders);
        vm.stopBroadcast();
    }
}
