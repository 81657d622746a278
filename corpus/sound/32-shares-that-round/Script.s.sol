// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Staked} from "./Staked.sol";

/// @notice Each holder brings its staked ether to the second version.
contract Migrate is Script {
    Staked internal legacy = Staked(payable(created(OWNER, 0)));
    Staked internal successor = Staked(payable(created(OWNER, 1)));

    function deploy() external override {
        make();
        stake(ALICE, 31e18 + 7);
        stake(BOB, 5e18 + 3);
        stake(CAROL, 64e18 + 1);
        earn(3e18 + 1);
    }

    function run() external override {
        move(ALICE);
        move(BOB);
        move(CAROL);
    }

    function make() internal broadcast(OWNER) {
        new Staked(address(0), successor);
        new Staked(address(legacy), Staked(payable(address(0))));
    }

    function stake(address holder, uint256 amount) internal broadcast(holder) {
        legacy.deposit{value: amount}();
    }

    function earn(uint256 amount) internal broadcast(OWNER) {
        (bool ok,) = address(legacy).call{value: amount}("");
        require(ok, "not taken");
    }

    function move(address holder) internal broadcast(holder) {
        legacy.migrate();
    }
}
