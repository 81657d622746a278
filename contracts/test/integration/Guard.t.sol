// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IGuard} from "src/interfaces/IGuard.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {GuardFixture} from "test/mocks/GuardFixture.sol";
import {OwnedRolesToken, Parrot, PlainRolesToken, RingRolesToken} from "test/weird/WeirdRoles.sol";
import {SwitchableProxy} from "test/weird/WeirdRoles.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

/// @dev What the guard shows and refuses, token by token. The lane is always read-through.
contract GuardTest is GuardFixture {
    // ------------------------------------------------------------------ roles

    function test_role_wholeLife() public {
        LegacyRoleToken token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        handOver(token);
        shown(0);
        uint256 snapshot = vm.snapshotState();
        goTo(COMMITTED);
        guard.retire();
        check(token.getRoleMemberCount(PAUSER), 0, "no pauser");
        check(token.getRoleMemberCount(0), 0, "no admin");
        vm.assertTrue(token.paused(), "for ever");
        vm.recordLogs();
        guard.retire();
        check(vm.getRecordedLogs().length, 0, "idempotent");
        vm.revertToState(snapshot);

        goTo(FROZEN);
        abort(owner);
        vm.assertFalse(token.paused(), "thawed");
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner) && token.hasRole(0, legacyOwner), "returned");
        check(token.getRoleMemberCount(PAUSER), 1, "only to the recorded owner");
        check(token.getRoleMemberCount(0), 1, "only to the recorded owner");
        vm.recordLogs();
        guard.release();
        check(vm.getRecordedLogs().length, 0, "idempotent");
        vm.revertToState(snapshot);

        vm.prank(legacyOwner);
        guard.reclaim();
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner) && token.hasRole(0, legacyOwner), "reclaimed");
    }

    function test_role_refusals() public {
        LegacyRoleToken token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        guarded(address(token), PAUSER);
        shown("NOT_MEMBER");
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        vm.stopPrank();
        shown("MANY_MEMBERS");
        vm.prank(legacyOwner);
        token.renounceRole(PAUSER, legacyOwner);
        shown("NOT_MEMBER"); // of the admin role
        vm.prank(legacyOwner);
        token.grantRole(0, address(guard));
        shown("MANY_MEMBERS");
        vm.prank(legacyOwner);
        token.renounceRole(0, legacyOwner);
        shown(0);
    }

    /// @dev A role that the guard holds without its admin: nothing is renounced that cannot be given.
    function test_role_neverDropsControl() public {
        LegacyRoleToken token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        guard.reclaim();
        vm.assertTrue(token.hasRole(PAUSER, address(guard)), "kept, since nobody else has it");
        token.grantRole(0, address(guard));
        guard.reclaim();
        vm.stopPrank();
        vm.assertTrue(token.hasRole(PAUSER, legacyOwner), "returned once it can be");
        vm.assertFalse(token.hasRole(PAUSER, address(guard)), "and left");
    }

    function test_role_notEnumerable() public {
        guarded(address(new PlainRolesToken(legacyOwner)), PAUSER);
        shown("NOT_ENUMERABLE");
    }

    function test_role_ownerBesideRoles() public {
        handOver(new OwnedRolesToken(legacyOwner));
        shown("OWNER_TOO");
    }

    function test_owner_rolesBesideOwner() public {
        OwnedRolesToken token = new OwnedRolesToken(legacyOwner);
        guarded(address(token), 0);
        vm.prank(legacyOwner);
        token.transferOwnership(address(guard));
        shown("ROLES_TOO");
    }

    function test_role_adminsInARing() public {
        RingRolesToken token = new RingRolesToken(legacyOwner);
        guarded(address(token), PAUSER);
        vm.startPrank(legacyOwner);
        token.grantRole(PAUSER, address(guard));
        token.grantRole(keccak256("MINTER_ROLE"), address(guard));
        token.renounceRole(keccak256("MINTER_ROLE"), legacyOwner);
        token.renounceRole(PAUSER, legacyOwner);
        vm.stopPrank();
        shown("ROLE_CHAIN");
    }

    // ------------------------------------------------------------------ tokens that bite

    function test_pauseThatDoesNothing() public {
        WeirdToken token = weird();
        token.setPauseDoesNothing(true);
        open();
        vm.expectRevert(IGuard.PauseRefused.selector);
        vm.prank(operator);
        migration.freeze();
    }

    function test_unpauseThatFails_isFoundBeforeAnythingIsFrozen() public {
        WeirdToken token = weird();
        open();
        token.setUnpauseReverts(true);
        vm.expectRevert(IGuard.CannotUnpause.selector);
        vm.prank(operator);
        migration.freeze();
        token.setUnpauseReverts(false);
        token.setUnpauseDoesNothing(true);
        vm.expectRevert(IGuard.CannotUnpause.selector);
        vm.prank(operator);
        migration.freeze();
        vm.assertFalse(token.paused(), "not frozen");
    }

    /// @dev A token that lied about its way back: nobody takes control of a frozen token but its owner.
    function test_unpauseThatFailsLater() public {
        WeirdToken token = weird();
        goTo(FROZEN);
        token.setUnpauseReverts(true);
        abort(owner);
        vm.expectRevert(IGuard.CannotUnpause.selector);
        vm.prank(stranger);
        guard.release();
        vm.prank(legacyOwner);
        guard.release();
        vm.assertEq(token.owner(), legacyOwner, "control is back");
        vm.assertTrue(token.paused(), "for its owner to repair");
    }

    /// @dev The limit of what answers can show: found at commit, because legacy no longer is frozen.
    function test_secondOwnerWhoUnpauses() public {
        WeirdToken token = weird();
        token.setSecondOwner(stranger);
        goTo(SEALED);
        vm.prank(stranger);
        token.unpause();
        bytes32 head = migration.sealedHead();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotFrozen.selector, 0));
        vm.prank(owner);
        migration.commit(head);
    }

    function test_supplyThatMovesWhileFrozen() public {
        WeirdToken token = weird();
        goTo(SEALED);
        token.setSupply(1001);
        bytes32 head = migration.sealedHead();
        vm.expectRevert(abi.encodeWithSelector(IMigration.SupplyChanged.selector, 0, 1000, 1001));
        vm.prank(owner);
        migration.commit(head);
    }

    /// @dev A staged lane of a token whose balances do not add up to its supply cannot be sealed.
    function test_sumIsNotSupply() public {
        WeirdToken token = weird();
        token.setSupply(1001);
        ledgers[0] = deployLedger(address(token), 0, CHAIN_READ);
        sources[0] = CHAIN_READ;
        goTo(FROZEN);
        stage(0, 0, abi.encodePacked(stranger));
        vm.expectRevert(abi.encodeWithSelector(IMigration.SumIsNotSupply.selector, 0, 1000, 1001));
        migration.seal();
    }

    function test_hugeAmounts() public {
        WeirdToken token = weird();
        token.set(stranger, (1 << 208) - 1);
        uint256 snapshot = vm.snapshotState();
        goTo(COMMITTED);
        check(ledgers[0].balanceOf(stranger), (1 << 208) - 1, "read through");
        vm.prank(stranger);
        ledgers[0].transfer(owner, 1 << 200);
        check(ledgers[0].balanceOf(owner), 1 << 200, "moves");
        vm.revertToState(snapshot);
        ledgers[0] = deployLedger(address(token), 0, CHAIN_READ);
        sources[0] = CHAIN_READ;
        goTo(FROZEN);
        stage(0, 0, abi.encodePacked(stranger));
        seal();
        commit();
        check(ledgers[0].balanceOf(stranger), (1 << 208) - 1, "chain read");
    }

    function test_proxyWhoseCodeIsSwitched() public {
        WeirdToken good = new WeirdToken(legacyOwner);
        SwitchableProxy proxy = new SwitchableProxy(address(good));
        WeirdToken token = WeirdToken(address(proxy));
        // The proxy has its target where the token has its first mapping: owner and supply are its own.
        vm.store(address(proxy), bytes32(uint256(2)), bytes32(uint256(uint160(legacyOwner))));
        guarded(address(token), 0);
        vm.prank(legacyOwner);
        token.transferOwnership(address(guard));
        goTo(SEALED);
        proxy.switchTo(address(new Parrot(0)));
        bytes32 head = migration.sealedHead();
        vm.expectRevert(abi.encodeWithSelector(IMigration.NotFrozen.selector, 0));
        vm.prank(owner);
        migration.commit(head);
    }

    function test_nonsenseIsRefused() public {
        guarded(address(new Parrot(7)), 0);
        shown("NO_PAUSED");
        guarded(address(new Parrot(1)), 0);
        (bool ok, bytes32 reason) = guard.exclusive();
        vm.assertTrue(!ok && reason == "NOT_OWNER", "one is not this guard");
        guarded(address(new Parrot(0)), PAUSER);
        (ok, reason) = guard.exclusive();
        vm.assertTrue(!ok && reason == "NO_MEMBER", "nobody");
        guarded(address(migration), 0);
        (ok, reason) = guard.exclusive();
        vm.assertTrue(!ok && reason == "NO_PAUSED", "not a token");
    }

    /// @dev In a call of its own: with dynamic linking, a test ends at the first `new` that reverts, and passes.
    function construct(address migration_, address token, address recordedOwner) external {
        new PausableGuard(migration_, token, recordedOwner, 0);
    }

    function test_construction() public {
        address token = address(new WeirdToken(legacyOwner));
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotMigration.selector, address(0)));
        this.construct(address(0), token, legacyOwner);
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotRecordedOwner.selector, address(0)));
        this.construct(address(migration), token, address(0));
        // A guard that would give control back to itself.
        address itself = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotRecordedOwner.selector, itself));
        this.construct(address(migration), token, itself);
        vm.expectRevert(abi.encodeWithSelector(IGuard.NotExclusive.selector, bytes32("NO_CODE")));
        this.construct(address(migration), stranger, legacyOwner);
    }
}
