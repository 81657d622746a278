// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Token} from "common/Token.sol";
import {Holders} from "./Holders.sol";

/// @notice Fills a token that it owns, many holders a transaction, and then gives it away.
contract Faucet is Ownable {
    uint256 public next;

    constructor(address owner) Ownable(owner) {}

    function fill(Token token, uint256 count) external onlyOwner {
        uint256 end = next + count;
        for (uint256 n = next; n < end; n++) {
            token.mint(Holders.account(n), Holders.amount(n));
        }
        next = end;
    }

    function hand(Token token, address owner) external onlyOwner {
        token.transferOwnership(owner);
    }
}
