// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Migrator, OldShares} from "./Shares.sol";

contract Migrate is Script {
    Migrator private immutable MIGRATOR = Migrator(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        OldShares old = new OldShares();
        old.setMigrator(new Migrator(old));
        old.issue(ALICE, 500);
        old.issue(BOB, 300);
        old.issue(CAROL, 200);
    }

    function run() external override broadcast(OPERATOR) {
        MIGRATOR.freeze();
        MIGRATOR.migrateAll();
    }
}
