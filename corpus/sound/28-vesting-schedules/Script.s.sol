// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {VestingV1, VestingV2} from "./Vesting.sol";

/// @notice Schedules are moved in two batches, while the beneficiaries claim when they like.
contract Migrate is Script {
    uint64 private constant START = 1_700_000_000;
    uint64 private constant DURATION = 1460 days;
    VestingV1 private immutable V1 = VestingV1(created(OWNER, 2));

    function deploy() external override {
        world();
        claim(BOB);
        claim(DAVE);
    }

    function run() external override broadcast(OWNER) {
        address[] memory beneficiaries = new address[](2);
        (beneficiaries[0], beneficiaries[1]) = (ALICE, BOB);
        V1.migrate(beneficiaries);
        (beneficiaries[0], beneficiaries[1]) = (CAROL, DAVE);
        V1.migrate(beneficiaries);
    }

    function world() internal broadcast(OWNER) {
        Token token = new Token("Token", "TKN", OWNER);
        VestingV2 v2 = new VestingV2(token, address(V1));
        new VestingV1(token, v2);
        token.mint(OWNER, 1100e18);
        token.approve(address(V1), 1100e18);
        V1.grant(ALICE, 500e18, START, DURATION);
        V1.grant(BOB, 300e18, START, DURATION);
        // The whole of it is still to come.
        V1.grant(CAROL, 200e18, 4_000_000_000, DURATION);
        // The whole of it has vested.
        V1.grant(DAVE, 100e18, START, 1 days);
    }

    function claim(address beneficiary) internal broadcast(beneficiary) {
        V1.claim();
    }
}
