// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An OpenZeppelin `_mint` loop, for the gas table
contract MintLoop is ERC20 {
    error LengthMismatch();

    constructor() ERC20("Mint Loop", "LOOP") {}

    function mint(address[] calldata accounts, uint256[] calldata amounts) external {
        if (accounts.length != amounts.length) revert LengthMismatch();
        for (uint256 i = 0; i < accounts.length; ++i) {
            _mint(accounts[i], amounts[i]);
        }
    }
}
