// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Comptroller} from "./Comptroller.sol";

contract Migrate is Script {
    Comptroller private immutable COMPTROLLER = Comptroller(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token old = new Token("Old reward", "OLD", OWNER);
        Token reward = new Token("Reward", "RWD", OWNER);
        Comptroller comptroller = new Comptroller(old, reward);
        old.mint(ALICE, 500e18);
        old.mint(BOB, 300e18);
        old.transferOwnership(address(comptroller));
        reward.transferOwnership(address(comptroller));
    }

    function run() external override {
        begin();
        swap(ALICE);
        swap(BOB);
    }

    function begin() private broadcast(OWNER) {
        COMPTROLLER.begin();
    }

    function swap(address holder) private broadcast(holder) {
        COMPTROLLER.swap();
    }
}
