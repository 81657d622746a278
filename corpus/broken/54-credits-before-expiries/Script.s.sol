// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {PrepaidVault} from "./PrepaidVault.sol";
import {PrepaidVaultV2} from "./PrepaidVaultV2.sol";

/// @notice The owner names the successor, which then takes over all credits and after them all expiries.
contract Migrate is Script {
    address internal constant MERCHANT = 0x976EA74026E726554dB657fA54763abd0C3a0aa9;

    Token internal dollar = Token(created(OWNER, 0));
    PrepaidVault internal vault = PrepaidVault(created(OWNER, 1));
    PrepaidVaultV2 internal vaultV2 = PrepaidVaultV2(created(OWNER, 2));

    function deploy() external override {
        world();
        topUp(ALICE, 1200e18, 365);
        topUp(BOB, 89e18, 30);
        topUp(CAROL, 4300e18, 1095);
        topUp(DAVE, 240e18, 180);
        topUp(BOB, 178e18, 60);
        vm.startBroadcast(CAROL);
        vault.spend(655e18);
        vm.stopBroadcast();
    }

    function run() external override {
        nameSuccessor();
        address[] memory subscribers = new address[](4);
        subscribers[0] = ALICE;
        subscribers[1] = BOB;
        subscribers[2] = CAROL;
        subscribers[3] = DAVE;
        vm.startBroadcast(OPERATOR);
        vaultV2.importCredits(subscribers);
        vaultV2.importExpiries(subscribers);
        vm.stopBroadcast();
    }

    function world() internal broadcast(OWNER) {
        new Token("Dollar", "USDX", OWNER);
        new PrepaidVault(dollar, MERCHANT, OWNER);
        new PrepaidVaultV2(vault);
        dollar.mint(ALICE, 1300e18);
        dollar.mint(BOB, 267e18);
        dollar.mint(CAROL, 5000e18);
        dollar.mint(DAVE, 400e18);
    }

    function topUp(address subscriber, uint256 amount, uint256 numberOfDays) internal broadcast(subscriber) {
        dollar.approve(address(vault), amount);
        vault.topUp(amount, numberOfDays);
    }

    function nameSuccessor() internal broadcast(OWNER) {
        vault.setSuccessor(address(vaultV2));
    }
}
