// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Distributor} from "./Distributor.sol";
import {Lens} from "./Lens.sol";

/// @notice The list is published and funded; two holders claim, and two are claimed for.
contract Migrate is Script {
    Token internal token = Token(created(OWNER, 0));
    Distributor internal distributor = Distributor(created(OWNER, 1));
    address[] internal accounts = [ALICE, BOB, CAROL, DAVE];
    uint256[] internal amounts = [500e18, 300e18, 200e18, 100e18];

    function deploy() external override broadcast(OWNER) {
        new Token("Token", "TKN", OWNER);
        new Distributor(token, Hashes.commutativeKeccak256(node(0), node(2)));
        new Lens(distributor, accounts, amounts);
        token.mint(address(distributor), 1100e18);
        token.renounceOwnership();
    }

    function run() external override {
        claim(ALICE, 0);
        claim(BOB, 1);
        claim(OPERATOR, 2);
        claim(OPERATOR, 3);
    }

    function claim(address sender, uint256 index) internal broadcast(sender) {
        bytes32[] memory proof = new bytes32[](2);
        proof[0] = leaf(index ^ 1);
        proof[1] = node((index & 2) ^ 2);
        distributor.claim(index, accounts[index], amounts[index], proof);
    }

    function leaf(uint256 index) internal view returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(index, accounts[index], amounts[index]))));
    }

    function node(uint256 first) internal view returns (bytes32) {
        return Hashes.commutativeKeccak256(leaf(first), leaf(first + 1));
    }
}
