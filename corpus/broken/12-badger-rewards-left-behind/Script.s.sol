// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Strategy, Vault} from "./Strategy.sol";

contract Migrate is Script {
    Token private immutable ASSET = Token(created(OWNER, 0));
    Token private immutable REWARD = Token(created(OWNER, 1));
    Vault private immutable VAULT = Vault(created(OWNER, 2));
    Strategy private immutable OLD = Strategy(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        Token asset = new Token("Asset", "ASSET", OWNER);
        Token reward = new Token("Reward", "RWD", OWNER);
        Vault vault = new Vault(asset);
        Strategy old = new Strategy(vault, asset, reward);
        vault.setStrategy(old);
        asset.mint(OWNER, 800e18);
        asset.approve(address(vault), 800e18);
        vault.depositFor(ALICE, 500e18);
        vault.depositFor(BOB, 300e18);
        reward.mint(address(old), 40e18);
    }

    function run() external override broadcast(OWNER) {
        OLD.halt();
        VAULT.setStrategy(new Strategy(VAULT, ASSET, REWARD));
    }
}
