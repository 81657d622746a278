// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {NewPool, OldPool} from "./Pools.sol";

/// @notice Freeze, copy in two batches, finish.
contract Migrate is Script {
    Token internal asset = Token(created(OWNER, 0));
    OldPool internal old = OldPool(created(OWNER, 1));
    NewPool internal next = NewPool(created(OWNER, 2));

    function deploy() external override broadcast(OWNER) {
        new Token("Asset", "AST", OWNER);
        new OldPool(asset, address(next));
        new NewPool(OPERATOR, OWNER, old, asset);
        asset.mint(OWNER, 1000e18);
        asset.approve(address(old), 1000e18);
        old.stakeFor(ALICE, 500e18);
        old.stakeFor(BOB, 300e18);
        old.stakeFor(CAROL, 200e18);
    }

    function run() external override broadcast(OPERATOR) {
        next.freeze();
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (ALICE, BOB);
        next.copy(batch);
        batch = new address[](1);
        batch[0] = CAROL;
        next.copy(batch);
        next.finish();
    }
}
