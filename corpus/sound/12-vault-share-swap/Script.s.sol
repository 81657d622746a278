// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Router, Vault} from "./Vaults.sol";

/// @notice Holders of shares come one by one.
contract Migrate is Script {
    Token internal asset = Token(created(OWNER, 0));
    Vault internal old = Vault(created(OWNER, 1));
    Vault internal next = Vault(created(OWNER, 2));
    Router internal router = Router(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        new Token("Asset", "AST", OWNER);
        new Vault(asset, "Old vault", "OLDV");
        new Vault(asset, "New vault", "NEWV");
        new Router(old, next);
        asset.mint(OWNER, 1000e18);
        asset.approve(address(old), 1000e18);
        old.deposit(500e18, ALICE);
        old.deposit(300e18, BOB);
        old.deposit(200e18, CAROL);
        asset.renounceOwnership();
    }

    function run() external override {
        pull(ALICE);
        pull(BOB);
        pull(CAROL);
    }

    function pull(address holder) internal broadcast(holder) {
        old.approve(address(router), type(uint256).max);
        router.migrate();
    }
}
