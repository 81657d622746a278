// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What a token does on a transfer, measured from a holder's own address
/// @notice Its runtime code is put at a holder's address by a state override of one `eth_call`. Nothing
/// is ever deployed. Finds fees on transfer, false on success, and "max means balance".
contract Probe {
    /// @return ok whether `transfer` did not revert
    /// @return returnedFalse whether it answered with a word that is zero
    function probe(IERC20 token, address to, uint256 amount)
        external
        returns (
            bool ok,
            bool returnedFalse,
            uint256 senderBefore,
            uint256 senderAfter,
            uint256 toBefore,
            uint256 toAfter
        )
    {
        senderBefore = token.balanceOf(address(this));
        toBefore = token.balanceOf(to);
        bytes memory answer;
        (ok, answer) = address(token).call(abi.encodeCall(IERC20.transfer, (to, amount)));
        returnedFalse = ok && answer.length >= 32 && abi.decode(answer, (uint256)) == 0;
        senderAfter = token.balanceOf(address(this));
        toAfter = token.balanceOf(to);
    }
}
