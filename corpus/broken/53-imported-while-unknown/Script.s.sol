// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Exchange} from "./Exchange.sol";
import {LimitBook} from "./LimitBook.sol";

/// @notice The old book is closed, then its open orders are imported in two batches.
contract Migrate is Script {
    Token internal gold = Token(created(OWNER, 0));
    Token internal dollar = Token(created(OWNER, 1));
    LimitBook internal book = LimitBook(created(OWNER, 2));
    Exchange internal exchange = Exchange(created(OWNER, 3));

    function deploy() external override {
        world();
        place(ALICE, gold, 40e18, dollar, 82_000e18); // 1
        place(BOB, dollar, 5100e18, gold, 3e18); // 2
        place(CAROL, gold, 25e18, dollar, 50_500e18); // 3
        place(DAVE, gold, 61e18, dollar, 130_000e18); // 4
        place(ALICE, dollar, 1200e18, gold, 1e18); // 5
        place(BOB, dollar, 900e18, gold, 1e18); // 6
        vm.startBroadcast(BOB);
        book.cancel(6);
        vm.stopBroadcast();
    }

    function run() external override {
        closeBook();
        importOrders(1, 2);
        // A market maker who knows of it tries the way out with an order of its own, before the rest follows.
        vm.startBroadcast(ALICE);
        if (exchange.orderOf(1).maker == ALICE) exchange.cancel(1);
        vm.stopBroadcast();
        importOrders(3, 5);
    }

    function world() internal broadcast(OWNER) {
        new Token("Gold", "XAU", OWNER);
        new Token("Dollar", "USDX", OWNER);
        new LimitBook(OWNER);
        new Exchange(book);
        gold.mint(ALICE, 40e18);
        gold.mint(CAROL, 30e18);
        gold.mint(DAVE, 61e18);
        dollar.mint(ALICE, 1500e18);
        dollar.mint(BOB, 7000e18);
    }

    function place(address maker, Token sell, uint256 sellAmount, Token buy, uint256 buyAmount)
        internal
        broadcast(maker)
    {
        sell.approve(address(book), sellAmount);
        book.place(sell, sellAmount, buy, buyAmount);
    }

    function closeBook() internal broadcast(OWNER) {
        book.close(address(exchange));
    }

    /// @dev Ids `first` to `last`, both included.
    function importOrders(uint256 first, uint256 last) internal broadcast(OPERATOR) {
        uint256[] memory ids = new uint256[](last - first + 1);
        for (uint256 i = 0; i < ids.length; i++) {
            ids[i] = first + i;
        }
        exchange.importOrders(ids);
    }
}
