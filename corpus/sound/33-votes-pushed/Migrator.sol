// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AssemblyVotes} from "./AssemblyVotes.sol";
import {GovernanceToken} from "./GovernanceToken.sol";

/// @notice Burns the first token and mints the second, both in one transaction: by batches of the operator, or for
/// holders who come themselves, who do not need it.
contract Migrator is Ownable {
    GovernanceToken public immutable LEGACY;
    AssemblyVotes public immutable VOTES;

    /// @notice The batches that were pushed.
    mapping(uint256 batch => bool) public pushed;

    event BatchPushed(uint256 indexed batch, uint256 holders);
    event BatchWasPushed(uint256 indexed batch);
    event Skipped(uint256 indexed batch, address indexed holder);
    event Migrated(address indexed holder, uint256 amount, address delegatee);

    constructor(GovernanceToken legacy, AssemblyVotes votes, address operator) Ownable(operator) {
        LEGACY = legacy;
        VOTES = votes;
    }

    /// @notice Pushes a batch once; again does nothing. Contracts are left to come themselves.
    function push(uint256 batch, address[] calldata holders) external onlyOwner {
        if (pushed[batch]) {
            emit BatchWasPushed(batch);
            return;
        }
        pushed[batch] = true;
        emit BatchPushed(batch, holders.length);
        for (uint256 i = 0; i < holders.length; i++) {
            if (holders[i].code.length == 0) _migrate(holders[i]);
            else emit Skipped(batch, holders[i]);
        }
    }

    /// @notice Migrates all that the caller has in the first token, at any time and as often as it has some.
    function migrate() external {
        _migrate(msg.sender);
    }

    function _migrate(address holder) private {
        uint256 amount = LEGACY.balanceOf(holder);
        if (amount == 0) return;
        address delegatee = LEGACY.delegates(holder);
        emit Migrated(holder, amount, delegatee);
        LEGACY.migratorBurn(holder, amount);
        VOTES.migratorMint(holder, amount, delegatee);
    }
}
