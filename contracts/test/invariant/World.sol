// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Fixture} from "test/mocks/Fixture.sol";

/// @notice One lane of every source, one more whose pause belongs to a role, and what must hold of them.
/// @dev Pre-authorised, the lanes that would be declared are read from legacy as well.
abstract contract World is Fixture {
    uint256 internal constant PACKED = 1;
    uint256 internal constant WIDE = 3;
    uint256 internal constant ROLES = 4;
    uint256 internal constant LANES = 5;
    /// @dev The first holders, who are approved.
    uint256 internal constant SPENDERS = 2;
    bytes32 internal constant PAUSER = keccak256("PAUSER_ROLE");

    /// @dev What each account is entitled to: of legacy until the freeze, then what moved since.
    mapping(uint256 lane => mapping(address => uint256)) internal model;
    /// @dev The legacy balances at the freeze.
    mapping(uint256 lane => mapping(address => uint256)) internal frozenModel;
    /// @dev The first terminal phase that was seen.
    IMigration.Phase public ended;
    /// @dev The first call of the migration that the rules do not name; empty when all is well.
    string public strayCall;
    address[] internal actors;
    bool internal recordedOwnerHasControl;
    /// @dev A legacy contract with a guard of this migration that its rules do not name.
    LegacyToken internal outside;
    PausableGuard internal unnamed;

    constructor(bool preauthorised_) {
        preauthorised = preauthorised_;
        addLane(READ_THROUGH);
        addLane(preauthorised ? CHAIN_READ : DECLARED);
        addLane(CHAIN_READ);
        addLane(preauthorised ? CHAIN_READ : DECLARED_WIDE);
        addRoleLane();
        actors = [owner, operator, guardian, stranger, legacyOwner];
        for (uint256 lane = 0; lane < LANES; ++lane) {
            for (uint256 i = 0; i < holders.length; ++i) {
                model[lane][holders[i]] = amounts[i];
            }
        }
        outside = new LegacyToken("Outside", "OUT", legacyOwner);
        unnamed = new PausableGuard(address(migration), address(outside), legacyOwner, 0);
    }

    function addRoleLane() internal {
        LegacyRoleToken token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        addLane(LegacyToken(address(token)), READ_THROUGH);
        PausableGuard guard = new PausableGuard(address(migration), address(token), legacyOwner, PAUSER);
        guards[ROLES] = guard;
        vm.startPrank(legacyOwner);
        for (uint256 i = 0; i < holders.length; ++i) {
            token.mint(holders[i], amounts[i]);
        }
        token.grantRole(PAUSER, address(guard));
        token.grantRole(0, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        token.renounceRole(0, legacyOwner);
        vm.stopPrank();
    }

    function phaseIs(IMigration.Phase phase) internal view returns (bool) {
        return migration.phase() == phase;
    }

    function isStaged(uint256 lane) internal view returns (bool) {
        return sources[lane] != READ_THROUGH;
    }

    /// @dev The holders, a stranger, and the contracts that a careless transfer reaches.
    function everybody(uint256 lane) internal view returns (address[] memory all) {
        uint256 count = holders.length;
        all = new address[](count + 4);
        for (uint256 i = 0; i < count; ++i) {
            all[i] = holders[i];
        }
        (all[count], all[count + 1]) = (stranger, address(ledgers[lane]));
        (all[count + 2], all[count + 3]) = (address(guards[lane]), address(legacies[lane]));
    }

    /// @dev What a lane stages, see {Handler}.
    function list(uint256 lane, uint256 bend) internal view virtual returns (bytes memory);

    // ------------------------------------------------------------------ what must hold

    function checkExclusive() external view {
        for (uint256 lane = 0; lane < LANES; ++lane) {
            SuccessorERC20 next = ledgers[lane];
            bool successorLive = next.totalSupply() != 0;
            for (uint256 i = 0; i < holders.length; ++i) {
                successorLive = successorLive || next.balanceOf(holders[i]) != 0 || next.materialized(holders[i]);
            }
            vm.assertFalse(!legacies[lane].paused() && successorLive, "I1: never both live");
            vm.assertTrue(successorLive == phaseIs(COMMITTED), "I1: live by the decision alone");
        }
    }

    function checkCustody() external view {
        bool committed = phaseIs(COMMITTED);
        for (uint256 lane = 0; lane < LANES; ++lane) {
            (uint256 here, uint256 there) = (0, 0);
            address[] memory all = everybody(lane);
            for (uint256 i = 0; i < all.length; ++i) {
                here += legacies[lane].balanceOf(all[i]);
                there += ledgers[lane].balanceOf(all[i]);
            }
            check(here, supply, "I2: legacy keeps its record");
            check(there, committed ? supply : 0, "I2: the successor has all or nothing");
            if (committed) vm.assertTrue(legacies[lane].paused(), "I2: and legacy cannot pay it out again");
        }
    }

    function checkConservation() external view {
        bool committed = phaseIs(COMMITTED);
        for (uint256 lane = 0; lane < LANES; ++lane) {
            if (committed) check(ledgers[lane].totalSupply(), supply, "I3: supply");
            address[] memory all = everybody(lane);
            for (uint256 i = 0; i < all.length; ++i) {
                address a = all[i];
                if (committed) {
                    check(ledgers[lane].balanceOf(a), model[lane][a], "I3: account");
                    check(legacies[lane].balanceOf(a), frozenModel[lane][a], "I3: the frozen account");
                } else {
                    check(legacies[lane].balanceOf(a), model[lane][a], "I3: legacy account");
                }
            }
        }
    }

    function checkInert() external view {
        if (phaseIs(COMMITTED)) return;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            SuccessorERC20 next = ledgers[lane];
            check(next.totalSupply(), 0, "I4: supply");
            for (uint256 i = 0; i < holders.length; ++i) {
                check(next.balanceOf(holders[i]), 0, "I4: balance");
                vm.assertFalse(next.materialized(holders[i]), "I4: materialized");
                for (uint256 j = 0; j < SPENDERS; ++j) {
                    check(next.allowance(holders[i], holders[j]), 0, "I4: allowance");
                }
            }
        }
    }

    /// @dev Leaves the state as a stranger would: after the deadline, in one transaction.
    function checkRecoverable() external {
        if (phaseIs(NONE)) {
            for (uint256 lane = 0; lane < LANES; ++lane) {
                vm.prank(legacyOwner);
                guards[lane].reclaim();
            }
        } else if (!phaseIs(COMMITTED) && !phaseIs(ABORTED)) {
            if (block.timestamp < migration.deadline()) vm.warp(migration.deadline());
            vm.prank(stranger);
            migration.abort();
            checkPhase(ABORTED);
        }
        if (phaseIs(COMMITTED)) return;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            vm.assertFalse(legacies[lane].paused(), "I6: thawed");
            if (lane != ROLES) {
                vm.assertEq(legacies[lane].owner(), legacyOwner, "I6: control is back");
                continue;
            }
            LegacyRoleToken token = LegacyRoleToken(address(legacies[lane]));
            vm.assertTrue(token.hasRole(PAUSER, legacyOwner) && token.hasRole(0, legacyOwner), "I6: roles are back");
        }
    }

    /// @dev From a terminal phase every verb by everybody is refused.
    function checkFinal() external {
        if (ended == NONE) return;
        checkPhase(ended);
        bytes[9] memory verbs = [
            abi.encodeCall(migration.open, (rules(), NONCE)),
            abi.encodeCall(migration.freeze, ()),
            abi.encodeCall(migration.declare, (PACKED, 1, 1, supply, "head")),
            abi.encodeCall(migration.stage, (PACKED, 0, list(PACKED, 0))),
            abi.encodeCall(migration.stageProven, (PACKED, 0, list(PACKED, 0), new IMigration.Batch[](0))),
            abi.encodeCall(migration.restart, (1)),
            abi.encodeCall(migration.seal, ()),
            abi.encodeCall(migration.commit, (migration.sealedHead())),
            abi.encodeCall(migration.abort, ())
        ];
        for (uint256 late = 0; late < 2; ++late) {
            for (uint256 i = 0; i < actors.length; ++i) {
                for (uint256 j = 0; j < verbs.length; ++j) {
                    vm.prank(actors[i]);
                    (bool ok,) = address(migration).call(verbs[j]);
                    vm.assertFalse(ok, "I7: no path leaves a terminal phase");
                }
            }
            vm.warp(DEADLINE + 1);
        }
        checkPhase(ended);
    }
}
