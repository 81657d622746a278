// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Multisig} from "./Multisig.sol";
import {Savings, SavingsNext} from "./Savings.sol";

/// @notice The signers have approved the three steps; here they are executed.
contract Migrate is Script {
    Multisig private immutable SAFE = Multisig(created(OWNER, 1));
    SavingsNext private immutable NEXT = SavingsNext(created(OWNER, 2));
    Savings private immutable LEGACY = Savings(created(OWNER, 3));

    function deploy() external override {
        world();
        approveAll(OWNER);
        approveAll(OPERATOR);
    }

    function run() external override broadcast(OWNER) {
        for (uint256 n = 0; n < 3; n++) {
            (address to, bytes memory data) = step(n);
            SAFE.execTransaction(to, data);
        }
    }

    function world() internal broadcast(OWNER) {
        address[] memory signers = new address[](3);
        (signers[0], signers[1], signers[2]) = (OWNER, OPERATOR, DAVE);
        Token token = new Token("Token", "TKN", OWNER);
        new Multisig(signers, 2);
        new SavingsNext(token, address(SAFE));
        new Savings(token, address(SAFE), NEXT);
        token.mint(OWNER, 1000e18);
        token.approve(address(LEGACY), 1000e18);
        LEGACY.depositFor(ALICE, 500e18);
        LEGACY.depositFor(BOB, 300e18);
        LEGACY.depositFor(CAROL, 200e18);
        LEGACY.closeDeposits();
    }

    function approveAll(address signer) internal broadcast(signer) {
        for (uint256 n = 0; n < 3; n++) {
            (address to, bytes memory data) = step(n);
            SAFE.approveHash(keccak256(abi.encode(address(SAFE), to, keccak256(data), n)));
        }
    }

    function step(uint256 n) internal view returns (address to, bytes memory data) {
        if (n == 0) return (address(NEXT), abi.encodeCall(SavingsNext.setLegacy, (address(LEGACY))));
        if (n == 2) return (address(LEGACY), abi.encodeCall(Savings.retire, ()));
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (ALICE, BOB, CAROL);
        return (address(LEGACY), abi.encodeCall(Savings.moveAll, (accounts)));
    }
}
