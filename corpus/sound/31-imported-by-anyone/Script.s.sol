// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {CreditsV1, CreditsV2} from "./Credits.sol";

contract Migrate is Script {
    CreditsV1 private immutable V1 = CreditsV1(created(OWNER, 1));
    CreditsV2 private immutable V2 = CreditsV2(created(OWNER, 0));

    function deploy() external override broadcast(OWNER) {
        CreditsV2 v2 = new CreditsV2(V1);
        CreditsV1 v1 = new CreditsV1(v2);
        v1.buy{value: 5 ether}(ALICE);
        v1.buy{value: 3 ether}(BOB);
        v1.buy{value: 2 ether}(CAROL);
        v1.buy{value: 1 ether}(DAVE);
    }

    function run() external override {
        moveEther();
        importCredits(ALICE, BOB);
        importCredits(CAROL, DAVE);
    }

    function moveEther() internal broadcast(OWNER) {
        V1.moveEther();
    }

    function importCredits(address a, address b) internal broadcast(OWNER) {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (a, b);
        V2.importCredits(accounts);
    }
}
