// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyToken} from "./LegacyToken.sol";

/// @title A legacy token whose transfer is not what it says
/// @notice For tests: each bite must be found, with its evidence, before anything is sent.
contract BitingToken is LegacyToken {
    /// @notice How `transfer` misbehaves.
    enum Bite {
        NONE,
        FEE,
        FALSE,
        MAX_IS_ALL
    }

    Bite public bite;

    constructor(string memory name_, string memory symbol_, address owner_) LegacyToken(name_, symbol_, owner_) {}

    function setBite(Bite bite_) external onlyOwner {
        bite = bite_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (bite == Bite.FALSE) return false;
        if (bite == Bite.MAX_IS_ALL && value == type(uint256).max) value = balanceOf(msg.sender);
        super.transfer(to, value);
        if (bite == Bite.FEE) _transfer(to, owner(), value / 100);
        return true;
    }
}
