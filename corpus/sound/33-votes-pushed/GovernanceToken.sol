// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice The first governance token. Its migrator, named once and for ever, burns what it mints again elsewhere.
contract GovernanceToken is ERC20, ERC20Votes, Ownable {
    address public migrator;

    event MigratorSet(address migrator);

    error OnlyMigrator(address caller);
    error MigratorIsFixed(address migrator);
    error MintingEnded();
    error ZeroMigrator();

    constructor(address owner) ERC20("Assembly", "ASM") EIP712("Assembly", "1") Ownable(owner) {}

    /// @notice Ends when the migration begins.
    function mint(address to, uint256 amount) external onlyOwner {
        if (migrator != address(0)) revert MintingEnded();
        _mint(to, amount);
    }

    function setMigrator(address migrator_) external onlyOwner {
        if (migrator_ == address(0)) revert ZeroMigrator();
        if (migrator != address(0)) revert MigratorIsFixed(migrator);
        migrator = migrator_;
        emit MigratorSet(migrator_);
    }

    function migratorBurn(address from, uint256 amount) external {
        if (msg.sender != migrator) revert OnlyMigrator(msg.sender);
        _burn(from, amount);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
