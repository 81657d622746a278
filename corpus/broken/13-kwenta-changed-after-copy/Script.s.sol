// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {StakesV1, StakesV2} from "./Stakes.sol";

contract Migrate is Script {
    StakesV1 private immutable V1 = StakesV1(created(OWNER, 1));
    StakesV2 private immutable V2 = StakesV2(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token token = new Token("Token", "TKN", OWNER);
        StakesV1 v1 = new StakesV1(token);
        new StakesV2(token, v1);
        token.mint(OWNER, 1000e18);
        token.approve(address(v1), 1000e18);
        v1.stakeFor(ALICE, 500e18);
        v1.stakeFor(BOB, 300e18);
        v1.stakeFor(CAROL, 200e18);
    }

    function run() external override broadcast(OWNER) {
        address[] memory accounts = new address[](3);
        uint256[] memory amounts = new uint256[](3);
        (accounts[0], amounts[0]) = (ALICE, 500e18);
        (accounts[1], amounts[1]) = (BOB, 300e18);
        (accounts[2], amounts[2]) = (CAROL, 200e18);
        V2.importStakes(accounts, amounts);
        V1.closeTo(V2);
    }
}
