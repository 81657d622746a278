// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Router} from "./Router.sol";
import {Vault} from "./Vault.sol";

contract Migrate is Script {
    Token internal token = Token(created(OWNER, 0));
    Vault internal v1 = Vault(created(OWNER, 1));
    Vault internal v2 = Vault(created(OWNER, 2));
    Router internal router = Router(created(OWNER, 3));

    function deploy() external override {
        build();
        enter(v1, ALICE, 500e18);
        enter(v1, BOB, 300e18);
        enter(v1, CAROL, 200e18);
        // DAVE has tried the new vault with the least there is, and has more in his wallet.
        enter(v2, DAVE, 1);
    }

    function build() internal broadcast(OWNER) {
        new Token("Asset", "AST", OWNER);
        new Vault(token);
        new Vault(token);
        new Router(token, v1, v2, OPERATOR);
        token.mint(ALICE, 500e18);
        token.mint(BOB, 300e18);
        token.mint(CAROL, 200e18);
        token.mint(DAVE, 1000e18 + 1);
    }

    function enter(Vault vault, address holder, uint256 assets) internal broadcast(holder) {
        token.approve(address(vault), assets);
        vault.deposit(assets, holder);
        if (address(vault) == address(v1)) vault.approve(address(router), type(uint256).max);
    }

    function run() external override broadcast(OPERATOR) {
        address[] memory first = new address[](2);
        (first[0], first[1]) = (ALICE, BOB);
        router.migrate(first);
        address[] memory second = new address[](1);
        second[0] = CAROL;
        router.migrate(second);
    }
}
