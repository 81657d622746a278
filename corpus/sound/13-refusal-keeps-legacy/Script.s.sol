// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {HookedToken, Migrator, Refuser} from "./Migrator.sol";

/// @notice Two batches, with a holder in the first that refuses.
contract Migrate is Script {
    Token internal legacy = Token(created(OWNER, 0));
    HookedToken internal successor = HookedToken(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));
    address internal refuser = created(OWNER, 3);

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", OWNER);
        new HookedToken(address(migrator));
        new Migrator(legacy, successor);
        new Refuser(DAVE);
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
        legacy.mint(CAROL, 200e18);
        legacy.mint(refuser, 100e18);
        legacy.transferOwnership(address(migrator));
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, refuser);
        migrator.push(batch);
        (batch[0], batch[1]) = (BOB, CAROL);
        migrator.push(batch);
    }
}
