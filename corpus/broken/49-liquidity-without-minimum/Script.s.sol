// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Migrator} from "./Migrator.sol";
import {Pool} from "./Pool.sol";

contract Migrate is Script {
    Token private immutable A = Token(created(OWNER, 0));
    Token private immutable B = Token(created(OWNER, 1));
    Pool private immutable V1 = Pool(created(OWNER, 2));
    Pool private immutable V2 = Pool(created(OWNER, 3));
    Migrator private immutable MIGRATOR = Migrator(created(OWNER, 4));

    function deploy() external override {
        world();
        trader();
    }

    function run() external override {
        move(ALICE);
        move(BOB);
    }

    function world() internal broadcast(OWNER) {
        new Token("A", "A", OWNER);
        new Token("B", "B", OWNER);
        new Pool(A, B);
        new Pool(A, B);
        new Migrator(V1, V2);
        add(V1, ALICE, 600e18);
        add(V1, BOB, 400e18);
        add(V2, OWNER, 100e18);
        A.mint(DAVE, 500e18);
    }

    /// @dev Within the broadcast of the owner, who mints straight to the pool.
    function add(Pool pool, address to, uint256 amount) internal {
        A.mint(address(pool), amount);
        B.mint(address(pool), amount);
        pool.mint(to);
    }

    /// @dev Dave trades in the new pool.
    function trader() internal broadcast(DAVE) {
        A.approve(address(V2), type(uint256).max);
    }

    function move(address holder) internal broadcast(holder) {
        V1.approve(address(MIGRATOR), type(uint256).max);
        MIGRATOR.migrate();
    }
}
