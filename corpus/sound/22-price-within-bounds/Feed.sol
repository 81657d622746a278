// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @notice A price with eight decimals and its time, as the feeds of Chainlink answer.
contract Feed is Ownable {
    uint80 private round;
    int256 private price;
    uint256 private updatedAt;

    constructor(address owner, int256 first) Ownable(owner) {
        push(first);
    }

    function push(int256 next) public onlyOwner {
        (round, price, updatedAt) = (round + 1, next, block.timestamp);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (round, price, updatedAt, updatedAt, round);
    }
}
