// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Distributor} from "./Distributor.sol";

/// @notice 800 are promised, 700 are there: the last to claim gets nothing.
contract Migrate is Script {
    function deploy() external override broadcast(OWNER) {
        Token token = new Token("New", "NEW", OWNER);
        Distributor distributor = new Distributor(token, OPERATOR);
        token.mint(address(distributor), 700e18);
    }

    function run() external override {
        Distributor distributor = Distributor(created(OWNER, 1));
        address[] memory holders = new address[](2);
        (holders[0], holders[1]) = (ALICE, BOB);
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (500e18, 300e18);
        vm.startBroadcast(OPERATOR);
        distributor.list(holders, amounts);
        vm.stopBroadcast();
        vm.startBroadcast(ALICE);
        distributor.claim();
        vm.stopBroadcast();
    }
}
