// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Script} from "common/Script.sol";
import {TokenV1, TokenV2} from "./Token.sol";

/// @notice A new implementation, then upgrade and initializer in one transaction.
contract Migrate is Script {
    TokenV1 internal implementation = TokenV1(created(OWNER, 0));
    TokenV1 internal token = TokenV1(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        new TokenV1();
        new ERC1967Proxy(address(implementation), abi.encodeCall(TokenV1.initialize, (OWNER)));
        token.mint(ALICE, 500e18);
        token.mint(BOB, 300e18);
        token.mint(CAROL, 200e18);
    }

    function run() external override broadcast(OWNER) {
        TokenV2 next = new TokenV2();
        token.upgradeToAndCall(address(next), abi.encodeCall(TokenV2.initializeV2, (1000e18)));
    }
}
