// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {LiquidityMigrator, Pool, PoolsV3} from "./Liquidity.sol";

contract Migrate is Script {
    Token private immutable BASE = Token(created(OWNER, 0));
    Pool private immutable OLD = Pool(created(OWNER, 1));
    LiquidityMigrator private immutable MIGRATOR = LiquidityMigrator(created(OWNER, 3));

    function deploy() external override broadcast(OWNER) {
        Token base = new Token("Base", "BASE", OWNER);
        Pool old = new Pool(base);
        PoolsV3 pools = new PoolsV3();
        new LiquidityMigrator(pools);
        pools.poolOf(base);
        base.mint(OWNER, 800e18);
        base.approve(address(old), 800e18);
        old.deposit(500e18, ALICE);
        old.deposit(300e18, BOB);
    }

    function run() external override {
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        OLD.approve(address(MIGRATOR), amount);
        MIGRATOR.migrate(holder, OLD, BASE);
    }
}
