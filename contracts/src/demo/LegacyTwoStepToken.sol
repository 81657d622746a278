// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {LegacyToken} from "./LegacyToken.sol";

/// @title A legacy token whose owner must accept
/// @notice For tests.
contract LegacyTwoStepToken is LegacyToken, Ownable2Step {
    constructor(string memory name_, string memory symbol_, address owner_) LegacyToken(name_, symbol_, owner_) {}

    function transferOwnership(address to) public override(Ownable, Ownable2Step) {
        super.transferOwnership(to);
    }

    function _transferOwnership(address to) internal override(Ownable, Ownable2Step) {
        super._transferOwnership(to);
    }
}
