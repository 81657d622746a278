// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Many balances in one `eth_call` without a `to`
/// @notice The data of the call are this creation code and its arguments; the answer is the balances,
/// 32 bytes each, in the order of the accounts. A token that reverts makes it revert.
/// @dev Assumes: at most 700 accounts a call. Nodes hold the answer against the limit on code (24,576
/// bytes) and the call data against the limit on creation code (49,152 bytes), also in `eth_call`.
contract Lens {
    constructor(IERC20 token, address[] memory accounts) {
        uint256[] memory balances = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            balances[i] = token.balanceOf(accounts[i]);
        }
        // A constructor can answer with something that is not code only in assembly.
        assembly ("memory-safe") {
            return(add(balances, 32), mul(mload(balances), 32))
        }
    }
}
