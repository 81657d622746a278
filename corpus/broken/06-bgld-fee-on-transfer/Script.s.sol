// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {BonusToken, FeeToken} from "./FeeToken.sol";

contract Migrate is Script {
    FeeToken private immutable LEGACY = FeeToken(created(OWNER, 0));
    BonusToken private immutable SUCCESSOR = BonusToken(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        FeeToken legacy = new FeeToken();
        new BonusToken(legacy);
        legacy.distribute(ALICE, 500e18);
        legacy.distribute(BOB, 300e18);
    }

    function run() external override {
        migrate(ALICE, 500e18);
        migrate(BOB, 300e18);
    }

    function migrate(address holder, uint256 amount) private broadcast(holder) {
        LEGACY.approve(address(SUCCESSOR), amount);
        SUCCESSOR.migrate(amount);
    }
}
