// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Script} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {NewTreasury, OldTreasury} from "./Treasuries.sol";

/// @notice Proposal 12: freeze the old treasury, move its assets, record its grants in the new one, strike them out.
contract Migrate is Script {
    struct Step {
        address target;
        bytes data;
        bytes32 salt;
    }

    Token internal usd = Token(created(OWNER, 0));
    Token internal gov = Token(created(OWNER, 1));
    TimelockController internal timelock = TimelockController(payable(created(OWNER, 2)));
    OldTreasury internal oldTreasury = OldTreasury(payable(created(OWNER, 3)));
    NewTreasury internal newTreasury = NewTreasury(payable(created(OWNER, 4)));

    function deploy() external override broadcast(OWNER) {
        new Token("Dollar", "USD", OWNER);
        new Token("Governance", "GOV", OWNER);
        address[] memory proposers = new address[](1);
        proposers[0] = OPERATOR;
        // Anybody executes what was scheduled, so that no key can hold a decision up.
        new TimelockController(0, proposers, new address[](1), address(0));
        new OldTreasury(usd, OWNER);
        new NewTreasury(oldTreasury, address(timelock));
        usd.mint(address(oldTreasury), 90_000e18);
        gov.mint(address(oldTreasury), 1_500_000e18);
        (bool sent,) = address(oldTreasury).call{value: 25 ether}("");
        require(sent);
        oldTreasury.award(ALICE, 12_000e18);
        oldTreasury.award(BOB, 3_750.5e18);
        oldTreasury.award(CAROL, 20_000e18);
        oldTreasury.award(DAVE, 640e18);
        oldTreasury.transferOwnership(address(timelock));
    }

    /// @dev The freeze is scheduled last: nothing else can be executed before it, and by then all of it is there.
    function run() external override broadcast(OPERATOR) {
        Step[] memory steps = plan();
        for (uint256 i = steps.length; i > 0; i--) {
            Step memory step = steps[i - 1];
            timelock.schedule(step.target, 0, step.data, bytes32(0), step.salt, 0);
        }
        for (uint256 i = 0; i < steps.length; i++) {
            timelock.execute(steps[i].target, 0, steps[i].data, bytes32(0), steps[i].salt);
        }
    }

    function plan() private view returns (Step[] memory steps) {
        IERC20[] memory assets = new IERC20[](2);
        assets[0] = usd;
        assets[1] = gov;
        address[] memory recipients = new address[](4);
        recipients[0] = ALICE;
        recipients[1] = BOB;
        recipients[2] = CAROL;
        recipients[3] = DAVE;

        steps = new Step[](4);
        steps[0] = Step(address(oldTreasury), abi.encodeCall(OldTreasury.freeze, ()), "12/freeze");
        steps[1] = Step(
            address(oldTreasury), abi.encodeCall(OldTreasury.sweep, (assets, payable(address(newTreasury)))), "12/sweep"
        );
        steps[2] = Step(address(newTreasury), abi.encodeCall(NewTreasury.importGrants, (recipients)), "12/import");
        steps[3] = Step(address(oldTreasury), abi.encodeCall(OldTreasury.cancelGrants, (recipients)), "12/cancel");
    }
}
