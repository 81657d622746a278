// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMigration} from "../interfaces/IMigration.sol";
import {SuccessorERC20} from "./SuccessorERC20.sol";

/// @title A successor that reads the frozen legacy contract on an account's first touch
/// @notice Nothing is staged: the migration commits any number of holders at the same cost.
/// @dev Warning: depends on legacy staying frozen for ever. Once the freeze is done, the guard can unpause
/// only after ABORTED.
/// @dev Assumes: the balances of legacy add up to its supply. Nothing here or in the migration adds them.
contract ReadThroughERC20 is SuccessorERC20 {
    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        IMigration migration_,
        address legacy_,
        uint256 laneIndex_
    ) SuccessorERC20(name_, symbol_, decimals_, migration_, legacy_, laneIndex_) {}

    /// @inheritdoc ILedger
    function source() external pure returns (IMigration.Source) {
        return IMigration.Source.READ_THROUGH;
    }

    /// @inheritdoc ILedger
    /// @dev Takes no data.
    function stage(uint32, uint256, bytes calldata data) external pure returns (uint64, uint256, uint256) {
        revert BadData(data.length);
    }

    function _entitlement(address account, uint256, uint256) internal view override returns (uint256) {
        return IERC20(legacy).balanceOf(account);
    }
}
