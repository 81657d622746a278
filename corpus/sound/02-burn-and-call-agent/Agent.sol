// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice The legacy token. It names its agent once, and burns and calls it in one transaction.
contract Legacy is ERC20, Ownable {
    Successor public agent;

    error ForeignAgent();

    constructor(address owner) ERC20("Legacy", "OLD") Ownable(owner) {}

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @notice Names the agent for ever: the first stays. One that is not there, or serves another token, is refused.
    function nameAgent(Successor next) external onlyOwner {
        if (address(agent) != address(0)) return;
        if (next.LEGACY() != this) revert ForeignAgent();
        agent = next;
    }

    /// @notice Turns all of the caller's legacy into the successor. Again does nothing.
    function migrate() external {
        uint256 amount = balanceOf(msg.sender);
        if (amount == 0) return;
        _burn(msg.sender, amount);
        agent.migrateFrom(msg.sender, amount);
    }
}

/// @notice The successor and agent. Its whole supply comes from burnt legacy.
contract Successor is ERC20 {
    Legacy public immutable LEGACY;

    error NotLegacy();

    constructor(Legacy legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Mints what the legacy token has just burnt of `holder`.
    function migrateFrom(address holder, uint256 amount) external {
        if (msg.sender != address(LEGACY)) revert NotLegacy();
        _mint(holder, amount);
    }
}
