// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @notice The second governance token: permits, and checkpoints by time. All of it comes from the migrator.
contract AssemblyVotes is ERC20, ERC20Permit, ERC20Votes {
    address public immutable MIGRATOR;
    /// @notice Whose delegate was carried over. Later ones are the holder's own.
    mapping(address holder => bool) public carried;

    error OnlyMigrator(address caller);

    constructor(address migrator) ERC20("Assembly Votes", "ASMV") ERC20Permit("Assembly Votes") {
        MIGRATOR = migrator;
    }

    /// @param delegatee The delegate in the first token, or zero.
    function migratorMint(address to, uint256 amount, address delegatee) external {
        if (msg.sender != MIGRATOR) revert OnlyMigrator(msg.sender);
        _mint(to, amount);
        if (carried[to]) return;
        carried[to] = true;
        if (delegatee != address(0) && delegates(to) == address(0)) _delegate(to, delegatee);
    }

    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
