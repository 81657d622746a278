// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {StakingV1, StakingV2} from "./Staking.sol";

contract Migrate is Script {
    Token private immutable POOL_TOKEN = Token(created(OWNER, 0));
    StakingV1 private immutable V1 = StakingV1(created(OWNER, 1));
    StakingV2 private immutable V2 = StakingV2(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        Token poolToken = new Token("Pool token", "LP", OWNER);
        StakingV1 v1 = new StakingV1(poolToken);
        new StakingV2(poolToken);
        poolToken.mint(OWNER, 800e18);
        poolToken.approve(address(v1), 800e18);
        v1.stakeFor(ALICE, 500e18);
        v1.stakeFor(BOB, 300e18);
    }

    function run() external override {
        vm.startBroadcast(OWNER);
        V2.openMigration();
        V1.setMigrator(address(V2));
        vm.stopBroadcast();
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address staker, uint256 amount) private broadcast(staker) {
        V2.migrateStake(V1, amount);
    }
}
