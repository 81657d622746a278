// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Vault} from "./Vault.sol";

/// @notice First the ether moves, then one claim after the other.
contract Migrate is Script {
    Vault internal legacy = Vault(payable(created(OWNER, 0)));
    Vault internal successor = Vault(payable(created(OWNER, 1)));

    function deploy() external override {
        make();
        deposit(ALICE, 50 ether);
        deposit(BOB, 30 ether);
    }

    function make() internal broadcast(OWNER) {
        new Vault(OPERATOR);
        new Vault(OPERATOR);
    }

    function deposit(address holder, uint256 amount) internal broadcast(holder) {
        legacy.deposit{value: amount}();
    }

    function run() external override broadcast(OPERATOR) {
        legacy.move(successor);
        successor.credit(legacy, ALICE);
        successor.credit(legacy, BOB);
    }
}
