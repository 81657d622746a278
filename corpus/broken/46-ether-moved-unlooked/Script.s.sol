// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {BankV1, BankV2} from "./Bank.sol";

contract Migrate is Script {
    BankV1 internal v1 = BankV1(created(OWNER, 0));
    BankV2 internal v2 = BankV2(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new BankV1(v2);
        new BankV2();
        v1.depositFor{value: 5 ether}(ALICE);
        v1.depositFor{value: 3 ether}(BOB);
        v1.depositFor{value: 2 ether}(CAROL);
        v1.depositFor{value: 1 ether}(DAVE);
    }

    function run() external override broadcast(OWNER) {
        v1.move(ALICE);
        v1.move(BOB);
        v1.move(CAROL);
        v1.move(DAVE);
    }
}
