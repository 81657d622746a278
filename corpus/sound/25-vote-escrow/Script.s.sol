// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {VoteEscrowV1, VoteEscrowV2} from "./VoteEscrow.sol";

contract Migrate is Script {
    Token internal token = Token(created(OWNER, 0));
    VoteEscrowV1 internal v1 = VoteEscrowV1(created(OWNER, 1));
    VoteEscrowV2 internal v2 = VoteEscrowV2(created(OWNER, 2));

    function deploy() external override {
        build();
        lock(ALICE, 500e18, 2 * 365 days);
        lock(BOB, 300e18, 365 days);
        lock(CAROL, 200e18, 30 days);
        // This one has ended when the migration begins.
        lock(DAVE, 100e18, 1);
    }

    function build() internal broadcast(OWNER) {
        new Token("Governance", "GOV", OWNER);
        new VoteEscrowV1(token, OWNER, v2);
        new VoteEscrowV2(token, v1);
        token.mint(ALICE, 500e18);
        token.mint(BOB, 300e18);
        token.mint(CAROL, 200e18);
        token.mint(DAVE, 100e18);
    }

    function lock(address holder, uint256 value, uint256 time) internal broadcast(holder) {
        token.approve(address(v1), value);
        v1.createLock(value, time);
    }

    function run() external override broadcast(OWNER) {
        address[] memory batch = new address[](2);
        v1.retire();
        (batch[0], batch[1]) = (ALICE, BOB);
        v1.migrate(batch);
        (batch[0], batch[1]) = (CAROL, DAVE);
        v1.migrate(batch);
    }
}
