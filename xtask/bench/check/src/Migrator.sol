// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Token} from "common/Token.sol";
import {Holders} from "./Holders.sol";

/// @notice Moves a fixed list of holders from legacy to successor, in batches that anybody may send.
/// The mark of a holder who is done is the burnt balance itself.
/// @dev Assumes: it owns both tokens.
contract Migrator is Ownable {
    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;
    address[] public holders;

    constructor(Token legacy, Token successor, address owner) Ownable(owner) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Extends the list.
    function enlist(uint256 count) external onlyOwner {
        uint256 end = holders.length + count;
        for (uint256 n = holders.length; n < end; n++) {
            holders.push(Holders.account(n));
        }
    }

    /// @notice Moves whatever the holders of a batch have now: again it does nothing.
    function migrateBatch(uint256 batch) external {
        uint256 first = batch * Holders.BATCH;
        for (uint256 n = first; n < first + Holders.BATCH; n++) {
            address holder = holders[n];
            uint256 amount = LEGACY.balanceOf(holder);
            if (amount == 0) continue;
            LEGACY.burn(holder, amount);
            SUCCESSOR.mint(holder, amount);
        }
    }
}
