// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Vault} from "./Vault.sol";

/// @notice Two batches of payments in ether.
contract Migrate is Script {
    Vault internal vault = Vault(created(OWNER, 0));

    function deploy() external override {
        make();
        deposit(ALICE, 50 ether);
        deposit(BOB, 30 ether);
        deposit(CAROL, 20 ether);
    }

    function make() internal broadcast(OWNER) {
        new Vault(OPERATOR);
    }

    function deposit(address holder, uint256 amount) internal broadcast(holder) {
        vault.deposit{value: amount}();
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory holders = new address[](2);
        (holders[0], holders[1]) = (ALICE, BOB);
        vault.close(holders);
        holders = new address[](1);
        holders[0] = CAROL;
        vault.close(holders);
    }
}
