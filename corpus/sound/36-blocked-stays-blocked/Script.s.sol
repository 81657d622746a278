// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Claim} from "./Claim.sol";
import {HarborDollar} from "./HarborDollar.sol";
import {LegacyToken} from "./LegacyToken.sol";

/// @notice The old token is handed to the claim contract, which freezes it and pays out of the new supply.
contract Migrate is Script {
    LegacyToken internal legacy = LegacyToken(created(OWNER, 0));
    HarborDollar internal token = HarborDollar(created(OWNER, 1));
    Claim internal claims = Claim(created(OWNER, 2));

    function deploy() external override {
        setUpContracts();
        listDave();
    }

    function setUpContracts() internal broadcast(OWNER) {
        new LegacyToken(OWNER, OPERATOR);
        new HarborDollar(address(claims), legacy);
        new Claim(legacy, token);
        legacy.mint(ALICE, 1204e18);
        legacy.mint(BOB, 377e18);
        legacy.mint(CAROL, 88e18);
        legacy.mint(DAVE, 19e18);
    }

    function listDave() internal broadcast(OPERATOR) {
        legacy.setBlocked(DAVE, true);
    }

    function run() external override {
        handOver();
        claim(ALICE);
        claim(BOB);
        claim(CAROL);
        claim(DAVE);
    }

    function handOver() internal {
        bool mine = legacy.owner() == OWNER;
        vm.startBroadcast(OWNER);
        if (mine) legacy.transferOwnership(address(claims));
        claims.open();
        vm.stopBroadcast();
    }

    function claim(address holder) internal broadcast(holder) {
        claims.claim(holder);
    }
}
