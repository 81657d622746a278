// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Disperse, Reward} from "./Disperse.sol";

/// @notice Fund, then pay.
contract Migrate is Script {
    Reward internal token = Reward(created(OWNER, 0));
    Disperse internal disperse = Disperse(created(OWNER, 1));

    function deploy() external override broadcast(OWNER) {
        (address[] memory accounts, uint256[] memory amounts) = list();
        new Reward(OWNER, address(disperse), 1000e18);
        new Disperse(token, keccak256(abi.encode(accounts, amounts)));
    }

    function run() external override {
        fund();
        pay();
    }

    function fund() internal broadcast(OWNER) {
        token.fund();
    }

    function pay() internal broadcast(OPERATOR) {
        (address[] memory accounts, uint256[] memory amounts) = list();
        disperse.pay(accounts, amounts);
    }

    function list() internal pure returns (address[] memory accounts, uint256[] memory amounts) {
        (accounts, amounts) = (new address[](3), new uint256[](3));
        (accounts[0], accounts[1], accounts[2]) = (ALICE, BOB, CAROL);
        (amounts[0], amounts[1], amounts[2]) = (500e18, 300e18, 200e18);
    }
}
