// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";
import {Fixture} from "./Fixture.sol";

/// @notice One read-through lane of any token, with its guard.
abstract contract GuardFixture is Fixture {
    bytes32 internal constant PAUSER = keccak256("PAUSER_ROLE");
    PausableGuard internal guard;

    function guarded(address token, bytes32 role) internal {
        guard = new PausableGuard(address(migration), token, legacyOwner, role);
        legacies.push(LegacyToken(token));
        guards.push(guard);
        ledgers.push(deployLedger(token, 0, READ_THROUGH));
        sources.push(READ_THROUGH);
    }

    function weird() internal returns (WeirdToken token) {
        token = new WeirdToken(legacyOwner);
        token.set(stranger, 1000);
        guarded(address(token), 0);
        vm.prank(legacyOwner);
        token.transferOwnership(address(guard));
    }

    /// @dev Gives the guard both roles and takes them from their holder.
    function handOver(LegacyRoleToken token) internal {
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        token.grantRole(0, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        token.renounceRole(0, legacyOwner);
        vm.stopPrank();
    }

    function shown(bytes32 reason) internal {
        (bool ok, bytes32 found) = guard.exclusive();
        vm.assertEq(found, reason, "reason");
        vm.assertTrue(ok == (reason == 0), "ok");
        if (reason != 0) freezeRefused(reason);
    }

    /// @dev Gives the guard the ownership of a token.
    function owned(address token) internal {
        guarded(token, 0);
        vm.prank(legacyOwner);
        LegacyToken(token).transferOwnership(address(guard));
    }

    function roleToken() internal returns (LegacyRoleToken token) {
        token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        handOver(token);
    }

    function freezeRefused(bytes32 reason) internal {
        if (migration.phase() == NONE) open();
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotExclusive.selector, reason));
        vm.prank(operator);
        migration.freeze();
        checkPhase(OPEN);
    }
}
