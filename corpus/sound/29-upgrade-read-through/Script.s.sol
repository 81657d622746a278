// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Proxy} from "./Proxy.sol";
import {VaultV1, VaultV2} from "./Vault.sol";

/// @notice The proxy is upgraded, initialized and its balances are moved, each in a transaction of its own.
contract Migrate is Script {
    address private immutable IMPLEMENTATION_V2 = created(OWNER, 2);
    address private immutable PROXY = created(OWNER, 3);

    function deploy() external override broadcast(OWNER) {
        Token token = new Token("Token", "TKN", OWNER);
        VaultV1 v1 = new VaultV1();
        new VaultV2();
        new Proxy(address(v1), abi.encodeCall(VaultV1.initialize, (OWNER, token)));
        token.mint(OWNER, 1000e18);
        token.approve(PROXY, 1000e18);
        VaultV1(PROXY).depositFor(ALICE, 500e18);
        VaultV1(PROXY).depositFor(BOB, 300e18);
        VaultV1(PROXY).depositFor(CAROL, 200e18);
    }

    function run() external override broadcast(OWNER) {
        VaultV1(PROXY).upgradeTo(IMPLEMENTATION_V2);
        VaultV2(PROXY).initializeV2(10_000e18);
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (ALICE, BOB, CAROL);
        VaultV2(PROXY).migrateBalances(accounts);
    }
}
