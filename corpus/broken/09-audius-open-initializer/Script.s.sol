// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {TokenV1, TokenV2, UpgradeableToken} from "./Upgrade.sol";

contract Migrate is Script {
    Token private immutable LEGACY = Token(created(OWNER, 0));
    address private immutable V2 = created(OWNER, 1);
    address private immutable SUCCESSOR = created(OWNER, 3);

    function deploy() external override broadcast(OWNER) {
        Token legacy = new Token("Legacy", "OLD", OWNER);
        new TokenV2(legacy);
        TokenV1 v1 = new TokenV1();
        new UpgradeableToken(address(v1), abi.encodeCall(TokenV1.initialize, (OWNER)));
        legacy.mint(ALICE, 500e18);
        legacy.mint(BOB, 300e18);
    }

    function run() external override {
        vm.startBroadcast(OWNER);
        UpgradeableToken(payable(SUCCESSOR)).upgradeTo(V2);
        vm.stopBroadcast();
        convert(ALICE, 500e18);
        convert(BOB, 300e18);
    }

    function convert(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(SUCCESSOR, amount);
        TokenV2(SUCCESSOR).convert(amount);
    }
}
