// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {FacadeToken, Ledger} from "./Ledgers.sol";

/// @notice The new ledger is filled in two batches while the old one is in use, then the token goes over.
contract Migrate is Script {
    FacadeToken internal token = FacadeToken(created(OWNER, 0));
    Ledger internal next = Ledger(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new FacadeToken();
        new Ledger(address(token), token.ledger());
        token.mint(ALICE, 500e18);
        token.mint(BOB, 300e18);
        token.mint(CAROL, 200e18);
    }

    function run() external override {
        fill();
        go();
    }

    function fill() internal broadcast(OPERATOR) {
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, BOB);
        next.copy(batch);
        batch = new address[](1);
        batch[0] = CAROL;
        next.copy(batch);
    }

    function go() internal broadcast(OWNER) {
        token.switchTo(next);
    }
}
