// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Fixture} from "./Fixture.sol";

/// @notice One lane whose successor is looked at, in each phase that is not COMMITTED and after it.
abstract contract SuccessorFixture is Fixture {
    SuccessorERC20 internal token;
    address internal alice;
    address internal bob;

    function setUpLane(IMigration.Source source) internal {
        (alice, bob) = (holders[0], holders[1]);
        addLane(source);
        token = ledgers[0];
    }

    /// @dev What must not be possible before the decision.
    function inert() internal virtual;

    function test_inertInEveryPhaseButCommitted() public {
        inert();
        open();
        inert();
        freeze();
        inert();
        stageAll(0);
        inert();
        seal();
        inert();
        abort(owner);
        inert();
    }
}
