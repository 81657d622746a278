// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {ClaimedToken, LockableToken} from "./LockedToken.sol";

contract Migrate is Script {
    LockableToken private immutable LEGACY = LockableToken(created(OWNER, 0));
    ClaimedToken private immutable SUCCESSOR = ClaimedToken(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        LockableToken legacy = new LockableToken();
        legacy.setSuccessor(address(new ClaimedToken(legacy)));
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
    }

    function run() external override {
        migrate(ALICE);
        migrate(BOB);
    }

    function migrate(address holder) private broadcast(holder) {
        LEGACY.lock();
        SUCCESSOR.claim();
    }
}
