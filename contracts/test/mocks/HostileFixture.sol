// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyToken} from "src/demo/LegacyToken.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {HostileToken} from "test/weird/HostileToken.sol";
import {Fixture} from "./Fixture.sol";

/// @notice Two pre-authorised lanes, of which the second has a token that calls whatever anybody may call.
abstract contract HostileFixture is Fixture {
    HostileToken internal token;

    function setUp() public {
        preauthorised = true;
        addLane(READ_THROUGH);
        token = new HostileToken(legacyOwner);
        addLane(LegacyToken(address(token)), READ_THROUGH);
        address guard = address(guards[1]);
        vm.prank(legacyOwner);
        token.transferOwnership(guard);
        open();
        token.arm(migration);
        token.arm(address(migration), abi.encodeCall(migration.seal, ()));
        token.arm(address(migration), abi.encodeCall(migration.abort, ()));
        for (uint256 i = 0; i < 2; ++i) {
            token.arm(address(guards[i]), abi.encodeCall(guards[i].release, ()));
            token.arm(address(guards[i]), abi.encodeCall(guards[i].retire, ()));
            token.arm(address(guards[i]), abi.encodeCall(guards[i].reclaim, ()));
            token.arm(address(guards[i]), abi.encodeCall(guards[i].rehearse, ()));
            token.arm(address(ledgers[i]), abi.encodeCall(ledgers[i].materialize, (holders)));
        }
    }

    function onlyFound(IMigration.Phase phase) internal view {
        vm.assertTrue(token.tried() > 0, "it tried");
        check(token.phases(), 1 << uint256(phase), "phases that it found");
    }
}
