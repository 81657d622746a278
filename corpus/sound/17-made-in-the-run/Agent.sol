// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @notice The legacy token. Its successor is named once.
contract Legacy is ERC20, Ownable {
    Successor public successor;

    error NotThere();

    constructor(address owner) ERC20("Legacy", "OLD") Ownable(owner) {}

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @notice Names the successor for ever: the first stays, and a second one that a rerun makes is never used.
    function nameSuccessor(Successor next) external onlyOwner {
        if (address(successor) != address(0)) return;
        if (next.LEGACY() != this) revert NotThere();
        successor = next;
    }

    /// @notice Moves these holders, each from burnt legacy to the successor. Anybody may, and again does nothing.
    function migrate(address[] calldata holders) external {
        if (address(successor) == address(0)) revert NotThere();
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = balanceOf(holders[i]);
            if (amount == 0) continue;
            _burn(holders[i], amount);
            successor.mint(holders[i], amount);
        }
    }
}

/// @notice The successor. Its whole supply comes from burnt legacy.
contract Successor is ERC20 {
    Legacy public immutable LEGACY;

    error NotLegacy();

    constructor(Legacy legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != address(LEGACY)) revert NotLegacy();
        _mint(to, amount);
    }
}
