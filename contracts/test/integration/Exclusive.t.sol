// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {ILegacy} from "src/interfaces/ILegacy.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {AdminPausesToken, AdminRulesToken, ChainedRolesToken} from "test/weird/WeirdControl.sol";
import {ManagedToken, PauserRoleToken} from "test/weird/WeirdControl.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

/// @dev Why a guard says that it is not alone, before anything is frozen.
contract ExclusiveTest is GuardFixture {
    // ------------------------------------------------------------------ pausers beside the owner

    /// @dev The owner of an OpenZeppelin 2.x token says nothing about who pauses it.
    function test_pauserRole() public {
        PauserRoleToken token = new PauserRoleToken(legacyOwner);
        owned(address(token));
        vm.prank(legacyOwner);
        token.list(address(guard));
        shown("PAUSERS_TOO");
    }

    function test_accessManaged() public {
        AccessManager manager = new AccessManager(legacyOwner);
        ManagedToken token = new ManagedToken(legacyOwner, address(manager));
        owned(address(token));
        bytes4[] memory verbs = new bytes4[](2);
        (verbs[0], verbs[1]) = (token.pause.selector, token.unpause.selector);
        vm.startPrank(legacyOwner);
        manager.setTargetFunctionRole(address(token), verbs, 7);
        manager.grantRole(7, legacyOwner, 0);
        manager.grantRole(7, address(guard), 0);
        vm.stopPrank();
        shown("AUTHORITY_TOO");
    }

    /// @dev Where nobody is the authority, the owner alone is.
    function test_authorityOfNobody() public {
        WeirdToken token = weird();
        vm.mockCall(address(token), abi.encodeCall(ILegacy.authority, ()), abi.encode(0));
        shown(0);
        vm.mockCall(address(token), abi.encodeCall(ILegacy.authority, ()), abi.encode(1));
        shown("AUTHORITY_TOO");
    }

    /// @dev The same of a role: `isPauser` answers, whatever it says about this guard.
    function test_pausersBesideARole() public {
        LegacyRoleToken token = roleToken();
        shown(0);
        vm.mockCall(address(token), abi.encodeCall(ILegacy.isPauser, (address(guard))), abi.encode(0));
        shown("PAUSERS_TOO");
    }

    // ------------------------------------------------------------------ silence

    function test_noOwner() public {
        WeirdToken token = weird();
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.owner, ()), "");
        shown("NO_OWNER");
    }

    function test_noRoleAdmin() public {
        LegacyRoleToken token = roleToken();
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.getRoleAdmin, (PAUSER)), "");
        shown("NO_ROLE_ADMIN");
    }

    function test_noSupply() public {
        WeirdToken token = weird();
        vm.mockCallRevert(address(token), abi.encodeCall(ILegacy.totalSupply, ()), "");
        (bool ok,) = guard.exclusive();
        vm.assertTrue(ok, "control is not the question");
        freezeRefused("NO_SUPPLY");
    }

    // ------------------------------------------------------------------ chains of roles

    function chained(uint256 length) internal returns (ChainedRolesToken token) {
        token = new ChainedRolesToken(legacyOwner, length);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        for (uint256 i = 0; i < length; ++i) {
            token.grantRole(token.roleAt(i), address(guard));
            token.renounceRole(token.roleAt(i), legacyOwner);
        }
        vm.stopPrank();
    }

    function test_theLongestChain() public {
        ChainedRolesToken token = chained(8);
        shown(0);
        uint256 snapshot = vm.snapshotState();
        goTo(FROZEN);
        abort(owner);
        for (uint256 i = 0; i < 8; ++i) {
            vm.assertTrue(token.hasRole(token.roleAt(i), legacyOwner), "returned");
            vm.assertFalse(token.hasRole(token.roleAt(i), address(guard)), "and left");
        }
        vm.revertToState(snapshot);
        goTo(COMMITTED);
        guard.retire();
        for (uint256 i = 0; i < 8; ++i) {
            check(token.getRoleMemberCount(token.roleAt(i)), 0, "nobody");
        }
    }

    function test_oneMoreThanTheLongestChain() public {
        chained(9);
        shown("ROLE_CHAIN");
    }

    // ------------------------------------------------------------------ what is not supported

    /// @dev Refused because the guard has no way to say that role zero is meant.
    function test_adminPauses() public {
        AdminPausesToken token = new AdminPausesToken(legacyOwner);
        guarded(address(token), 0);
        vm.startPrank(legacyOwner);
        token.grantRole(0, address(guard));
        token.renounceRole(0, legacyOwner);
        vm.stopPrank();
        shown("NO_OWNER");
    }

    function test_defaultAdminRules() public {
        AdminRulesToken token = new AdminRulesToken(legacyOwner);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        vm.stopPrank();
        shown("OWNER_TOO");
    }
}
