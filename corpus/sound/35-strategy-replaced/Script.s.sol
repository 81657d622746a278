// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Market, MarketStrategy} from "./Strategies.sol";
import {Vault} from "./Vault.sol";

/// @notice The governor replaces the strategy: a part is recalled and invested, then the rest.
contract Migrate is Script {
    address internal constant GOVERNOR = OPERATOR;

    Token internal asset = Token(created(OWNER, 0));
    Vault internal vault = Vault(created(OWNER, 1));
    Market internal oldMarket = Market(created(OWNER, 2));
    Market internal newMarket = Market(created(OWNER, 3));
    MarketStrategy internal oldStrategy = MarketStrategy(created(OWNER, 4));

    function deploy() external override {
        make();
        join(ALICE, 612.5e18);
        join(BOB, 240e18);
        join(CAROL, 97.25e18);
        vm.startBroadcast(GOVERNOR);
        vault.replaceStrategy(oldStrategy);
        vault.invest();
        vm.stopBroadcast();
        // Came after the investment, so it lies idle.
        join(DAVE, 50.125e18);
    }

    function run() external override broadcast(GOVERNOR) {
        MarketStrategy next = new MarketStrategy(address(vault), newMarket);
        vault.replaceStrategy(next);
        vault.recall(400e18);
        vault.invest();
        vault.finish();
        vault.invest();
    }

    function make() private broadcast(OWNER) {
        new Token("Dollar", "USD", OWNER);
        new Vault(asset, GOVERNOR);
        new Market(asset);
        new Market(asset);
        new MarketStrategy(address(vault), oldMarket);
        asset.mint(ALICE, 612.5e18);
        asset.mint(BOB, 240e18);
        asset.mint(CAROL, 97.25e18);
        asset.mint(DAVE, 50.125e18);
    }

    function join(address holder, uint256 amount) private broadcast(holder) {
        asset.approve(address(vault), amount);
        vault.deposit(amount, holder);
    }
}
