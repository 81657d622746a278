// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Airdrop} from "./Airdrop.sol";

/// @notice A batch is mined, its answer is lost, and the retry pays it again.
contract Migrate is Script {
    function one(address holder) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = holder;
    }

    function one(uint256 amount) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = amount;
    }

    function deploy() external override broadcast(OWNER) {
        Token token = new Token("New", "NEW", OWNER);
        Airdrop airdrop = new Airdrop(token, OPERATOR);
        token.mint(address(airdrop), 5000e18);
    }

    function run() external override {
        Airdrop airdrop = Airdrop(created(OWNER, 1));
        vm.startBroadcast(OPERATOR);
        airdrop.pay(0, one(ALICE), one(500e18));
        airdrop.pay(1, one(BOB), one(300e18));
        vm.stopBroadcast();
    }
}
