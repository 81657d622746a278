// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {AssemblyVotes} from "./AssemblyVotes.sol";
import {GovernanceToken} from "./GovernanceToken.sol";
import {Migrator} from "./Migrator.sol";

/// @notice The owner names the migrator, then the operator pushes the holders in two batches.
contract Migrate is Script {
    address internal constant ERIN = 0x14dC79964da2C08b23698B3D3cc7Ca32193d9955;

    GovernanceToken internal legacy = GovernanceToken(created(OWNER, 0));
    AssemblyVotes internal votes = AssemblyVotes(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));

    function deploy() external override {
        world();
        // Alice and Dave vote themselves, Bob votes through Alice, Carol through Dave, Erin not at all.
        delegate(ALICE, ALICE);
        delegate(BOB, ALICE);
        delegate(CAROL, DAVE);
        delegate(DAVE, DAVE);
        vm.startBroadcast(CAROL);
        legacy.transfer(ERIN, 333e18);
        vm.stopBroadcast();
    }

    function run() external override {
        nameMigrator();
        address[] memory first = new address[](3);
        first[0] = ALICE;
        first[1] = BOB;
        first[2] = CAROL;
        address[] memory second = new address[](2);
        second[0] = DAVE;
        second[1] = ERIN;
        vm.startBroadcast(OPERATOR);
        if (!migrator.pushed(0)) migrator.push(0, first);
        if (!migrator.pushed(1)) migrator.push(1, second);
        vm.stopBroadcast();
    }

    function world() internal broadcast(OWNER) {
        new GovernanceToken(OWNER);
        new AssemblyVotes(address(migrator));
        new Migrator(legacy, votes, OPERATOR);
        legacy.mint(ALICE, 12_000e18);
        legacy.mint(BOB, 750e18);
        legacy.mint(CAROL, 2345e18);
        legacy.mint(DAVE, 40_000e18);
    }

    function delegate(address holder, address delegatee) internal broadcast(holder) {
        legacy.delegate(delegatee);
    }

    function nameMigrator() internal broadcast(OWNER) {
        legacy.setMigrator(address(migrator));
    }
}
