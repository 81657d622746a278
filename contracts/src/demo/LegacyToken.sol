// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Pausable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";

/// @title A legacy token as they are: OpenZeppelin, pausable, owned
/// @notice For the demo, tests and benches.
contract LegacyToken is ERC20, ERC20Pausable, Ownable {
    error LengthMismatch();

    constructor(string memory name_, string memory symbol_, address owner_) ERC20(name_, symbol_) Ownable(owner_) {}

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    function mintBatch(address[] calldata accounts, uint256[] calldata amounts) external onlyOwner {
        if (accounts.length != amounts.length) revert LengthMismatch();
        for (uint256 i = 0; i < accounts.length; ++i) {
            _mint(accounts[i], amounts[i]);
        }
    }

    /// @notice Mints to 32-byte entries, `address20 | uint96`.
    function mintPacked(bytes calldata entries) external onlyOwner {
        if (entries.length % 32 != 0) revert LengthMismatch();
        for (uint256 i = 0; i < entries.length; i += 32) {
            bytes32 entry = bytes32(entries[i:i + 32]);
            _mint(address(bytes20(entry)), uint96(uint256(entry)));
        }
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Pausable) {
        super._update(from, to, value);
    }
}
