// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Distributor} from "./Distributor.sol";

/// @notice The published list, for those who ask by account: a root alone cannot answer.
contract Lens {
    Distributor public immutable DISTRIBUTOR;
    mapping(address account => uint256) private indexPlusOne;
    mapping(address account => uint256) private amount;

    constructor(Distributor distributor, address[] memory accounts, uint256[] memory amounts) {
        DISTRIBUTOR = distributor;
        for (uint256 i = 0; i < accounts.length; i++) {
            indexPlusOne[accounts[i]] = i + 1;
            amount[accounts[i]] = amounts[i];
        }
    }

    /// @notice What `account` can still claim.
    function unclaimed(address account) external view returns (uint256) {
        uint256 at = indexPlusOne[account];
        return at == 0 || DISTRIBUTOR.isClaimed(at - 1) ? 0 : amount[account];
    }
}
