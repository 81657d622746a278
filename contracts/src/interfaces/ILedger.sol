// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "./IMigration.sol";

/// @title The successor's record of balances, inert until the decision
interface ILedger {
    error NotMigration(address caller);
    error NotLive(); // the migration has not committed, or its rules do not name this ledger
    error BadData(uint256 length); // not a whole number of entries, or none
    error NotAscending(address account);
    error EmptyEntry(address account);
    error AmountTooLarge(address account, uint256 amount);

    /// @notice The migration that stages into this ledger and whose decision makes it live.
    function migration() external view returns (address);
    /// @notice The asset that this one succeeds.
    function legacy() external view returns (address);
    /// @notice The lane of the migration that this ledger is of.
    function laneIndex() external view returns (uint256);
    /// @notice Where its amounts come from.
    function source() external view returns (IMigration.Source);

    /// @notice Records one batch in `generation`, by the migration. Accounts are strictly ascending
    /// and none is below `floor`. Returns the entries, their sum, and the next floor.
    function stage(uint32 generation, uint256 floor, bytes calldata data)
        external
        returns (uint64 count, uint256 sum, uint256 nextFloor);

    /// @notice After COMMITTED, by anyone, idempotent: emits the Transfer event from the zero address
    /// for each account that has not been touched yet, and pins its balance.
    function materialize(address[] calldata accounts) external;

    /// @notice Whether an account has been touched since the decision.
    function materialized(address account) external view returns (bool);
}
