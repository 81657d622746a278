// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Position} from "./CoverPool.sol";
import {NewPool, OldPool} from "./Pools.sol";

/// @notice Seven stakes behind three policies go to the new pool in three batches.
contract Migrate is Script {
    uint256 internal constant FIRE = 101;
    uint256 internal constant FLOOD = 102;
    uint256 internal constant THEFT = 205;

    Token internal asset = Token(created(OWNER, 0));
    OldPool internal oldPool = OldPool(created(OWNER, 1));
    NewPool internal newPool = NewPool(created(OWNER, 2));

    function deploy() external override {
        make();
        stake(ALICE, FIRE, 1200e18);
        stake(ALICE, FLOOD, 350.5e18);
        stake(BOB, FIRE, 480e18);
        stake(BOB, THEFT, 75.25e18);
        stake(CAROL, FLOOD, 2000e18);
        stake(DAVE, FIRE, 9.75e18);
        stake(DAVE, THEFT, 640e18);
    }

    function run() external override broadcast(OWNER) {
        oldPool.retire(address(newPool));

        Position[] memory fire = new Position[](3);
        fire[0] = Position(FIRE, ALICE);
        fire[1] = Position(FIRE, BOB);
        fire[2] = Position(FIRE, DAVE);
        newPool.importBatch(fire);

        Position[] memory flood = new Position[](2);
        flood[0] = Position(FLOOD, ALICE);
        flood[1] = Position(FLOOD, CAROL);
        newPool.importBatch(flood);

        Position[] memory theft = new Position[](2);
        theft[0] = Position(THEFT, BOB);
        theft[1] = Position(THEFT, DAVE);
        newPool.importBatch(theft);
    }

    function make() private broadcast(OWNER) {
        new Token("Dollar", "USD", OWNER);
        new OldPool(asset, OWNER);
        new NewPool(oldPool, OWNER);
        asset.mint(ALICE, 2000e18);
        asset.mint(BOB, 600e18);
        asset.mint(CAROL, 2100e18);
        asset.mint(DAVE, 700e18);
    }

    function stake(address underwriter, uint256 policy, uint256 amount) private broadcast(underwriter) {
        asset.approve(address(oldPool), amount);
        oldPool.stake(policy, amount);
    }
}
