// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Foreign} from "../libraries/Foreign.sol";

/// @title One view of many accounts in one `eth_call` without a `to`
/// @notice The data of the call are this creation code and its arguments; the answer is one word for
/// each account, 32 bytes, in the order of the accounts. Silence about one of them makes it revert.
/// @dev Assumes: at most 700 accounts a call. Nodes hold the answer against the limit on code (24,576
/// bytes) and the call data against the limit on creation code (49,152 bytes), also in `eth_call`.
contract Lens {
    using Foreign for address;

    /// @notice The target reverts, or answers with less than a word.
    error NoAnswer(address account);

    /// @param view_ a view that takes one account, such as `balanceOf(address)`.
    constructor(address target, bytes4 view_, address[] memory accounts) {
        uint256[] memory words = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            bool ok;
            (ok, words[i]) = target.ask(abi.encodeWithSelector(view_, accounts[i]));
            if (!ok) revert NoAnswer(accounts[i]);
        }
        // A constructor can answer with something that is not code only in assembly.
        assembly ("memory-safe") {
            return(add(words, 32), mul(mload(words), 32))
        }
    }
}
