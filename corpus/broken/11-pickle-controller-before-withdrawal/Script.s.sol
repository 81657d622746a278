// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Controller, Jar} from "./Jar.sol";

contract Migrate is Script {
    Token private immutable ASSET = Token(created(OWNER, 0));
    Jar private immutable JAR = Jar(created(OWNER, 1));
    Controller private immutable OLD = Controller(created(OWNER, 2));
    Controller private immutable NEW = Controller(created(OWNER, 3));

    function deploy() external override {
        vm.startBroadcast(OWNER);
        Token asset = new Token("Asset", "ASSET", OWNER);
        Jar jar = new Jar(asset);
        Controller old = new Controller(asset, jar);
        new Controller(asset, jar);
        asset.mint(ALICE, 500e18);
        asset.mint(BOB, 300e18);
        asset.mint(CAROL, 80e18);
        jar.setController(old);
        vm.stopBroadcast();
        deposit(ALICE, 500e18);
        deposit(BOB, 300e18);
        vm.startBroadcast(OWNER);
        jar.invest(720e18);
        vm.stopBroadcast();
        vm.startBroadcast(CAROL);
        asset.approve(address(jar), 80e18);
        vm.stopBroadcast();
    }

    function run() external override broadcast(OWNER) {
        JAR.setController(NEW);
        OLD.withdrawAll();
    }

    function deposit(address holder, uint256 amount) private broadcast(holder) {
        ASSET.approve(address(JAR), amount);
        JAR.deposit(amount);
    }
}
