// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {StakesV1, StakesV2} from "./Stakes.sol";

contract Migrate is Script {
    StakesV1 private immutable V1 = StakesV1(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token token = new Token("Token", "TKN", OWNER);
        StakesV2 v2 = new StakesV2(token, address(V1));
        StakesV1 v1 = new StakesV1(token, v2);
        token.mint(OWNER, 1100e18);
        token.approve(address(v1), 1100e18);
        v1.stakeFor(ALICE, 500e18);
        v1.stakeFor(BOB, 300e18);
        v1.stakeFor(CAROL, 200e18);
        v1.stakeFor(DAVE, 100e18);
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (ALICE, BOB);
        V1.move(accounts);
        (accounts[0], accounts[1]) = (CAROL, DAVE);
        V1.move(accounts);
    }
}
