// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Portal, WalletFactory} from "./Portal.sol";

contract Migrate is Script {
    Portal private immutable PORTAL = Portal(created(OWNER, 1));
    // The first wallet of the factory; a contract's own count of creations begins at one.
    address private immutable WALLET = created(created(OWNER, 2), 1);

    function deploy() external override broadcast(OWNER) {
        Token successor = new Token("Successor", "NEW", OWNER);
        Portal portal = new Portal(successor);
        new WalletFactory();
        successor.transferOwnership(address(portal));
        portal.record(ALICE, 500e18);
        portal.record(BOB, 300e18);
        portal.record(WALLET, 200e18);
    }

    function run() external override broadcast(OPERATOR) {
        PORTAL.release(WALLET);
        PORTAL.release(ALICE);
        PORTAL.release(BOB);
    }
}
