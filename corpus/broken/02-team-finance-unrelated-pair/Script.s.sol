// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {LockerV1, LockerV2, PairLens} from "./Lockers.sol";

contract Migrate is Script {
    Token private immutable PAIR = Token(created(OWNER, 0));
    LockerV1 private immutable V1 = LockerV1(created(OWNER, 1));
    LockerV2 private immutable V2 = LockerV2(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token pair = new Token("Pair", "PAIR", OWNER);
        LockerV1 v1 = new LockerV1();
        LockerV2 v2 = new LockerV2();
        new PairLens(v1, pair);
        new PairLens(v2, pair);
        pair.mint(OWNER, 1000e18);
        pair.approve(address(v1), 1000e18);
        v1.lock(ALICE, pair, 500e18);
        v1.lock(BOB, pair, 300e18);
        v1.lock(CAROL, pair, 200e18);
    }

    function run() external override {
        vm.startBroadcast(OWNER);
        V1.setSuccessor(V2);
        vm.stopBroadcast();
        migrate(ALICE);
        migrate(BOB);
        migrate(CAROL);
    }

    function migrate(address account) private broadcast(account) {
        V1.migrate(PAIR, 100);
    }
}
