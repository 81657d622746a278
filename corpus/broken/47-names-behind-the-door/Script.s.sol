// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {RegistryV1, RegistryV2} from "./Registry.sol";

contract Migrate is Script {
    Token internal token = Token(created(OWNER, 0));
    RegistryV1 internal v1 = RegistryV1(created(OWNER, 1));
    RegistryV2 internal v2 = RegistryV2(created(OWNER, 2));

    function deploy() external override {
        build();
        register(ALICE, "anchor", 50e18);
        register(BOB, "beacon", 30e18);
        register(CAROL, "channel", 20e18);
        register(DAVE, "dock", 10e18);
    }

    function build() internal broadcast(OWNER) {
        new Token("Bond", "BND", OWNER);
        new RegistryV1(token, OWNER, v2);
        new RegistryV2(token, OWNER, v1);
        token.mint(ALICE, 50e18);
        token.mint(BOB, 30e18);
        token.mint(CAROL, 20e18);
        token.mint(DAVE, 10e18);
    }

    function register(address holder, string memory name, uint128 bond) internal broadcast(holder) {
        token.approve(address(v1), bond);
        v1.register(keccak256(bytes(name)), bond, 365 days);
    }

    function run() external override broadcast(OWNER) {
        bytes32[] memory names = new bytes32[](2);
        v1.freeze();
        (names[0], names[1]) = (keccak256("anchor"), keccak256("beacon"));
        v1.move(names);
        (names[0], names[1]) = (keccak256("channel"), keccak256("dock"));
        v1.move(names);
        v2.open();
    }
}
